#pragma once
#include "base/freed.hpp"
#include "pki/types.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

/// What the files of this module share of OpenSSL. Not for others.
namespace cpsctl::pki::openssl {

using X509Owner = std::unique_ptr<X509, Freed<X509_free>>;
using RequestOwner = std::unique_ptr<X509_REQ, Freed<X509_REQ_free>>;
using NamesOwner = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

/// OpenSSL keeps errors for each thread, and TLS on the same thread would take ours for its own.
class QuietErrors {
 public:
  QuietErrors() { ERR_set_mark(); }
  QuietErrors(QuietErrors const&) = delete;
  QuietErrors& operator=(QuietErrors const&) = delete;
  ~QuietErrors() { ERR_pop_to_mark(); }
};

/// What one of OpenSSL's d2i functions makes of all of `der`: null if some of it is left over.
template <class Owner, class Read>
Owner from_der(std::string_view der, Read read) {
  auto const* at = reinterpret_cast<unsigned char const*>(der.data());
  auto const* const end = at + der.size();
  Owner made(read(nullptr, &at, static_cast<long>(der.size())));
  if (at != end) made.reset();
  return made;
}

/// What one of OpenSSL's i2d functions writes; empty if it cannot.
template <class Write>
std::string to_der(Write write) {
  int const size = write(nullptr);
  if (size <= 0) return {};
  std::string der(static_cast<std::size_t>(size), '\0');
  auto* at = reinterpret_cast<unsigned char*>(der.data());
  write(&at);
  return der;
}

/// A name as RFC 2253 writes it, printable.
std::string name_text(X509_NAME const* name);
/// The first CN, or nothing.
std::string common_name(X509_NAME const* name);
std::vector<AlternativeName> alternative_names(GENERAL_NAMES const* names);
/// Nothing: not even its bytes can be had.
std::optional<PublicKey> public_key(X509_PUBKEY* key);
std::string number_text(ASN1_INTEGER const* number);

}  // namespace cpsctl::pki::openssl

#include "pki/openssl.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/objects.h>

namespace cpsctl::pki::openssl {
namespace {

constexpr std::size_t longest_name = 512;    // bytes shown of a subject
constexpr std::size_t longest_number = 128;  // hex digits of a serial number; RFC 5280 allows 40

using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;

std::string_view view(ASN1_STRING const* text) {
  auto const* const bytes = reinterpret_cast<char const*>(ASN1_STRING_get0_data(text));
  int const size = ASN1_STRING_length(text);
  return bytes == nullptr || size <= 0 ? std::string_view() : std::string_view(bytes, static_cast<std::size_t>(size));
}

/// A name that an alternative name claims. What is not ASCII is no host name in a certificate, though it may look like
/// one, and a NUL inside must not cut it: printable() leaves neither a way to match.
std::string claimed_host(std::string_view raw) {
  std::string const shown = text::printable(raw);
  return text::is_ascii(raw) && shown == raw ? text::hostname(raw) : text::lower(shown);
}

std::string address(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> shown{};
  int const family = bytes.size() == 4 ? AF_INET : AF_INET6;
  if (bytes.size() != 4 && bytes.size() != 16) return "not an address";
  return ::inet_ntop(family, bytes.data(), shown.data(), shown.size()) == nullptr ? "" : shown.data();
}

AlternativeName alternative_name(GENERAL_NAME const* name) {
  int type = 0;
  void const* const value = GENERAL_NAME_get0_value(name, &type);
  auto const text = [&] { return view(static_cast<ASN1_STRING const*>(value)); };
  switch (type) {
    case GEN_DNS: return {.kind = NameKind::dns, .value = claimed_host(text())};
    case GEN_IPADD: return {.kind = NameKind::ip, .value = address(text())};
    case GEN_EMAIL: return {.kind = NameKind::email, .value = text::printable(text())};
    case GEN_URI: return {.kind = NameKind::uri, .value = text::printable(text())};
    case GEN_DIRNAME: return {.kind = NameKind::other, .value = name_text(static_cast<X509_NAME const*>(value))};
    default: return {.kind = NameKind::other, .value = fmt::format("type {}", type)};
  }
}

/// "P-256"; the name that OpenSSL has where NIST gave none.
std::string curve_of(EVP_PKEY const* key) {
  std::array<char, 80> name{};
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) != 1) return "unnamed curve";
  char const* const nist = EC_curve_nid2nist(OBJ_txt2nid(name.data()));
  return nist == nullptr ? name.data() : nist;
}

}  // namespace

std::string name_text(X509_NAME const* name) {
  Bio const out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) return {};
  char* bytes = nullptr;
  long const size = BIO_get_mem_data(out.get(), &bytes);
  return size <= 0 ? std::string() : text::excerpt({bytes, static_cast<std::size_t>(size)}, longest_name);
}

std::string common_name(X509_NAME const* name) {
  int const first = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (first < 0) return {};
  unsigned char* utf8 = nullptr;
  int const size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, first)));
  if (size < 0) return {};
  std::string shown = text::excerpt({reinterpret_cast<char*>(utf8), static_cast<std::size_t>(size)}, longest_name);
  OPENSSL_free(utf8);
  return shown;
}

std::vector<AlternativeName> alternative_names(GENERAL_NAMES const* names) {
  std::vector<AlternativeName> all;
  all.reserve(names == nullptr ? 0 : static_cast<std::size_t>(sk_GENERAL_NAME_num(names)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) all.push_back(alternative_name(sk_GENERAL_NAME_value(names, i)));
  return all;
}

std::optional<PublicKey> public_key(X509_PUBKEY* key) {
  std::string const der = to_der([&](unsigned char** out) { return i2d_X509_PUBKEY(key, out); });
  if (der.empty()) return std::nullopt;
  PublicKey made{.text = "unknown key", .digest = text::sha256_hex(der)};
  EVP_PKEY const* const known = X509_PUBKEY_get0(key);
  if (known == nullptr) return made;  // of a kind that OpenSSL does not know: its bytes still tell it from others
  made.bits = EVP_PKEY_get_bits(known);
  if (EVP_PKEY_is_a(known, "RSA") == 1) {
    made.algorithm = KeyAlgorithm::RSA;
    made.text = fmt::format("RSA {}", made.bits);
  } else if (EVP_PKEY_is_a(known, "EC") == 1) {
    made.algorithm = KeyAlgorithm::ECDSA;
    made.curve = curve_of(known);
    made.text = fmt::format("ECDSA {}", made.curve);
  } else {
    char const* const type = EVP_PKEY_get0_type_name(known);
    if (type != nullptr) made.text = type;
  }
  return made;
}

std::string number_text(ASN1_INTEGER const* number) {
  std::unique_ptr<BIGNUM, Freed<BN_free>> const value(ASN1_INTEGER_to_BN(number, nullptr));
  char* const digits = value ? BN_bn2hex(value.get()) : nullptr;
  if (digits == nullptr) return {};
  std::string_view shown = digits;
  bool const negative = shown.starts_with('-');
  if (negative) shown.remove_prefix(1);
  shown.remove_prefix(std::min(shown.find_first_not_of('0'), shown.size() - 1));
  std::string made = (negative ? "-" : "") + text::shortened(text::lower(shown), longest_number);
  OPENSSL_free(digits);
  return made;
}

}  // namespace cpsctl::pki::openssl

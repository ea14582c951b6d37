#include "sandbox/tls.hpp"

#include <memory>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace cpsctl::sandbox {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;

constexpr long seconds_a_day = 24L * 60 * 60;
constexpr int authority_days = 3650;
constexpr int server_days = 397;
constexpr std::size_t largest_pem = std::size_t{64} * 1024;

Error openssl_error(std::string step) {
  char text[256] = "no reason given";
  if (unsigned long const code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return {.code = Errc::internal, .message = fmt::format("OpenSSL cannot {}: {}", step, text)};
}

struct Subject {
  char const* common_name;
  int days;
  bool authority;
};

std::string pem_of(Bio const& bio) {
  char* bytes = nullptr;
  long const size = BIO_get_mem_data(bio.get(), &bytes);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

Result<KeyPair> to_pem(Certificate const& certificate, Key const& key) {
  Bio const first(BIO_new(BIO_s_mem()));
  Bio const second(BIO_new(BIO_s_mem()));
  if (!first || !second || PEM_write_bio_X509(first.get(), certificate.get()) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(second.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return openssl_error("write a certificate as PEM");
  return KeyPair{.certificate = pem_of(first), .key = pem_of(second)};
}

Certificate parse_certificate(std::string const& pem) {
  Bio const bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

Key parse_key(std::string const& pem) {
  Bio const bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
}

bool add_extension(X509* certificate, X509* issuer, int nid, char const* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  Extension const extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool add_extensions(X509* certificate, X509* issuer, bool authority) {
  bool const own = add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
  if (authority)
    return own && add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
           add_extension(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
  return own && add_extension(certificate, issuer, NID_authority_key_identifier, "keyid") &&
         add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth") &&
         add_extension(certificate, issuer, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
}

bool set_serial(X509* certificate) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40);  // positive, and never shorter than 16 bytes
  std::unique_ptr<BIGNUM, Freed<BN_free>> const number(BN_bin2bn(bytes, sizeof bytes, nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

/// `issuer` and `issuer_key` are null for the CA, which signs itself. Certificates follow the machine's clock, as
/// TLS libraries do, whatever the sandbox's own clock says.
Result<KeyPair> make_certificate(Subject const& subject, X509* issuer, EVP_PKEY* issuer_key) {
  Key const key(EVP_EC_gen("P-256"));
  Certificate const certificate(X509_new());
  if (!key || !certificate) return openssl_error("make a key");
  X509* const x509 = certificate.get();
  X509_NAME* const name = X509_get_subject_name(x509);
  auto const* const text = reinterpret_cast<unsigned char const*>(subject.common_name);
  auto const* const organization = reinterpret_cast<unsigned char const*>("cpsctl sandbox");
  bool const filled =
      X509_set_version(x509, 2) == 1 && set_serial(x509) &&
      X509_gmtime_adj(X509_getm_notBefore(x509), -seconds_a_day) != nullptr &&
      X509_gmtime_adj(X509_getm_notAfter(x509), subject.days * seconds_a_day) != nullptr &&
      X509_set_pubkey(x509, key.get()) == 1 &&
      X509_NAME_add_entry_by_NID(name, NID_organizationName, MBSTRING_UTF8, organization, -1, -1, 0) == 1 &&
      X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, text, -1, -1, 0) == 1;
  X509* const by = issuer != nullptr ? issuer : x509;
  if (!filled || X509_set_issuer_name(x509, X509_get_subject_name(by)) != 1 ||
      !add_extensions(x509, by, subject.authority))
    return openssl_error("fill in a certificate");
  if (X509_sign(x509, issuer_key != nullptr ? issuer_key : key.get(), EVP_sha256()) == 0)
    return openssl_error("sign a certificate");
  return to_pem(certificate, key);
}

/// Can this pair sign, and will it last for a while?
bool usable(KeyPair const& pair) {
  Certificate const certificate = parse_certificate(pair.certificate);
  Key const key = parse_key(pair.key);
  bool const fits = certificate && key && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!fits) return false;
  int days = 0;
  int seconds = 0;
  ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate.get()));
  return days > 30;
}

Result<KeyPair> load_authority(Files& files, std::filesystem::path const& folder) {
  CPS_TRY(std::string certificate, files.read(folder / "ca.pem", largest_pem));
  CPS_TRY(std::string key, files.read(folder / "ca.key", largest_pem));
  return KeyPair{.certificate = std::move(certificate), .key = std::move(key)};
}

}  // namespace

Result<KeyPair> load_or_make_authority(Files& files, std::filesystem::path const& folder) {
  auto kept = load_authority(files, folder);
  if (kept && usable(*kept)) return kept;
  CPS_TRY(KeyPair made,
          make_certificate({.common_name = "cpsctl sandbox CA", .days = authority_days, .authority = true}, nullptr,
                           nullptr));
  // The key first: a certificate without its key would be kept by clients and never be usable again.
  CPS_CHECK(files.replace(folder / "ca.key", made.key));
  CPS_CHECK(files.replace(folder / "ca.pem", made.certificate));
  return made;
}

Result<KeyPair> make_server_certificate(KeyPair const& authority) {
  Certificate const issuer = parse_certificate(authority.certificate);
  Key const key = parse_key(authority.key);
  if (!issuer || !key) return openssl_error("read the CA");
  return make_certificate({.common_name = "localhost", .days = server_days, .authority = false}, issuer.get(),
                          key.get());
}

}  // namespace cpsctl::sandbox

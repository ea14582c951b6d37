#include "sandbox/tls.hpp"

#include "sandbox/crypto.hpp"

#include <utility>

#include <openssl/ec.h>
#include <openssl/err.h>

namespace cpsctl::sandbox {
namespace {

constexpr long seconds_a_day = 24L * 60 * 60;
constexpr int authority_days = 3650;
constexpr int server_days = 397;
constexpr std::size_t largest_pem = std::size_t{64} * 1024;

struct Subject {
  char const* common_name;
  int days;
  bool authority;
};

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
  CPS_TRY(std::string certificate_pem, pem_of(*x509));
  CPS_TRY(std::string key_pem, pem_of(*key));
  return KeyPair{.certificate = std::move(certificate_pem), .key = std::move(key_pem)};
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

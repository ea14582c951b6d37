#include "sandbox/authority.hpp"

#include "base/json.hpp"
#include "base/text.hpp"
#include "sandbox/crypto.hpp"
#include "sandbox/keys.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include <openssl/ec.h>
#include <openssl/err.h>

namespace cpsctl::sandbox {
namespace {

using std::chrono::sys_days;
using std::chrono::year;

struct SubjectEntry {
  char const* member;
  int nid;
};
constexpr SubjectEntry subject_entries[] = {
    {"c", NID_countryName},      {"st", NID_stateOrProvinceName},    {"l", NID_localityName},
    {"o", NID_organizationName}, {"ou", NID_organizationalUnitName}, {"cn", NID_commonName}};

bool add_entry(X509_NAME* name, int nid, std::string_view text) {
  return X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, reinterpret_cast<unsigned char const*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

/// What X.509 cannot say, a country of three letters or a common name of more than 64, is left out.
void fill_subject(X509_NAME* name, json::Value const& csr) {
  for (auto const& [member, nid] : subject_entries) {
    std::string_view const text = json::text_or(json::find(csr, member), "");
    if (!text.empty() && !add_entry(name, nid, text)) ERR_clear_error();
  }
}

std::vector<std::string> names_of(json::Value const& csr) {
  std::vector<std::string> names;
  if (json::Value const* const sans = json::find(csr, "sans"); sans != nullptr && sans->IsArray())
    for (auto const& name : sans->GetArray()) names.push_back(text::hostname(json::text_or(&name, "")));
  if (names.empty()) names.push_back(text::hostname(json::text_or(json::find(csr, "cn"), "")));
  return names;
}

using AlternativeNames = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;
using Extensions =
    std::unique_ptr<X509_EXTENSIONS,
                    Freed<[](X509_EXTENSIONS* all) { sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free); }>>;

AlternativeNames alternative_names(json::Value const& csr) {
  AlternativeNames all(GENERAL_NAMES_new());
  for (std::string const& name : names_of(csr)) {
    std::unique_ptr<GENERAL_NAME, Freed<GENERAL_NAME_free>> entry(GENERAL_NAME_new());
    ASN1_IA5STRING* const text = ASN1_IA5STRING_new();
    if (!all || !entry || text == nullptr) return nullptr;
    GENERAL_NAME_set0_value(entry.get(), GEN_DNS, text);
    if (ASN1_STRING_set(text, name.data(), static_cast<int>(name.size())) != 1 ||
        sk_GENERAL_NAME_push(all.get(), entry.get()) == 0)
      return nullptr;
    (void)entry.release();  // the list owns it now
  }
  return all;
}

Result<Key> new_key(std::string const& algorithm) {
  if (algorithm != "ECDSA") return new_rsa_key();
  Key key(EVP_EC_gen("P-256"));
  if (!key) return openssl_error("make a P-256 key");
  return key;
}

bool add_names(X509_REQ* request, json::Value const& csr) {
  AlternativeNames const names = alternative_names(csr);
  X509_EXTENSIONS* list = nullptr;
  bool const made = names && X509V3_add1_i2d(&list, NID_subject_alt_name, names.get(), 0, 0) == 1;
  Extensions const all(list);
  return made && X509_REQ_add_extensions(request, all.get()) == 1;
}

bool add_names(X509* certificate, json::Value const& csr) {
  AlternativeNames const names = alternative_names(csr);
  return names && X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, 0) == 1;
}

Result<> make_request(KeyedCertificate& one, json::Value const& csr, Names names) {
  CPS_TRY(Key const key, new_key(one.algorithm));
  Signing const request(X509_REQ_new());
  if (request) fill_subject(X509_REQ_get_subject_name(request.get()), csr);
  bool const made = request && X509_REQ_set_version(request.get(), 0) == 1 &&
                    X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
                    (names == Names::left_out || add_names(request.get(), csr)) &&
                    X509_REQ_sign(request.get(), key.get(), EVP_sha256()) != 0;
  if (!made) return openssl_error("make a certificate signing request");
  CPS_TRY(one.key, pem_of(*key));
  CPS_TRY(one.csr, pem_of(*request));
  return {};
}

/// What a certificate is to say; `issuer` null: it signs itself.
struct Wanted {
  EVP_PKEY* key;
  X509* issuer;
  EVP_PKEY* issuer_key;
  WallTime from;
  WallTime until;
};

Result<Certificate> begin_certificate(Wanted const& wanted) {
  Certificate certificate(X509_new());
  if (!certificate || X509_set_version(certificate.get(), 2) != 1 || !set_serial(certificate.get()) ||
      !set_time(X509_getm_notBefore(certificate.get()), wanted.from) ||
      !set_time(X509_getm_notAfter(certificate.get()), wanted.until) ||
      X509_set_pubkey(certificate.get(), wanted.key) != 1)
    return openssl_error("fill in a certificate");
  return certificate;
}

Result<std::string> finish_certificate(Wanted const& wanted, Certificate const& certificate) {
  X509* const by = wanted.issuer != nullptr ? wanted.issuer : certificate.get();
  bool const done =
      X509_set_issuer_name(certificate.get(), X509_get_subject_name(by)) == 1 &&
      (wanted.issuer == nullptr || add_extension(certificate.get(), by, NID_authority_key_identifier, "keyid")) &&
      X509_sign(certificate.get(), wanted.issuer_key, EVP_sha256()) != 0;
  if (!done) return openssl_error("sign a certificate");
  return pem_of(*certificate);
}

Result<std::string> authority_certificate(Wanted const& wanted, char const* name, char const* constraints) {
  CPS_TRY(Certificate const certificate, begin_certificate(wanted));
  X509* const x509 = certificate.get();
  bool const filled = add_entry(X509_get_subject_name(x509), NID_organizationName, "cpsctl sandbox") &&
                      add_entry(X509_get_subject_name(x509), NID_commonName, name) &&
                      add_extension(x509, x509, NID_subject_key_identifier, "hash") &&
                      add_extension(x509, x509, NID_basic_constraints, constraints) &&
                      add_extension(x509, x509, NID_key_usage, "critical,keyCertSign,cRLSign");
  if (!filled) return openssl_error("fill in a CA's certificate");
  return finish_certificate(wanted, certificate);
}

Result<> sign_one(KeyedCertificate& one, Order const& order, Authority const& authority) {
  CPS_TRY(json::Document const csr, json::parse(order.subject, "a stored subject"));
  CPS_TRY(WallTime const from, parse_timestamp(order.issued));
  CPS_TRY(WallTime const until, parse_timestamp(order.expires));
  Key const key = parse_key(one.key);
  Key const issuer_key = parse_key(authority.key);
  Certificate const issuer = parse_certificate(authority.intermediate);
  if (!key || !issuer_key || !issuer) return openssl_error("read the CA");
  Wanted const wanted{key.get(), issuer.get(), issuer_key.get(), from, until};
  CPS_TRY(Certificate const certificate, begin_certificate(wanted));
  X509* const x509 = certificate.get();
  fill_subject(X509_get_subject_name(x509), csr);
  bool const filled = add_extension(x509, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                      add_extension(x509, issuer.get(), NID_key_usage, "critical,digitalSignature,keyEncipherment") &&
                      add_extension(x509, issuer.get(), NID_ext_key_usage, "serverAuth") && add_names(x509, csr);
  if (!filled) return openssl_error("fill in a certificate");
  CPS_TRY(one.certificate, finish_certificate(wanted, certificate));
  one.trust_chain = authority.intermediate;
  return {};
}

}  // namespace

Result<Authority> make_authority() {
  Key const root_key(EVP_EC_gen("P-256"));
  Key const key(EVP_EC_gen("P-256"));
  if (!root_key || !key) return openssl_error("make a CA's key");
  WallTime const from = sys_days(year(2016) / 1 / 1);
  WallTime const until = sys_days(year(2066) / 1 / 1);
  Authority made;
  Wanted const root{root_key.get(), nullptr, root_key.get(), from, until};
  CPS_TRY(made.root, authority_certificate(root, "cpsctl sandbox root", "critical,CA:TRUE"));
  Certificate const issuer = parse_certificate(made.root);
  Wanted const under{key.get(), issuer.get(), root_key.get(), from, until};
  CPS_TRY(made.intermediate, authority_certificate(under, "cpsctl sandbox issuing CA", "critical,CA:TRUE,pathlen:0"));
  CPS_TRY(made.key, pem_of(*key));
  return made;
}

Result<bool> make_requests(Order& order, Names names) {
  bool made = false;
  for (KeyedCertificate& one : order.keys) {
    if (!one.csr.empty()) continue;
    CPS_TRY(json::Document const csr, json::parse(order.subject, "a stored subject"));
    CPS_CHECK(make_request(one, csr, names));
    made = true;
  }
  return made;
}

Result<bool> sign(Order& order, Authority const& authority) {
  if (order.signer == Signer::customer || order.issued.empty()) return false;
  CPS_TRY(bool made, make_requests(order, Names::included));
  for (KeyedCertificate& one : order.keys) {
    if (!one.certificate.empty()) continue;
    CPS_CHECK(sign_one(one, order, authority));
    made = true;
  }
  return made;
}

}  // namespace cpsctl::sandbox

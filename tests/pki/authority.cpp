#include "pki/authority.hpp"

#include "base/freed.hpp"

#include <cstdint>
#include <stdexcept>
#include <vector>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace authority {
namespace {

using Bio = std::unique_ptr<BIO, cpsctl::Freed<BIO_free_all>>;
using Request = std::unique_ptr<X509_REQ, cpsctl::Freed<X509_REQ_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, cpsctl::Freed<X509_EXTENSION_free>>;
using Extensions = std::unique_ptr<STACK_OF(X509_EXTENSION), cpsctl::Freed<[](STACK_OF(X509_EXTENSION) * all) {
                                     sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
                                   }>>;

void need(bool done, char const* what) {
  if (!done) throw std::runtime_error(std::string("OpenSSL cannot ") + what);
}

Key owned(EVP_PKEY* key) {
  need(key != nullptr, "make a key");
  return Key(std::shared_ptr<evp_pkey_st>(key, EVP_PKEY_free));
}

template <class Write>
std::string written(Write write) {
  Bio const bio(BIO_new(BIO_s_mem()));
  need(bio && write(bio.get()) == 1, "write PEM");
  char* bytes = nullptr;
  long const size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

void set_name(X509_NAME* name, std::string_view common_name) {
  auto const add = [&](char const* field, std::string_view value) {
    need(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<unsigned char const*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1,
         "write a name");
  };
  add("O", "Example Corp");
  add("CN", common_name);
}

void add(X509* certificate, X509* issuer, int nid, std::string const& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  Extension const extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  need(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value.c_str());
}

void set_time(ASN1_TIME* time, cpsctl::WallTime to) {
  auto const seconds = std::chrono::floor<std::chrono::seconds>(to.time_since_epoch()).count();
  need(ASN1_TIME_set(time, seconds) != nullptr, "write a time");
}

void set_serial(X509* certificate, std::uint64_t number) {
  if (number == 0) need(RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof number) == 1, "draw a number");
  need(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number) == 1, "write a number");
}

/// `issuer` is null for a root, which `signer` signs as its own.
std::shared_ptr<x509_st> certificate(EVP_PKEY* key, Template const& says, X509* issuer, EVP_PKEY* signer) {
  std::shared_ptr<x509_st> const made(X509_new(), X509_free);
  X509* const x509 = made.get();
  need(x509 != nullptr && X509_set_version(x509, says.version - 1) == 1 && X509_set_pubkey(x509, key) == 1,
       "begin a certificate");
  set_serial(x509, says.serial);
  set_time(X509_getm_notBefore(x509), says.not_before);
  set_time(X509_getm_notAfter(x509), says.not_after);
  set_name(X509_get_subject_name(x509), says.common_name);
  X509* const by = issuer != nullptr ? issuer : x509;
  need(X509_set_issuer_name(x509, X509_get_subject_name(by)) == 1, "name the issuer");
  add(x509, by, NID_subject_key_identifier, says.key_identifier);
  if (issuer != nullptr && X509_get0_subject_key_id(issuer) != nullptr)
    add(x509, by, NID_authority_key_identifier, "keyid");
  add(x509, by, NID_basic_constraints, says.constraints);
  add(x509, by, NID_key_usage, says.key_usage);
  add(x509, by, NID_ext_key_usage, says.usages);
  add(x509, by, NID_subject_alt_name, says.names);
  add(x509, by, NID_name_constraints, says.name_constraints);
  bool const own_hash = EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519;
  need(X509_sign(x509, signer, own_hash ? nullptr : EVP_get_digestbyname(says.hash)) != 0, "sign a certificate");
  return made;
}

std::string pem_of(X509* x509) {
  return written([&](BIO* bio) { return PEM_write_bio_X509(bio, x509); });
}

}  // namespace

Key Key::ecdsa() {
  return owned(EVP_EC_gen("P-256"));
}

Key Key::rsa() {
  return owned(EVP_RSA_gen(2048));
}

Key Key::ed25519() {
  return owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

std::string Key::pem() const {
  return written(
      [&](BIO* bio) { return PEM_write_bio_PKCS8PrivateKey(bio, get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string Key::der() const {
  return authority::der(pem());
}

std::string csr(Key const& key, std::string_view common_name, std::string const& names) {
  Request const request(X509_REQ_new());
  need(request && X509_REQ_set_pubkey(request.get(), key.get()) == 1, "begin a CSR");
  set_name(X509_REQ_get_subject_name(request.get()), common_name);
  if (!names.empty()) {
    Extensions const all(sk_X509_EXTENSION_new_null());
    X509V3_CTX context;
    X509V3_set_ctx(&context, nullptr, nullptr, request.get(), nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, NID_subject_alt_name, names.c_str());
    need(all && extension != nullptr && sk_X509_EXTENSION_push(all.get(), extension) > 0, names.c_str());
    need(X509_REQ_add_extensions(request.get(), all.get()) == 1, "add names to a CSR");
  }
  need(X509_REQ_sign(request.get(), key.get(), EVP_sha256()) != 0, "sign a CSR");
  return written([&](BIO* bio) { return PEM_write_bio_X509_REQ(bio, request.get()); });
}

Template of_a_ca(std::string_view common_name) {
  using namespace std::chrono;
  return {.common_name = std::string(common_name),
          .names = {},
          .not_before = sys_days(year(2020) / 1 / 1),
          .not_after = sys_days(year(2040) / 1 / 1),
          .constraints = "critical,CA:TRUE",
          .key_usage = "critical,keyCertSign,cRLSign",
          .usages = {}};
}

Template of_old(std::string_view common_name) {
  Template says = of_a_ca(common_name);
  says.version = 1;
  says.constraints = says.key_usage = says.key_identifier = {};
  return says;
}

Authority Authority::root(Template const& says, Key const& key) {
  return {key, certificate(key.get(), says, nullptr, key.get())};
}

Authority Authority::intermediate(Template const& says, Key const& key) const {
  return {key, certificate(key.get(), says, certificate_.get(), key_.get())};
}

std::string Authority::issue(Key const& key, Template const& says) const {
  return pem_of(certificate(key.get(), says, certificate_.get(), key_.get()).get());
}

std::string Authority::issue(std::string const& csr, Template const& says) const {
  Bio const bio(BIO_new_mem_buf(csr.data(), static_cast<int>(csr.size())));
  Request const request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
  need(request != nullptr, "read a CSR");
  return pem_of(certificate(X509_REQ_get0_pubkey(request.get()), says, certificate_.get(), key_.get()).get());
}

std::string Authority::pem() const {
  return pem_of(certificate_.get());
}

std::string altered(std::string const& pem) {
  std::string bytes = der(pem);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  return authority::pem("CERTIFICATE", bytes);
}

std::string pem(std::string_view label, std::string_view der) {
  std::string const name(label);
  return written([&](BIO* bio) {
    int const size = PEM_write_bio(bio, name.c_str(), "", reinterpret_cast<unsigned char const*>(der.data()),
                                   static_cast<long>(der.size()));
    return size > 0 ? 1 : 0;
  });
}

std::string der(std::string_view pem) {
  Bio const bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* bytes = nullptr;
  long size = 0;
  need(PEM_read_bio(bio.get(), &name, &header, &bytes, &size) == 1, "read PEM");
  std::string made(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(bytes);
  return made;
}

std::string pkcs12(Key const& key) {
  std::unique_ptr<PKCS12, cpsctl::Freed<PKCS12_free>> const store(
      PKCS12_create("secret", "www", key.get(), nullptr, nullptr, 0, 0, 0, 0, 0));
  need(store != nullptr, "make a store");
  return written([&](BIO* bio) { return i2d_PKCS12_bio(bio, store.get()); });
}

std::string pkcs7(std::string const& certificate) {
  Bio const bio(BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size())));
  std::unique_ptr<X509, cpsctl::Freed<X509_free>> const x509(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  std::unique_ptr<PKCS7, cpsctl::Freed<PKCS7_free>> const envelope(PKCS7_new());
  need(x509 && envelope && PKCS7_set_type(envelope.get(), NID_pkcs7_signed) == 1 &&
           PKCS7_content_new(envelope.get(), NID_pkcs7_data) == 1 &&
           PKCS7_add_certificate(envelope.get(), x509.get()) == 1,
       "make an envelope");
  return written([&](BIO* out) { return i2d_PKCS7_bio(out, envelope.get()); });
}

}  // namespace authority

#include "sandbox/crypto.hpp"

#include <chrono>
#include <ctime>

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/rand.h>

namespace cpsctl::sandbox {
namespace {

template <class Write>
Result<std::string> written(char const* what, Write write) {
  Bio const bio(BIO_new(BIO_s_mem()));
  if (!bio || !write(bio.get())) return openssl_error(fmt::format("write {} as PEM", what));
  char* bytes = nullptr;
  long const size = BIO_get_mem_data(bio.get(), &bytes);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

Bio reader(std::string_view pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

template <class Owner, class Read>
Owner read(std::string_view pem, Read read_one) {
  Bio const bio = reader(pem);
  // No password is asked for: an encrypted key is none.
  auto const none = [](char*, int, int, void*) { return -1; };
  Owner found(read_one(bio.get(), nullptr, +none, nullptr));
  ERR_clear_error();
  return found;
}

std::string digest(EVP_MD const* kind, std::string_view bytes) {
  unsigned char sum[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), sum, &size, kind, nullptr) != 1) return {};
  return std::string(reinterpret_cast<char const*>(sum), size);
}

}  // namespace

Error openssl_error(std::string step) {
  char text[256] = "no reason given";
  if (unsigned long const code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return {.code = Errc::internal, .message = fmt::format("OpenSSL cannot {}: {}", step, text)};
}

Result<std::string> pem_of(X509& certificate) {
  return written("a certificate", [&](BIO* bio) { return PEM_write_bio_X509(bio, &certificate) == 1; });
}

Result<std::string> pem_of(EVP_PKEY& key) {
  return written("a key", [&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, &key, nullptr, nullptr, 0, nullptr, nullptr) == 1;
  });
}

Result<std::string> pem_of(X509_REQ& request) {
  return written("a request", [&](BIO* bio) { return PEM_write_bio_X509_REQ(bio, &request) == 1; });
}

Certificate parse_certificate(std::string_view pem) {
  return read<Certificate>(pem, PEM_read_bio_X509);
}

Key parse_key(std::string_view pem) {
  return read<Key>(pem, PEM_read_bio_PrivateKey);
}

Signing parse_request(std::string_view pem) {
  return read<Signing>(pem, PEM_read_bio_X509_REQ);
}

std::vector<Certificate> parse_certificates(std::string_view pem) {
  std::vector<Certificate> all;
  Bio const bio = reader(pem);
  while (Certificate next{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) all.push_back(std::move(next));
  // The regular end is that there is no further beginning; anything else is a certificate that cannot be read.
  bool const ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!ended) all.clear();
  return all;
}

bool add_extension(X509* certificate, X509* issuer, int nid, char const* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  Extension const extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40);  // positive, and never shorter than 16 bytes
  std::unique_ptr<BIGNUM, Freed<BN_free>> const number(BN_bin2bn(bytes, sizeof bytes, nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_time(ASN1_TIME* to, WallTime time) {
  return ASN1_TIME_set(to, std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time))) !=
         nullptr;
}

WallTime time_of(ASN1_TIME const* time) {
  std::tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return WallTime(std::chrono::seconds(timegm(&parts)));
}

std::string sha256_bytes(std::string_view bytes) {
  return digest(EVP_sha256(), bytes);
}

std::string sha1_hex(std::string_view bytes) {
  std::string text;
  for (char const byte : digest(EVP_sha1(), bytes)) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

}  // namespace cpsctl::sandbox

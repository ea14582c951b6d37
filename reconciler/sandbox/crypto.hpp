#pragma once
#include "base/clock.hpp"
#include "base/freed.hpp"
#include "base/result.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/// OpenSSL's objects, owned. For the .cpp files that make or read keys and certificates.
namespace cpsctl::sandbox {

using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Signing = std::unique_ptr<X509_REQ, Freed<X509_REQ_free>>;  ///< a certificate signing request
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;

/// internal, with OpenSSL's reason.
Error openssl_error(std::string step);

Result<std::string> pem_of(X509& certificate);
Result<std::string> pem_of(EVP_PKEY& key);
Result<std::string> pem_of(X509_REQ& request);

// Null when the text has no such thing; OpenSSL's queue of errors is left empty.
Certificate parse_certificate(std::string_view pem);
Key parse_key(std::string_view pem);
Signing parse_request(std::string_view pem);
/// All certificates of a text, in its order; empty when one of them cannot be read.
std::vector<Certificate> parse_certificates(std::string_view pem);

bool add_extension(X509* certificate, X509* issuer, int nid, char const* value);
/// Random and positive.
bool set_serial(X509* certificate);

bool set_time(ASN1_TIME* to, WallTime time);
WallTime time_of(ASN1_TIME const* time);

std::string sha256_bytes(std::string_view bytes);
std::string sha1_hex(std::string_view bytes);

}  // namespace cpsctl::sandbox

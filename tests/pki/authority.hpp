#pragma once
#include "base/clock.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;
struct x509_st;

/// Keys, CSRs and certificates for tests: real ones, made by OpenSSL on the spot. What cannot be made throws.
namespace authority {

/// When the tests are, unless they say so: 2026-12-01T00:00:00Z.
inline constexpr cpsctl::WallTime today = std::chrono::sys_days(std::chrono::year(2026) / 12 / 1);

/// A key pair. Copies share it.
class Key {
 public:
  static Key ecdsa();    ///< P-256, as CPS makes them
  static Key rsa();      ///< 2048 bits, as CPS makes them; takes some 100 ms
  static Key ed25519();  ///< which CPS does not know
  explicit Key(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

  evp_pkey_st* get() const { return key_.get(); }
  std::string pem() const;  ///< of the private key, PKCS#8
  std::string der() const;

 private:
  std::shared_ptr<evp_pkey_st> key_;
};

/// A PEM CSR for the names, written as OpenSSL's configuration has them: "DNS:www.example.com,IP:192.0.2.1". Empty: it
/// asks for none.
std::string csr(Key const& key, std::string_view common_name, std::string const& names = {});

/// What a certificate says. Extensions are written as OpenSSL's configuration has them; empty: it has no such one.
struct Template {
  std::string common_name = "www.example.com";
  std::string names = "DNS:www.example.com";
  cpsctl::WallTime not_before = today - std::chrono::days(30);
  cpsctl::WallTime not_after = today + std::chrono::days(120);
  std::string constraints = "critical,CA:FALSE";
  std::string key_usage = "critical,digitalSignature";
  std::string usages = "serverAuth";
  std::string name_constraints = {};
  std::string key_identifier = "hash";
  long version = 3;
  std::uint64_t serial = 0;  ///< 0: one that no other has
  char const* hash = "SHA256";
};

/// What a CA's own certificate says: from 2020 to 2040.
Template of_a_ca(std::string_view common_name);

/// Version 1, as roots of the last century are: without extensions.
Template of_old(std::string_view common_name);

/// A CA: a key and its own certificate.
class Authority {
 public:
  static Authority root(Template const& says = of_a_ca("Test Root"), Key const& key = Key::ecdsa());
  Authority intermediate(Template const& says = of_a_ca("Test Issuing CA"), Key const& key = Key::ecdsa()) const;

  /// PEM certificates: for a key, or for the key of a CSR, of which nothing else is taken over.
  std::string issue(Key const& key, Template const& says = {}) const;
  std::string issue(std::string const& csr, Template const& says = {}) const;

  std::string pem() const;  ///< its own certificate
  Key const& key() const { return key_; }

 private:
  Authority(Key key, std::shared_ptr<x509_st> certificate)
      : key_(std::move(key)), certificate_(std::move(certificate)) {}

  Key key_;
  std::shared_ptr<x509_st> certificate_;
};

/// PEM of any bytes under a label, and the bytes of a PEM text with one block.
std::string pem(std::string_view label, std::string_view der);
std::string der(std::string_view pem);

/// Forms that are no PEM: a store with a key, an envelope with a certificate.
std::string pkcs12(Key const& key);
std::string pkcs7(std::string const& certificate);

}  // namespace authority

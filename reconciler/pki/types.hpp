#pragma once
#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

/// PEM, CSRs, certificates, chains: read, checked, matched by key. Texts in, values out; the time is given. Pure.
namespace cpsctl::pki {

/// What CPS asks certificates for, in its own spelling (cps-api.md §5.2, `keyAlgorithm`).
BOOST_DEFINE_ENUM_CLASS(KeyAlgorithm, RSA, ECDSA)

struct PublicKey {
  std::optional<KeyAlgorithm> algorithm = {};  ///< nothing: one that CPS does not know, such as Ed25519
  std::string text = {};                       ///< "RSA 2048", "ECDSA P-256", "ED25519"
  int bits = 0;
  std::string curve = {};   ///< "P-256"; of ECDSA alone
  std::string digest = {};  ///< SHA-256 of the SubjectPublicKeyInfo (DER), 64 hex digits: the same key, the same digest

  bool operator==(PublicKey const&) const = default;
};

BOOST_DEFINE_ENUM_CLASS(NameKind, dns, ip, email, uri, other)

/// A subject alternative name.
struct AlternativeName {
  NameKind kind = NameKind::other;
  std::string value = {};  ///< dns: as text::hostname() has it; ip: "192.0.2.1", "2001:db8::1"; printable

  bool operator==(AlternativeName const&) const = default;
};

/// A PKCS#10 request whose signature its own key has made.
struct Csr {
  std::string subject = {};      ///< RFC 2253, printable: "CN=www.example.com,O=Example Corp,C=US"
  std::string common_name = {};  ///< the first CN of the subject; may be empty
  std::vector<AlternativeName> names = {};
  PublicKey key = {};
};

struct Certificate {
  std::string subject = {};  ///< as in Csr
  std::string issuer = {};
  std::string serial = {};  ///< lower-case hex, without leading zeros: "4a01"
  std::string common_name = {};
  std::vector<AlternativeName> names = {};
  WallTime not_before = {};
  WallTime not_after = {};
  PublicKey key = {};
  std::vector<std::string> usages =
      {};                          ///< extended key usages: "serverAuth", or an OID; empty: it has no such extension
  bool is_ca = false;              ///< basicConstraints say so, or it is a root of the days before them
  bool self_issued = false;        ///< subject and issuer are the same name
  unsigned long subject_hash = 0;  ///< of the names as X.509 compares them, without case and further blanks
  unsigned long issuer_hash = 0;
  std::string signature_algorithm = {};  ///< "sha256WithRSAEncryption", "ecdsa-with-SHA256"
  std::string signature_hash = {};       ///< "SHA256"; empty where the algorithm brings its own, as Ed25519 does
  std::string fingerprint = {};          ///< SHA-256 of the DER form, 64 hex digits
  std::string der = {};                  ///< the certificate itself

  bool operator==(Certificate const& other) const { return der == other.der; }
};

}  // namespace cpsctl::pki

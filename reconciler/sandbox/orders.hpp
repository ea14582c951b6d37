#pragma once
#include "sandbox/steps.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <boost/describe.hpp>

/// What the store keeps of certificates, of the networks and of changes that have ended.
namespace cpsctl::sandbox {

/// One key of an order and what became of it. All texts are PEM; an empty one was not made yet: an RSA key takes a
/// tenth of a second, so each is made when somebody first looks at it.
struct KeyedCertificate {
  std::string algorithm = {};  ///< RSA | ECDSA
  std::string key = {};
  std::string csr = {};
  std::string certificate = {};
  std::string trust_chain = {};  ///< without the certificate
};
BOOST_DESCRIBE_STRUCT(KeyedCertificate, (), (algorithm, key, csr, certificate, trust_chain))

/// Who signs an order: a CA for CPS, or the customer, who uploads.
BOOST_DEFINE_ENUM_CLASS(Signer, authority, customer)

/// The certificates that one change orders: one for each kind of key.
struct Order {
  std::int64_t change = 0;
  std::string subject = {};  ///< the enrollment's `csr` member as it was then, JSON text
  std::string issued = {};   ///< notBefore, RFC 3339; empty: no certificate yet
  std::string expires = {};  ///< notAfter; of several the earliest
  Signer signer = Signer::authority;
  std::vector<KeyedCertificate> keys = {};
};
BOOST_DESCRIBE_STRUCT(Order, (), (change, subject, issued, expires, signer, keys))

/// What a network serves.
struct Deployed {
  std::int64_t order = 0;    ///< the change that brought the certificates
  std::string network = {};  ///< the enrollment's networkConfiguration as it was deployed, JSON text
};
BOOST_DESCRIBE_STRUCT(Deployed, (), (order, network))

/// A change that has ended.
struct PastChange {
  std::int64_t id = 0;
  std::string type = {};
  Work work = Work::certificate;
  std::string status = {};  ///< completed | cancelled
  std::string created = {};
  std::string ended = {};
};
BOOST_DESCRIBE_STRUCT(PastChange, (), (id, type, work, status, created, ended))

}  // namespace cpsctl::sandbox

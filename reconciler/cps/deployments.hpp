#pragma once
#include "base/json.hpp"
#include "cps/types.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

/// What is deployed (cps-api.md §5.4). No sockets here. Times are texts as CPS wrote
/// them; texts that CPS left out or gave as null are empty.
namespace cpsctl::cps {

struct DeployedCertificate {
  std::string certificate = {};  ///< PEM
  std::string trust_chain = {};
  std::string expiry = {};
  std::string key_algorithm = {};
  std::string signature_algorithm = {};
};
BOOST_DESCRIBE_STRUCT(DeployedCertificate, (), (certificate, trust_chain, expiry, key_algorithm, signature_algorithm))

/// One network's part of deployments.v8, and of v7, which has the same members.
struct Deployment {
  std::optional<DeployedCertificate> primary_certificate = {};  ///< RSA or ECDSA
  std::vector<DeployedCertificate> multi_stacked_certificates = {};
  json::Ref network_configuration = {};
};
BOOST_DESCRIBE_STRUCT(Deployment, (), (primary_certificate, multi_stacked_certificates, network_configuration))

struct Deployments {
  std::optional<Deployment> production = {};  ///< nothing: never deployed there
  std::optional<Deployment> staging = {};
};
BOOST_DESCRIBE_STRUCT(Deployments, (), (production, staging))

/// Errors: protocol, naming the field.
Result<Deployments> deployments_from(std::string_view text);

/// One element of active-certificates.v2, of which one source tells (cps-api.md §2.2, B).
struct ActiveCertificates {
  EnrollmentId enrollment = {};
  std::string common_name = {};
  std::vector<std::int64_t> production_slots = {};
  Deployments deployed = {};
};

/// Errors: protocol, naming the field.
Result<std::vector<ActiveCertificates>> active_certificates_from(std::string_view text);

}  // namespace cpsctl::cps

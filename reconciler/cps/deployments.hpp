#pragma once
#include "base/json.hpp"
#include "cps/types.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

/// What is deployed, and what was done before (cps-api.md §5.4, §5.5). No sockets here. Times are texts as CPS wrote
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

struct HistoryCertificate {
  std::string certificate = {};
  std::string trust_chain = {};
  std::string csr = {};
  std::string key_algorithm = {};
};
BOOST_DESCRIBE_STRUCT(HistoryCertificate, (), (certificate, trust_chain, csr, key_algorithm))

/// One element of change-history.v5. It names no change id: time and action tell which change it was.
struct HistoryChange {
  std::string action = {};  ///< "new-certificate", "renew" …
  std::string action_description = {};
  std::string status = {};  ///< "incomplete", "cancelled", "completed"
  std::string created_by = {};
  std::string created_on = {};
  std::string last_updated = {};
  std::string ra = {};
  std::optional<HistoryCertificate> primary_certificate = {};
  std::vector<HistoryCertificate> multi_stacked_certificates = {};
};
BOOST_DESCRIBE_STRUCT(HistoryChange, (),
                      (action, action_description, status, created_by, created_on, last_updated, ra,
                       primary_certificate, multi_stacked_certificates))

/// Newest first. Errors: protocol, naming the field.
Result<std::vector<HistoryChange>> change_history_from(std::string_view text);

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

#pragma once
#include "lifecycle/decide.hpp"
#include "pki/match.hpp"

#include <span>
#include <string>
#include <vector>

/// Signed certificates for a change, and those that wait on staging. Pure.
namespace cpsctl::lifecycle {

/// What signed certificates are asked for.
struct Order {
  std::vector<cps::Csr> csrs = {};
  std::vector<std::string> algorithms = {};  ///< wanted: "RSA", "ECDSA"
  std::vector<std::string> names = {};       ///< host names of the enrollment
  WallTime now = {};                         ///< the Date of CPS's answer
  std::vector<pki::FormerCsr> former = {};   ///< of earlier changes, where CPS's history was read
};

/// What of the sources answers the CSRs: all that are wanted, or nothing (design.md §9, Third-party).
Offer offer_of(Order const& order, std::span<pki::Source const> sources);

/// "names_missing: CN=www… : what is wrong; next": a finding in one clause.
std::string words(pki::Finding const& finding);

/// As pending_differences(), with the names read from the pending certificates.
std::vector<std::string> differences(cps::PendingDeployment const& pending,
                                     std::vector<std::string> const& wanted_names, json::Value const& wanted_network);

}  // namespace cpsctl::lifecycle

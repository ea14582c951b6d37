#pragma once
#include "sandbox/store.hpp"

#include <string>
#include <vector>

/// What the networks serve, and what they served (cps-api.md §5.4, §5.5). The orders' certificates have been made.
namespace cpsctl::sandbox {

/// Those of an order that there are, the primary first. A customer need not upload one for every key.
std::vector<KeyedCertificate const*> certificates_of(Order const& order);

/// deployment, version 7 or 8, or 3 as cli-cps reads it. The enrollment's order is the one that is deployed.
std::string deployment_body(Enrollment const& enrollment, Deployed const& deployed, int version);

/// deployments, version 7 or 8: a network that serves nothing is null.
std::string deployments_body(Enrollment const& enrollment, int version);

/// certificate-history, version 2: newest first.
std::string certificate_history_body(Enrollment const& enrollment);

/// change-history, version 5 or 3: newest first, with what is pending as incomplete.
std::string change_history_body(Enrollment const& enrollment, int version);

}  // namespace cpsctl::sandbox

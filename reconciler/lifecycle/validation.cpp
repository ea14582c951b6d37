#include "lifecycle/validation.hpp"

#include <algorithm>

namespace cpsctl::lifecycle {
bool is_validated(cps::DomainValidation const& one) {
  return one.validation_status == "VALIDATED" || one.status == "Valid";
}

namespace {

bool is_awaited(cps::DomainValidation const& one) {
  return !is_validated(one) && one.validation_status != "EXPIRED" &&
         std::ranges::any_of(one.challenges,
                             [](cps::Challenge const& challenge) { return challenge.status == "pending"; });
}

}  // namespace

Awaited awaited(cps::Challenges const& challenges) {
  Awaited found;
  for (cps::DomainValidation const& one : challenges.dv) {
    if (!is_awaited(one) || std::ranges::find(found.names, one.domain) != found.names.end()) continue;
    found.names.push_back(one.domain);
    auto const asked = parse_timestamp(one.request_timestamp);
    if (asked && (!found.since || *asked < *found.since)) found.since = *asked;
  }
  return found;
}

}  // namespace cpsctl::lifecycle

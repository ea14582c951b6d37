#pragma once
#include "base/clock.hpp"
#include "base/json.hpp"
#include "sandbox/store.hpp"

#include <string>

/// Domain validation as CPS shows it (cps-api.md §5.1). Tokens are computed from the change and its domains, so that
/// they stay the same from read to read and nothing has to be kept; after a week they are others.
namespace cpsctl::sandbox {

/// dv-challenges, version 2: for each name of the order an http-01 and a dns-01 challenge; wildcards have the latter
/// alone.
std::string challenges_body(Enrollment const& enrollment, Change const& change, WallTime now);

/// dv-history, version 1: what became of the domains of each order.
std::string dv_history_body(Enrollment const& enrollment);

}  // namespace cpsctl::sandbox

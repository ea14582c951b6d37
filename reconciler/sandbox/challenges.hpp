#pragma once
#include "base/clock.hpp"
#include "sandbox/behaviour.hpp"
#include "sandbox/store.hpp"

#include <string>

/// Domain validation as CPS shows it (cps-api.md §5.1).
namespace cpsctl::sandbox {

/// dv-challenges, version 2: for each name of the order an http-01 and a dns-01 challenge; wildcards have the latter
/// alone. A name that is validated, or whose tokens have expired, has none.
std::string challenges_body(Enrollment const& enrollment, Change const& change, Behaviour const& behaviour,
                            WallTime now);

/// dv-history, version 1: what became of the domains of each order.
std::string dv_history_body(Enrollment const& enrollment);

}  // namespace cpsctl::sandbox

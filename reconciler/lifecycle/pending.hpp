#pragma once
#include "base/clock.hpp"
#include "cps/inputs.hpp"
#include "lifecycle/warnings.hpp"

#include <optional>
#include <string>
#include <vector>

/// What waits on staging for its approval (cps-api.md §4.6). Pure.
namespace cpsctl::lifecycle {

/// What differs between what would go live and what is wanted, in words; empty: nothing. `names`: the host names of
/// each pending certificate, in its order; `wanted_names`: those that the enrollment is to have. Of `wanted_network`,
/// the settings that the manifest writes, those are compared that CPS shows.
std::vector<std::string> pending_differences(cps::PendingDeployment const& pending,
                                             std::vector<std::vector<std::string>> const& names,
                                             std::vector<std::string> const& wanted_names,
                                             json::Value const& wanted_network);

/// The validation's warnings as entries. A message may be a list in brackets.
std::vector<Warning> validation_warnings(cps::PendingDeployment const& pending);

/// When CPS deploys without an approval: its deadline, else seven days before the live certificate's end, unless a
/// deployment date is set (facts-2026.md A22). Nothing: never, or nobody can tell.
std::optional<WallTime> deploys_by_itself(cps::PendingDeployment const& pending, cps::Schedule const& schedule,
                                          std::optional<WallTime> live_expires);

/// Would a deployment that does not begin before `not_before` and waits for a person let the live certificate expire?
/// CPS then does not deploy by itself.
bool may_expire(Day not_before, WallTime live_expires);

}  // namespace cpsctl::lifecycle

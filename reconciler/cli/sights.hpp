#pragma once
#include "cli/account.hpp"
#include "lifecycle/decide.hpp"
#include "plan/plan.hpp"

#include <cstdint>
#include <map>

/// What a plan has to see of pending changes before it can answer them.
namespace cpsctl::cli {

/// Looks at every pending change of the enrollments that state and manifests know (one request each, and one for what
/// it waits for), and at the certificates that manifests keep in files. `inputs`: as CPS has answered them so far.
/// Errors: of the requests; internal.
Result<std::map<std::int64_t, lifecycle::Sight>> see_changes(plan::Inputs const& inputs, Account& account,
                                                             World& world);

}  // namespace cpsctl::cli

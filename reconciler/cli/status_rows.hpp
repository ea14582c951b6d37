#pragma once
#include "cli/lives.hpp"
#include "plan/view.hpp"
#include "report/status.hpp"
#include "state/types.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

/// Rows of `cpsctl status`, before anything of the changes at CPS was read.
namespace cpsctl::cli {

/// One row for each enrollment that a manifest or the state knows, by name. Errors: internal.
Result<std::vector<report::StatusRow>> managed_rows(plan::Inputs const& inputs, plan::PlanView const& plan,
                                                    Lives const& lives);
/// One for each that the contracts have and nobody knows. Errors: internal.
Result<std::vector<report::StatusRow>> unmanaged_rows(plan::Inputs const& inputs, plan::Plan const& plan);

/// When our writes began changes, as the journal says: by enrollment and change.
using Begun = std::map<std::pair<std::int64_t, std::int64_t>, std::string>;
Begun begun_of(std::vector<state::Event> const& history);

}  // namespace cpsctl::cli

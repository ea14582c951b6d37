#pragma once
#include "plan/plan.hpp"
#include "plan/view.hpp"

#include <set>
#include <string>

/// Carrying out a plan that was saved: only what a reviewer saw, and only what is still so.
namespace cpsctl::plan {

/// Turns inputs to the saved plan's: its manifests, paths and consents, and nobody but those whom it acts on.
void restrict_to(PlanView const& saved, Inputs& inputs);

/// The part of a plan that is about these names, without its counts.
PlanView select(PlanView const& plan, std::set<std::string> const& names);

/// The saved plan's items as they can be carried out now. `fresh` is made from restrict_to's inputs and the account as
/// it is now. An item whose fingerprint is the same goes on; one whose wish is fulfilled already has nothing left to
/// do; any other is held (Held::Why::moved). Of the names in `begun` a write was sent before, whose outcome was in
/// doubt: what only the state learns of them, that they are blocked, and what is left of their creates is there
/// instead of what was agreed on.
Plan agreed(PlanView const& saved, Plan fresh, std::set<std::string> const& begun = {});

}  // namespace cpsctl::plan

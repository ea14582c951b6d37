#pragma once
#include "plan/plan.hpp"
#include "plan/view.hpp"

#include <map>
#include <set>
#include <string>

/// Carrying out a plan that was saved: only what a reviewer saw, and only what is still so.
namespace cpsctl::plan {

/// Turns inputs to the saved plan's: its manifests, paths and consents, and nobody but those whom it acts on.
void restrict_to(PlanView const& saved, Inputs& inputs);

/// These items of a plan, without its counts.
PlanView select(PlanView const& plan, std::set<Key> const& items);

/// The saved plan's items as they can be carried out now. `fresh` is made from restrict_to's inputs and the account as
/// it is now. An item that is the same goes on; one whose wish is fulfilled already has nothing left to do; any other
/// is held (Held::Why::moved). `begun`: names whose writes an earlier run has begun and not ended. For these the fresh
/// item is taken where it sends nothing that the saved plan did not show: a record, a blocked item, the rest of a
/// create.
/// `listings`: the lists that `fresh` was made from; what they have was not deleted.
Plan agreed(PlanView const& saved, Plan fresh, std::map<Scope, cps::Listing> const& listings,
            std::set<std::string> const& begun = {});

}  // namespace cpsctl::plan

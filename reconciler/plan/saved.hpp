#pragma once
#include "plan/plan.hpp"

/// Carrying out a plan that was saved: only what a reviewer saw, and only what is still so.
namespace cpsctl::plan {

/// Turns inputs to the saved plan's: its manifests, paths and consents, and nobody but those whom it acts on.
void restrict_to(Plan const& saved, Inputs& inputs);

/// The saved plan's items as they can be carried out now. `fresh` is made from restrict_to's inputs and the account as
/// it is now. An item whose fingerprint is the same goes on; one whose wish is fulfilled already has nothing left to
/// do; any other has moved (Item::moved) and is not carried out.
Plan agreed(Plan const& saved, Plan fresh);

}  // namespace cpsctl::plan

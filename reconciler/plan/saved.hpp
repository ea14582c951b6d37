#pragma once
#include "plan/plan.hpp"

#include <cstdint>
#include <set>
#include <string>

/// Carrying out a plan that was saved: only what a reviewer saw, and only what is still so.
namespace cpsctl::plan {

/// Turns inputs to the saved plan's: its manifests, paths and consents, and nobody but those whom it acts on.
void restrict_to(Plan const& saved, Inputs& inputs);

/// The part of a plan that is about these names, without its counts.
Plan select(Plan const& plan, std::set<std::string> const& names);

/// taken: what only the state learns, and what is blocked now, stands instead of what was agreed on: nothing is written
/// to CPS for it. That is how a run goes on with its own plan when a write's outcome was in doubt.
enum class Learned : std::uint8_t { refused, taken };

/// The saved plan's items as they can be carried out now. `fresh` is made from restrict_to's inputs and the account as
/// it is now. An item whose fingerprint is the same goes on; one whose wish is fulfilled already has nothing left to
/// do; any other has moved (Item::moved) and is not carried out.
Plan agreed(Plan const& saved, Plan fresh, Learned learned = Learned::refused);

}  // namespace cpsctl::plan

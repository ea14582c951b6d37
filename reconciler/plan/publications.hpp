#pragma once
#include "plan/plan.hpp"

#include <set>

/// Values that publishers put where a CA looks: which are still needed. Pure.
namespace cpsctl::plan {

/// Those of the inputs that CPS was asked about. Needed: its change is pending, and shows this very value or was not
/// read. Needless: its change has ended, or shows another value for that name; but not where one that is needed stands
/// for the same value at the same place.
Publications publications(Inputs const& inputs);

/// Contracts that only publications are left of, where all is looked at: those values are withdrawn once the list shows
/// that nobody needs them. That such a list cannot be had is no reason to stop: they stay.
std::set<Scope> scopes_of_publications(Inputs const& inputs);

}  // namespace cpsctl::plan

#pragma once
#include "plan/plan.hpp"

/// Values that publishers put where a CA looks: which are still needed. Pure.
namespace cpsctl::plan {

/// Those of the inputs that CPS was asked about. Needed: its change is pending, and shows this very value or was not
/// read. Needless: its change has ended, or shows another value for that name; but not where one that is needed stands
/// for the same value at the same place.
Publications publications(Inputs const& inputs);

}  // namespace cpsctl::plan

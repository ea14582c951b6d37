#pragma once
#include "cli/world.hpp"
#include "plan/consent.hpp"
#include "plan/view.hpp"

#include <string>
#include <vector>

/// Plans that were saved with plan --out json=FILE. They are files: whoever can write one must not be able to consent
/// in the operator's name.
namespace cpsctl::cli {

/// Errors: io, manifest.
Result<plan::PlanView> read_plan(std::string const& file, World& world);

/// The flags that a consent stands for.
std::vector<std::string> flags_of(plan::Consent const& consent);

/// Does the plan's consent stay within what this run allows? Errors: guard_rail, naming the flags that are missing.
Result<> check_consent(plan::Consent const& saved, plan::Consent const& allowed);

}  // namespace cpsctl::cli

#pragma once
#include "cli/settings.hpp"
#include "hooks/runner.hpp"

namespace cpsctl::cli {

/// What the programs of a project are given in this run, and what their words must not tell. A granted variable that is
/// not set is warned of. Errors: usage, when one holds a secret of the API client.
Result<hooks::Surroundings> hook_surroundings(Settings const& settings, World& world);

}  // namespace cpsctl::cli

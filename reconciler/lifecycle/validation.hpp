#pragma once
#include "base/clock.hpp"
#include "cps/inputs.hpp"

#include <optional>
#include <string>
#include <vector>

/// Which names of a change the CA has still to validate (cps-api.md §4.5). Pure.
namespace cpsctl::lifecycle {

struct Awaited {
  std::vector<std::string> names = {};  ///< each once, in CPS's order
  /// When CPS asked for the first of their tokens: nothing without names, or if CPS does not say.
  std::optional<WallTime> since = {};
};

/// Has the CA validated it?
bool is_validated(cps::DomainValidation const& one);

/// Those whose tokens can be published: tokens of an expired authorization are of no use, and CPS fetches new ones.
Awaited awaited(cps::Challenges const& challenges);

}  // namespace cpsctl::lifecycle

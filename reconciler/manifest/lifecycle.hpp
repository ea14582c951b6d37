#pragma once
#include "manifest/types.hpp"

#include <string>
#include <vector>

/// spec.lifecycle: read into values, and what no single field of it says. Pure.
namespace cpsctl::manifest {

/// Members that are null or absent have their defaults. What cannot be read has a finding of the schema's, and keeps
/// its default here.
Lifecycle lifecycle_from(json::Value const* value);

struct LifecycleProblem {
  std::string pointer = {};  ///< into spec.lifecycle
  std::string message = {};
  std::string hint = {};
  char const* rule = "";
};

/// Rules that need no clock: whether a day has passed is the plan's to say.
std::vector<LifecycleProblem> lifecycle_problems(Lifecycle const& lifecycle);

}  // namespace cpsctl::manifest

#pragma once
#include "base/json.hpp"
#include "sandbox/problems.hpp"

#include <optional>

/// What CPS or the CA behind it refuses of a document, and no published description says (cps-api.md §3.3, §3.4;
/// reports of users). Only a strict server does, so that tests see what would fail at CPS. Pure.
namespace cpsctl::sandbox {

/// The first of them that the body breaks.
std::optional<Problem> strict_problem(json::Value const& body);

}  // namespace cpsctl::sandbox

#pragma once
#include "base/result.hpp"
#include "sandbox/behaviour.hpp"

#include <span>
#include <string_view>

/// The behaviour's names on a command line: one table for `cpsctl sandbox` and for --sandbox on any command.
namespace cpsctl::sandbox {

struct Switch {
  std::string_view name;   ///< "--complete-after"
  std::string_view value;  ///< what it takes, "DURATION"; empty: nothing, it is switched on
  std::string_view what;   ///< one line for --help
  bool repeatable = false;
  /// Errors: usage, with the next step.
  Result<> (*set)(Behaviour& behaviour, std::string_view value) = nullptr;
};

std::span<Switch const> switches();

}  // namespace cpsctl::sandbox

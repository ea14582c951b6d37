#pragma once
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace cpsctl::hooks {

/// A variable of the environment that the operator lets one program have.
struct Grant {
  std::string hook = {};
  std::string variable = {};
  bool operator==(Grant const&) const = default;
};

/// "HOOK=NAME". Errors: usage, also for variables that nobody can grant: credentials, proxies, cpsctl's own.
Result<Grant> parse_grant(std::string_view text);

}  // namespace cpsctl::hooks

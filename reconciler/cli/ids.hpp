#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// Ids of enrollments as people have them at hand: bare, in CPS's locations, in Terraform's import ids.
namespace cpsctl::cli {

/// "10001", "/cps/v2/enrollments/10001" (also as a URL, or with a change behind it), "10001,ctr_1-1TJZH5"; the contract
/// must be among `contracts` where there are any. Errors: usage, naming the flag.
Result<std::int64_t> enrollment_id(std::string_view flag, std::string_view text,
                                   std::span<std::string const> contracts);

}  // namespace cpsctl::cli

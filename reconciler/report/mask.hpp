#pragma once
#include "plan/view.hpp"
#include "report/result.hpp"

#include <string>
#include <string_view>

namespace cpsctl::report {

/// The item as a report may show it that is passed around: people's data is hidden, in values and in prose. That is
/// what any enrollment schema marks with x-sensitive, and what none of them knows.
plan::ItemView masked(plan::ItemView item);

/// `item`: what the row is the result of; without one it stays as it is.
ResultRow masked(ResultRow row, plan::ItemView const* item);

/// "a…@example.com" for an e-mail address, "•••" for anything else.
std::string masked_value(std::string_view text);

}  // namespace cpsctl::report

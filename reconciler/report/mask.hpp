#pragma once
#include "base/json.hpp"
#include "plan/view.hpp"
#include "report/result.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cpsctl::report {

/// Hides people's data in reports that are passed around: what any enrollment schema marks with x-sensitive, and what
/// none of them knows, in values and in prose. Renderers of such reports take what these give, and know nothing of it.

plan::ItemView masked(plan::ItemView item);

/// `plan`: what the rows are the result of; a row whose item it does not have stays as it is.
std::vector<ResultRow> masked(std::vector<ResultRow> rows, plan::PlanView const& plan);

/// "a…@example.com" for an e-mail address, "•••" for anything else.
std::string masked_value(std::string_view text);

}  // namespace cpsctl::report

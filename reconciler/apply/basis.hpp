#pragma once
#include "plan/item.hpp"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// Is what a write is based on still what was planned on? Pure.
namespace cpsctl::apply {

/// It is not what was planned on any more. `code`: stale, or what is in the way.
Error moved(Errc code, std::string message);

/// What CPS has of the item's enrollment; no document: it is gone. Errors: stale; not_found: it is gone.
Result<> check_unmoved(plan::Item const& item, cps::Live const& now);

/// The same once these of the plan's cancels are done: only they may have changed it. Errors: conflict: one of them is
/// still pending; stale: another change is pending by now, or a cancel brought back something else.
Result<> check_without(std::set<std::int64_t> const& cancelled, plan::Item const& item, cps::Live const& now);

/// Nobody created an enrollment of the item's name meanwhile. `listed`: those that the newest list has; `ours`: those
/// that this run knows. Errors: stale.
Result<> check_none_appeared(plan::Item const& item, std::vector<std::int64_t> const& listed,
                             std::function<bool(std::int64_t)> const& ours);

/// The one pending change of an enrollment that our own create made; only that may go with its second write. Errors:
/// conflict: another one is pending.
Result<bool> own_first_change(cps::Live const& now, std::vector<std::int64_t> const& started);

}  // namespace cpsctl::apply

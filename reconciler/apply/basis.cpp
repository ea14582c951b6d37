#include "apply/basis.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::apply {
namespace {

/// Did the plan give it up?
bool is_given_up(plan::GivenUp const& given_up, cps::PendingChange const& change) {
  auto const is_it = [&](cps::PendingChange const& one) { return one.id == change.id; };
  return std::ranges::any_of(given_up.by_id, is_it) || std::ranges::any_of(given_up.by_write, is_it);
}

}  // namespace

Error moved(Errc code, std::string message) {
  return {.code = code, .message = std::move(message), .next = plan::look_again};
}

Result<> check_unmoved(plan::Item const& item, cps::Live const& now) {
  if (!now.document) return moved(Errc::not_found, fmt::format("enrollment {} is gone", item.id));
  if (plan::same_live(now, item.live)) return {};
  return moved(Errc::stale, fmt::format("enrollment {} has changed since it was planned on", item.id));
}

Result<> check_without(std::set<std::int64_t> const& cancelled, plan::Item const& item, cps::Live const& now) {
  for (cps::PendingChange const& change : now.pending) {
    if (cancelled.contains(change.id.value))
      return moved(Errc::conflict, fmt::format("change {} is still being cancelled", change.id.value));
    if (!is_given_up(*plan::gives_up(item), change))
      return moved(Errc::stale, fmt::format("change {} is pending by now", change.id.value));
  }
  CPS_TRY(auto const schema, schema::enrollment(item.api_schema));
  if (diff::same_wish(*item.live.document, *now.document, *schema)) return {};
  return moved(Errc::stale, fmt::format("enrollment {} is another one without the change that was cancelled", item.id));
}

Result<> check_none_appeared(plan::Item const& item, std::vector<std::int64_t> const& listed,
                             std::function<bool(std::int64_t)> const& ours) {
  std::vector<std::int64_t> appeared;
  std::ranges::copy_if(listed, std::back_inserter(appeared),
                       [&](std::int64_t id) { return !ours(id) && std::ranges::count(item.known_ids, id) == 0; });
  if (appeared.empty()) return {};
  return moved(Errc::stale, fmt::format("somebody created {} with this common name since it was planned",
                                        fmt::join(appeared, ", ")));
}

Result<bool> own_first_change(cps::Live const& now, std::vector<std::int64_t> const& started) {
  if (now.pending.empty()) return false;
  if (now.pending.size() == 1 && started.size() == 1 && now.pending.front().id.value == started.front()) return true;
  return Error{.code = Errc::conflict,
               .message = "another change is pending at CPS",
               .next = "run cpsctl apply again once it has ended"};
}

}  // namespace cpsctl::apply

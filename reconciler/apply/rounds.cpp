#include "apply/rounds.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace cpsctl::apply {
namespace {

int risk(plan::Item const& item) {
  // Inputs of what serves come before all else.
  bool const of_change =
      std::holds_alternative<plan::Advance>(item.work) || std::holds_alternative<plan::Reschedule>(item.work);
  if (of_change) return item.production ? 0 : 2;
  if (std::holds_alternative<plan::Update>(item.work)) return plan::issues_certificate(item.changes) ? 3 : 1;
  if (std::holds_alternative<plan::Create>(item.work)) return 4;
  return destroys(item) ? 5 : 0;
}

/// What the plan itself had blocked is no obstacle: nobody meant to do it in this run.
bool went_wrong(ItemResult const& result) {
  bool const unfinished = result.outcome == Outcome::waiting && result.action != plan::Action::blocked;
  return result.outcome == Outcome::failed || result.outcome == Outcome::doubt || result.outcome == Outcome::stale ||
         result.outcome == Outcome::skipped || unfinished || result.again.has_value();
}

bool has_failed(Results::value_type const& one) {
  return one.second.outcome == Outcome::failed || one.second.outcome == Outcome::stale;
}

}  // namespace

bool destroys(plan::Item const& item) {
  return std::holds_alternative<plan::Remove>(item.work);
}

std::vector<plan::Item const*> in_order(plan::Plan const& plan, Tally const& tally) {
  struct Placed {
    int risk;
    int conflicts;
    std::size_t of_account;  ///< place among the account's items of this risk and these conflicts
    plan::Item const* item;
  };
  std::vector<Placed> placed;
  std::map<std::tuple<std::string_view, int, int>, std::size_t> counts;
  for (plan::Item const& item : plan.items) {
    if (item.action() == plan::Action::none || item.action() == plan::Action::orphan) continue;
    Placed one{.risk = risk(item), .conflicts = tally.conflicts(item.key()), .of_account = 0, .item = &item};
    one.of_account = counts[{item.account, one.risk, one.conflicts}]++;
    placed.push_back(one);
  }
  std::ranges::stable_sort(placed, {},
                           [](Placed const& one) { return std::tuple(one.risk, one.conflicts, one.of_account); });
  std::vector<plan::Item const*> items;
  std::ranges::transform(placed, std::back_inserter(items), &Placed::item);
  return items;
}

ItemResult untouched(plan::Item const& item) {
  return {.name = item.name,
          .part = plan::part_of(item.wanted),
          .action = item.action(),
          .outcome = Outcome::skipped,
          .id = item.id,
          .message = "not begun",
          .next = "run cpsctl apply again"};
}

ItemResult with_what_is_left(plan::Item const& item, ItemResult result) {
  auto const* const learned = std::get_if<plan::RecordOnly>(&item.work);
  if (learned == nullptr || result.outcome != Outcome::done) return result;
  bool const edited = !item.closes.done.empty() && !item.changes.empty();
  if (!learned->open_steps.empty()) {
    // Which of its changes the lost answer named is not known, so none may be cancelled for the second write.
    result.message = fmt::format("created as {}; {} is still to be written", item.id,
                                 json::dotted(json::common(learned->open_steps)));
    result.next =
        item.live.pending.empty() ? "run cpsctl apply again" : "run cpsctl apply again once its change has ended";
  } else if (edited) {
    result.message = fmt::format("recorded as {}; the manifest was edited since it was sent", item.id);
    result.next = "run cpsctl apply again: it brings what was edited";
  } else {
    return result;
  }
  result.outcome = Outcome::waiting;
  return result;
}

bool may_delete(Results const& results, std::vector<plan::Item const*> const& deletes) {
  std::set<plan::Key> going;
  for (plan::Item const* item : deletes) going.insert(item->key());
  return std::ranges::none_of(
      results, [&](Results::value_type const& one) { return !going.contains(one.first) && went_wrong(one.second); });
}

std::optional<WallTime> next_look(Results const& results) {
  std::optional<WallTime> first;
  for (auto const& [key, result] : results)
    if (result.again) first = std::min(first.value_or(*result.again), *result.again);
  return first;
}

std::set<plan::Key> unfinished(Results const& results) {
  bool const deletes = std::ranges::none_of(results, has_failed);
  std::set<plan::Key> keys;
  for (auto const& [key, result] : results) {
    bool const held = result.outcome == Outcome::skipped && result.action == plan::Action::delete_;
    if (result.again || (deletes && held)) keys.insert(key);
  }
  return keys;
}

}  // namespace cpsctl::apply

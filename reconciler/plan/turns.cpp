#include "plan/turns.hpp"

#include "lifecycle/memory.hpp"
#include "lifecycle/polls.hpp"

#include <algorithm>

namespace cpsctl::plan {
namespace {

/// What CPS has not told us for longer than this is not believed, whatever the state says.
constexpr Duration longest = std::chrono::hours(24);

bool in_doubt(Inputs const& inputs, std::string const& name) {
  return std::ranges::any_of(inputs.open_intents, [&](state::Record const& intent) { return intent.name == name; });
}

}  // namespace

std::optional<lifecycle::Sight> recall(Inputs const& inputs, std::string const& name,
                                       cps::PendingChange const& pending) {
  auto const entry = inputs.entries.find(name);
  if (!inputs.selection.names.empty() || entry == inputs.entries.end() || in_doubt(inputs, name)) return std::nullopt;
  auto const watch = std::ranges::find(entry->second.watches, pending.id.value, &state::Watch::change);
  if (watch == entry->second.watches.end()) return std::nullopt;
  auto const read = parse_timestamp(watch->read);
  auto const turn = parse_timestamp(watch->turn);
  WallTime const now = now_at(inputs, {entry->second.account, entry->second.contract});
  bool const kept = read && turn && *read <= now && now < std::min(*turn, *read + longest);
  if (!kept) return std::nullopt;
  auto sight = lifecycle::recalled(watch->seen, {.name = name, .pending = pending}, now);
  if (sight) sight->recalled = lifecycle::Recalled{.read = *read, .turn = *turn};
  return sight;
}

std::set<std::int64_t> written_about(Plan const& plan) {
  std::set<std::int64_t> all;
  for (Item const& item : plan.items) {
    if (!item.writes()) continue;
    if (Advance const* const advance = advance_of(item)) {
      all.insert(advance->change.id.value);
      continue;
    }
    for (cps::PendingChange const& change : item.live.pending) all.insert(change.id.value);
  }
  return all;
}

Turns next_turns(Inputs const& inputs, std::map<std::string, std::vector<Advance>> const& looks) {
  std::map<std::string, std::vector<Duration>> intervals;
  auto const account_of = [&](std::string const& name) {
    auto const entry = inputs.entries.find(name);
    return entry == inputs.entries.end() ? std::string() : entry->second.account;
  };
  for (auto const& [name, all] : looks)
    for (Advance const& one : all) intervals[account_of(name)].push_back(one.next.look_after);
  Turns turns;
  for (auto const& [name, all] : looks) {
    double const factor = inputs.budget ? lifecycle::stretch(intervals.at(account_of(name)), *inputs.budget) : 1.0;
    for (Advance const& one : all) {
      if (one.recalled || !one.seen.answered || one.next.look_after == Duration()) continue;
      auto const after = std::chrono::duration_cast<Duration>(one.next.look_after * factor);
      turns.emplace(one.change.id.value, timestamp(*one.seen.answered + std::min(after, longest)));
    }
  }
  return turns;
}

}  // namespace cpsctl::plan

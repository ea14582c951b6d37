#include "cli/waiting.hpp"

#include "base/text.hpp"
#include "cli/lives.hpp"
#include "plan/identity.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

using lifecycle::Keeps;

constexpr Duration soonest = std::chrono::seconds(1);
constexpr Duration latest = std::chrono::minutes(5);  ///< a new change, or a colleague, is seen by then

bool serves(cps::Live const& live) {
  auto const schema = schema::enrollment(live.api_schema);
  return schema && plan::in_production(*live.document, **schema);
}

void put(apply::ItemResult item, apply::ApplyResult& all) {
  auto const place = std::ranges::lower_bound(all.items, item.key(), {}, &apply::ItemResult::key);
  if (place != all.items.end() && place->key() == item.key())
    *place = std::move(item);
  else
    all.items.insert(place, std::move(item));
}

/// Of an enrollment of which nothing is pending.
Keeps without_changes(cps::Live const* live, lifecycle::Target target) {
  if (live == nullptr) return Keeps::nobody;  // removed; a list that lags is looked up by the plan
  bool const there = target != lifecycle::Target::deployed || serves(*live);
  return there ? Keeps::nobody : Keeps::others;
}

}  // namespace

Waiting::Waiting(lifecycle::Target target, apply::ApplyResult const& result,
                 std::map<std::string, std::vector<plan::Advance>> const& looks)
    : target_(target) {
  for (auto const& [name, changes] : looks) names_.insert(name);
  for (apply::ItemResult const& item : result.items)
    if (item.id != 0 && item.outcome != apply::Outcome::failed && item.outcome != apply::Outcome::stale &&
        item.outcome != apply::Outcome::blocked)
      names_.insert(item.name);
  for (std::string const& name : names_) kept_.emplace(name, Keeps::others);
}

void Waiting::look(plan::Inputs const& inputs, std::map<std::string, std::vector<plan::Advance>> const& looks) {
  Lives const lives(inputs);
  Duration next = latest;
  for (std::string const& name : names_) {
    auto const entry = inputs.entries.find(name);
    cps::Live const* const live =
        entry == inputs.entries.end() ? nullptr : lives.find(entry->second.account, entry->second.id);
    Keeps worst = without_changes(live, target_);
    bool const pends = live != nullptr && !live->pending.empty();
    if (pends) worst = Keeps::others;
    auto const seen = looks.find(name);
    if (pends && seen == looks.end()) next = std::min(next, 2 * pause_);  // it could not be read
    if (pends && seen != looks.end()) {
      worst = Keeps::nobody;
      for (plan::Advance const& one : seen->second) {
        // It has ended since it was listed; how, the next list tells.
        bool const gone = one.seen.id == cps::ChangeId();
        bool const reached = !gone && lifecycle::has_reached(one.seen, target_);
        worst = std::max(worst, gone ? Keeps::others : lifecycle::keeps(one.next.due, reached));
        bool const later = one.recalled && one.seen.answered;  // it was not its turn
        Duration const after = later ? one.recalled->turn - *one.seen.answered : one.next.look_after;
        if (!reached) next = std::min(next, after);
      }
    }
    kept_[name] = worst;
  }
  pause_ = std::clamp(next, soonest, latest);
}

void Waiting::unanswered() {
  pause_ = std::min(2 * pause_, latest);
}

void Waiting::answered(apply::ApplyResult later, apply::ApplyResult& all) {
  for (apply::ItemResult& item : later.items) {
    bool const goes_on = item.outcome == apply::Outcome::done || item.outcome == apply::Outcome::under_way ||
                         item.outcome == apply::Outcome::doubt || item.outcome == apply::Outcome::waiting;
    kept_[item.name] = goes_on ? Keeps::others : Keeps::failure;
    put(std::move(item), all);
  }
  all.stopped = later.stopped;
  if (later.error) all.error = std::move(later.error);
  pause_ = soonest;
}

void Waiting::due(plan::Item const& item, apply::ApplyResult& all) const {
  if (!names_.contains(item.name)) return;
  put({.name = item.name,
       .part = plan::Part::change,
       .action = plan::Action::advance,
       .outcome = apply::Outcome::due,
       .id = item.id,
       .message = item.reason,
       .next = item.next},
      all);
}

void Waiting::out_of_time(std::map<std::string, state::Entry> const& entries, apply::ApplyResult& all) const {
  for (auto const& [name, keeps] : kept_) {
    bool const said = std::ranges::any_of(all.items, [&](auto const& item) { return item.name == name; });
    auto const entry = entries.find(name);
    if (keeps != Keeps::others || said || entry == entries.end()) continue;
    put({.name = name,
         .part = plan::Part::change,
         .action = plan::Action::advance,
         .outcome = apply::Outcome::under_way,
         .id = entry->second.id,
         .message = "CPS or a CA is at work on its change"},
        all);
  }
}

std::size_t Waiting::count(Keeps keeps) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(kept_, [keeps](auto const& one) { return one.second == keeps; }));
}

bool Waiting::over() const {
  return count(Keeps::others) == 0;
}

Exit Waiting::exit() const {
  if (count(Keeps::failure) > 0) return Exit::failed;
  if (count(Keeps::others) > 0) return Exit::again;
  return count(Keeps::person) > 0 ? Exit::needs_action : Exit::done;
}

std::string Waiting::words() const {
  std::vector<std::string> parts;
  if (auto const many = count(Keeps::others); many > 0)
    parts.push_back(text::counted(many, "change") + " at CPS or a CA");
  if (auto const many = count(Keeps::person); many > 0) parts.push_back(fmt::format("{} of a person", many));
  if (auto const many = count(Keeps::failure); many > 0) parts.push_back(fmt::format("{} that do not go on", many));
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace cpsctl::cli

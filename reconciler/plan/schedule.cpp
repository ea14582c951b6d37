#include "plan/schedule.hpp"

#include "lifecycle/target.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::plan {
namespace {

/// Renewals carry no dates of a manifest, whoever started them.
constexpr char const* renewal = "renewal";

std::string day_in(std::string const& text) {
  auto const time = parse_timestamp(text);
  return time ? day_text(day_of(*time)) : text;
}

lifecycle::Sight const* sight_of(Situation const& situation, std::int64_t change) {
  auto const& sights = situation.inputs().sights;
  auto const found = sights.find(change);
  return found == sights.end() ? nullptr : &found->second;
}

/// Where the change that dates may be sent to stands.
struct Target {
  cps::PendingChange const* change = nullptr;  ///< nullptr: there is none
  state::DeployDays now = {};                  ///< its dates
  std::string why_not = {};                    ///< no date is sent to it, or there is none: in words
};

bool was_on_staging(state::Entry const& entry, std::int64_t change) {
  auto const watch = std::ranges::find(entry.watches, change, &state::Watch::change);
  return watch != entry.watches.end() && !watch->staging_since.empty();
}

Target target_of(Situation const& situation, state::Entry const& entry, cps::Live const& live) {
  Target target{.why_not = "nothing of ours is under way: they go with the next certificate that the manifest orders"};
  for (cps::PendingChange const& change : live.pending) {
    std::int64_t const id = change.id.value;
    if (!is_among(change, entry.changes) || is_among(change, entry.removal) || change.type == renewal) {
      if (target.change == nullptr)
        target.why_not = fmt::format("{} is not of this manifest's making, and keeps its dates", named({change}));
      continue;
    }
    lifecycle::Sight const* const sight = sight_of(situation, id);
    if (sight != nullptr && !sight->change) continue;  // it has ended since it was listed
    target = {.change = &change, .now = entry.deploy};
    if (sight != nullptr)
      target.now = {.not_before = day_in(sight->change->schedule.not_before),
                    .not_after = day_in(sight->change->schedule.not_after)};
    bool const late = sight != nullptr ? lifecycle::is_on_staging(*sight->change) : false;
    if (late || was_on_staging(entry, id))
      target.why_not = fmt::format("{} has been on staging: it is too late for other dates", named({change}));
  }
  return target;
}

json::Ref shown(std::string const& day) {
  if (day.empty()) return {};
  json::Document text;
  text.SetString(day, text.GetAllocator());
  return json::share(text);
}

std::vector<diff::Change> changes_between(state::DeployDays const& now, state::DeployDays const& wanted) {
  std::vector<diff::Change> changes;
  auto const add = [&](char const* pointer, std::string const& before, std::string const& after) {
    if (before == after) return;
    changes.push_back({.pointer = pointer,
                       .live = shown(before),
                       .desired = shown(after),
                       .effect = schema::Effect::schedule,
                       .cause = diff::Cause::manifest});
  };
  add("/deploy/notBefore", now.not_before, wanted.not_before);
  add("/deploy/notAfter", now.not_after, wanted.not_after);
  return changes;
}

}  // namespace

state::DeployDays days_of(manifest::DeployWindow const& deploy) {
  state::DeployDays days;
  if (deploy.not_before) days.not_before = day_text(*deploy.not_before);
  if (deploy.not_after) days.not_after = day_text(*deploy.not_after);
  return days;
}

bool lies_on(cps::Schedule const& schedule, state::DeployDays const& days) {
  return day_in(schedule.not_before) == days.not_before && day_in(schedule.not_after) == days.not_after;
}

Fate fate_of_schedule(Situation const& situation, state::Record const& intent, state::Entry const& entry,
                      cps::Live const& live) {
  using Kind = Fate::Kind;
  auto const ended = parse_timestamp(intent.ends_by);
  bool const readable = ended && intent.entry && intent.pending_changes.size() == 1;
  if (!readable) return {};
  if (intent.entry->id != entry.id) return {.kind = Kind::not_done};
  bool const over = situation.listing({entry.account, entry.contract}).begun > *ended;
  Fate const open{.kind = Kind::open, .until = *ended};
  Fate const not_done{.kind = Kind::not_done};
  std::int64_t const change = intent.pending_changes.front();
  bool const pending = std::ranges::any_of(live.pending, [&](auto const& one) { return one.id.value == change; });
  lifecycle::Sight const* const sight = sight_of(situation, change);
  if (pending && sight == nullptr) return open;
  if (pending && sight->change && lies_on(sight->change->schedule, intent.entry->deploy))
    return {.kind = Kind::done, .live = &live};
  return over ? not_done : open;
}

bool reschedules(Situation const& situation, Subject const& subject, Item& item) {
  state::Entry const& entry = *subject.entry;
  state::DeployDays const wanted = days_of(subject.desired->deploy);
  bool const doubtful = !situation.open_intents(item.name, state::WriteKind::schedule).empty();
  if (wanted == entry.deploy && !doubtful) return false;
  Target const target = target_of(situation, entry, item.live);
  if (!target.why_not.empty()) {
    item.notes.push_back(fmt::format("the dates of spec.deploy are not sent: {}", target.why_not));
    return false;
  }
  item.changes = changes_between(target.now, wanted);
  if (item.changes.empty()) return false;
  item.reason = fmt::format("only spec.deploy was edited: {} gets other dates, {}", named({*target.change}),
                            words(subject.desired->deploy));
  if (auto obstacle = bad_dates(situation, item))
    hold(item, std::move(*obstacle));
  else
    item.work = Reschedule{.change = *target.change, .now = target.now};
  return true;
}

}  // namespace cpsctl::plan

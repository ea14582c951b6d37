#include "plan/decide.hpp"
#include "plan/obstacles.hpp"
#include "plan/resolve.hpp"
#include "plan/schedule.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

/// Manifests whose enrollments the state knows.
namespace cpsctl::plan {
namespace {

std::string places(std::vector<std::string> const& pointers) {
  std::vector<std::string> names;
  std::ranges::transform(pointers, std::back_inserter(names), json::dotted);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string left_as_it_is(std::vector<std::string> const& released) {
  return fmt::format("no longer in the manifest, left as CPS has it: {}", places(released));
}

/// What the state records of a manifest in addition to its fields.
std::vector<std::string> moved_records(state::Entry const& entry, manifest::Desired const& desired) {
  std::vector<std::string> moved;
  if (!(policy_of(entry) == desired.lifecycle)) moved.emplace_back("lifecycle");
  if (entry.labels != desired.labels) moved.emplace_back("labels");
  if (entry.source != desired.source) moved.emplace_back("its file");
  if (entry.api_schema != desired.api_schema) moved.emplace_back("apiSchema");
  if (entry.deploy != days_of(desired.deploy)) moved.emplace_back("deploy");
  return moved;
}

std::optional<Obstacle> moved_away(Subject const& subject) {
  state::Entry const& entry = *subject.entry;
  bool const contract = entry.contract != subject.scope.second;
  if (!contract && entry.account == subject.scope.first) return std::nullopt;
  return Obstacle{
      .reason = fmt::format("its {} cannot be changed in place: it is enrollment {} of {}",
                            contract ? "contract" : "account", entry.id,
                            contract ? entry.contract : "account " + (entry.account.empty() ? "(own)" : entry.account)),
      .next = "set it back, or give the new enrollment a name of its own"};
}

/// A 404 proved that the enrollment is gone.
Item absent(Situation const& situation, Subject const& subject, Item item) {
  state::Entry const& entry = *subject.entry;
  if (auto decided = decide_doubtful(situation, subject, item)) return std::move(*decided);
  // What was to become of the enrollment is over with it.
  std::vector<std::int64_t> over;
  bool by_us = !entry.removal.empty();
  for (state::Record const* intent : situation.open_intents(item.name, state::WriteKind::delete_)) {
    by_us = by_us || situation.fate_of(*intent, entry, nullptr).kind == Fate::Kind::done;
    over.push_back(intent->sequence);
  }
  for (state::Record const* intent : situation.open_intents(item.name, state::WriteKind::cancel)) {
    by_us = by_us || intent->entry;  // it was to take the enrollment along
    over.push_back(intent->sequence);
  }
  for (state::WriteKind const step : {state::WriteKind::update, state::WriteKind::schedule})
    for (state::Record const* intent : situation.open_intents(item.name, step)) over.push_back(intent->sequence);
  bool const consented = std::ranges::count(situation.inputs().consent.recreate, item.name) > 0;
  if (by_us || consented) {
    Item again = decide_new(situation, subject, std::move(item));
    if (again.held() == nullptr) again.closes.not_done = std::move(over);
    if (again.action() == Action::create)
      again.reason = fmt::format("enrollment {} was {}", entry.id, by_us ? "deleted" : "deleted outside cpsctl");
    return again;
  }
  item.id = entry.id;
  item.wanted = Action::create;
  hold(item, {.reason = fmt::format("enrollment {} was deleted outside cpsctl", entry.id),
              .next = fmt::format("check that account, section and sandbox are the right ones; then remove the "
                                  "manifest, or consent to a new one with --recreate {}",
                                  item.name)});
  return item;
}

/// Nothing is written that would look at the enrollment itself first: only a list that cannot lag any more tells that
/// a write was not done.
std::optional<Obstacle> list_may_lag(Situation const& situation, Subject const& subject) {
  for (state::WriteKind const step : {state::WriteKind::update, state::WriteKind::delete_, state::WriteKind::cancel})
    for (state::Record const* intent : situation.open_intents(subject.name, step)) {
      Fate const fate = situation.fate_of(*intent, *subject.entry, subject.live);
      if (fate.kind == Fate::Kind::not_shown)
        return Obstacle{
            .reason = fmt::format("a write was sent at {}, its answer never came, and CPS's list may lag", intent->at),
            .next = fmt::format("run again after {}", timestamp(*fate.until)),
            .why = Held::Why::waits};
    }
  return std::nullopt;
}

/// Why the state alone learns something; nothing when it has nothing to learn.
std::optional<std::string> lesson(Situation const& situation, Subject const& subject, Closes const& closes,
                                  bool released) {
  manifest::Desired const& desired = *subject.desired;
  state::Entry const& entry = *subject.entry;
  bool const owed = !entry.open_steps.empty();
  if (!situation.open_intents(desired.name, state::WriteKind::schedule).empty() && !owed)
    return closes.done.empty() ? "deployment dates whose answer never came are not there, and not sent again"
                               : "the new deployment dates, whose answer never came, are there";
  if (closes.done.empty() && !closes.not_done.empty() && !owed)
    return "a write whose answer never came is resolved: CPS's list does not show it, and nothing differs";
  if (!closes.done.empty() || !closes.not_done.empty())
    return owed ? "the second write of its create is proven by CPS's list"
                : "a write whose answer never came is proven by CPS's list";
  if (owed) return "the second write of its create is there";
  std::vector<std::string> moved = moved_records(entry, desired);
  // Left in the state it would excuse whatever takes the enrollment away later.
  if (!entry.removal.empty()) return "its removal, which was sent before, has not happened";
  bool const same = entry.last_applied && !released &&
                    diff::same_wish(*desired.enrollment, *entry.last_applied, situation.schema_of(desired));
  if (!same) moved.emplace_back("the fields that it names");
  if (moved.empty()) return std::nullopt;
  return fmt::format("only the state is updated; the manifest changed in: {}", fmt::join(moved, ", "));
}

/// Nothing differs at CPS; the state may still have something to learn.
Item converged(Situation const& situation, Subject const& subject, Item item,
               std::vector<std::string> const& released) {
  if (auto obstacle = list_may_lag(situation, subject)) {
    hold(item, std::move(*obstacle));
    return item;
  }
  // Creates in doubt whose enrollment was taken into the state another way: it is what they made.
  for (state::Record const* intent : situation.open_intents(item.name, state::WriteKind::create))
    if (std::ranges::count(intent->known_ids, subject.entry->id) == 0) item.closes.done.push_back(intent->sequence);
  if (reschedules(situation, subject, item)) return item;
  auto learned = lesson(situation, subject, item.closes, !released.empty());
  if (!learned) {
    item.wanted = Action::none;
    return item;
  }
  item.work = RecordOnly();
  item.reason = std::move(*learned);
  if (!released.empty()) item.notes.push_back(left_as_it_is(released));
  return item;
}

/// The first change of our own create is cancelled for the second write of it; anybody else's only with consent.
Item missing_step(Situation const& situation, Subject const& subject, Item item, json::Ref target) {
  state::Entry const& entry = *subject.entry;
  item.reason =
      fmt::format("the second write of its create is missing: {}", json::dotted(json::common(entry.open_steps)));
  std::string const story = item.reason;
  auto const& pending = item.live.pending;
  bool const ours = pending.size() == 1 && is_among(pending.front(), entry.changes);
  auto const policy = situation.on_pending(item.desired->lifecycle);
  bool const may_cancel = ours || policy == manifest::OnPendingChange::cancel;
  put(situation, item, std::move(target),
      may_cancel ? manifest::OnPendingChange::cancel : manifest::OnPendingChange::wait, entry.changes);
  if (item.held() != nullptr) item.reason = fmt::format("{}; {}", story, item.reason);
  if (auto* const update = std::get_if<Update>(&item.work)) update->completes = ours || pending.empty();
  return item;
}

Item update(Situation const& situation, Subject const& subject, Item item) {
  manifest::Desired const& desired = *subject.desired;
  state::Entry const& entry = *subject.entry;
  item.wanted = Action::update;
  ResolvedWrites resolved = resolve_writes(situation, subject);
  item.closes = std::move(resolved.closes);
  diff::ThreeWay found =
      diff::three_way(desired.enrollment, resolved.applied, *subject.live->document, situation.schema_of(desired));
  item.changes = std::move(found.changes);
  if (resolved.obstacle) {
    hold(item, std::move(*resolved.obstacle));
    return item;
  }
  if (item.changes.empty()) return converged(situation, subject, std::move(item), found.released);

  bool const renewing = std::ranges::count(item.live.pending, "renewal", &cps::PendingChange::type) > 0;
  for (diff::Change& change : item.changes) {
    if (renewing && change.cause == diff::Cause::outside) change.cause = diff::Cause::cps;
    if (is_owed(change, entry.open_steps)) change.cause = diff::Cause::owed;
  }
  if (!found.released.empty()) item.notes.push_back(left_as_it_is(found.released));
  bool const owed_alone =
      std::ranges::all_of(item.changes, [](diff::Change const& one) { return one.cause == diff::Cause::owed; });
  if (owed_alone) return missing_step(situation, subject, std::move(item), std::move(found.target));
  put(situation, item, std::move(found.target), situation.on_pending(desired.lifecycle), entry.changes);
  if (item.writes() && !issues_certificate(item.changes) && entry.deploy != days_of(desired.deploy))
    item.notes.emplace_back("the dates of spec.deploy are not sent: this change orders no certificate");
  return item;
}

}  // namespace

Item decide_known(Situation const& situation, Subject const& subject, Item item) {
  if (auto obstacle = moved_away(subject)) {
    item.id = subject.entry->id;
    item.wanted = Action::update;
    hold(item, std::move(*obstacle));
    return item;
  }
  if (subject.live == nullptr) return absent(situation, subject, std::move(item));
  look_at(item, *subject.live, situation.schema_of(*subject.desired));
  auto const removing = std::ranges::find_if(
      item.live.pending, [&](cps::PendingChange const& change) { return is_among(change, subject.entry->removal); });
  if (removing == item.live.pending.end()) return update(situation, subject, std::move(item));
  item.wanted = Action::create;
  hold(item, {.reason = fmt::format("it is being deleted by change {}", removing->id.value),
              .next = "wait until it is gone: it is created again then",
              .why = Held::Why::waits});
  return item;
}

}  // namespace cpsctl::plan

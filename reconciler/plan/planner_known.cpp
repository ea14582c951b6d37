#include "plan/planner.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

/// The planner's part about manifests whose enrollments the state knows.
namespace cpsctl::plan {
namespace {

std::string places(std::vector<std::string> const& pointers) {
  std::vector<std::string> names;
  std::ranges::transform(pointers, std::back_inserter(names), json::dotted);
  return fmt::format("{}", fmt::join(names, ", "));
}

/// What the state records of a manifest beside its fields.
std::vector<std::string> moved_records(state::Entry const& entry, manifest::Desired const& desired) {
  std::vector<std::string> moved;
  if (!(policy_of(entry) == desired.lifecycle)) moved.emplace_back("lifecycle");
  if (entry.labels != desired.labels) moved.emplace_back("labels");
  if (entry.source != desired.source) moved.emplace_back("its file");
  if (entry.api_schema != desired.api_schema) moved.emplace_back("apiSchema");
  return moved;
}

std::string named(cps::PendingChange const& change) {
  return change.type.empty() ? fmt::format("{}", change.id.value)
                             : fmt::format("{} ({})", change.id.value, change.type);
}

std::string named(std::vector<cps::PendingChange> const& changes) {
  std::vector<std::string> names;
  std::ranges::transform(changes, std::back_inserter(names), [](cps::PendingChange const& one) { return named(one); });
  return fmt::format("{} {}", changes.size() == 1 ? "change" : "changes", fmt::join(names, ", "));
}

bool is_ours(cps::PendingChange const& change, std::vector<std::int64_t> const& ours) {
  return std::ranges::count(ours, change.id.value) > 0;
}

}  // namespace

bool is_owed(diff::Change const& change, std::vector<std::string> const& owed) {
  return std::ranges::any_of(owed, [&](std::string const& step) { return json::overlap(change.pointer, step); });
}

Result<Item> Planner::known(Item item, Desired const& desired, Entry const& entry) {
  item.id = entry.id;
  if (entry.contract != item.contract || entry.account != item.account) {
    bool const contract = entry.contract != item.contract;
    item.action = Action::update;
    block(item,
          fmt::format("its {} cannot be changed in place: it is enrollment {} of {}", contract ? "contract" : "account",
                      entry.id,
                      contract ? entry.contract : "account " + (entry.account.empty() ? "(own)" : entry.account)),
          "set it back, or give the new enrollment a name of its own");
    return item;
  }
  CPS_TRY(cps::Live const* const live, situation_.live_of(entry));
  if (live == nullptr) return absent(std::move(item), desired, entry);
  item.live = *live;
  item.production = in_production(*live->document, situation_.schema_of(desired));
  item.deployed = is_deployed(*live->document, situation_.schema_of(desired));
  item.notes = pending_notes(*live);
  auto const removing = std::ranges::find_if(
      live->pending, [&](cps::PendingChange const& change) { return is_ours(change, entry.removal); });
  if (removing != live->pending.end()) {
    item.action = Action::create;
    item.waits = true;
    block(item, fmt::format("it is being deleted by change {}", removing->id.value),
          "wait until it is gone: it is created anew then");
    return item;
  }
  return update(std::move(item), desired, *live, entry);
}

/// A 404 proved that the enrollment is gone.
Item Planner::absent(Item item, Desired const& desired, Entry const& entry) {
  item.id = 0;  // what is created in its place is another one
  if (auto decided = doubtful(item, desired)) return std::move(*decided);
  // What was to become of the enrollment is over with it.
  std::vector<std::int64_t> over;
  bool by_us = !entry.removal.empty();
  for (state::Record const* intent : situation_.open_intents(item.name, state::Step::delete_)) {
    by_us = by_us || situation_.fate_of(*intent, entry, nullptr).kind == Fate::Kind::done;
    over.push_back(intent->sequence);
  }
  for (state::Step const step : {state::Step::update, state::Step::cancel})
    for (state::Record const* intent : situation_.open_intents(item.name, step)) over.push_back(intent->sequence);
  bool const consented = std::ranges::count(inputs_.consent.recreate, item.name) > 0;
  if (by_us || consented) {
    Item anew = unknown(std::move(item), desired);
    if (anew.action != Action::blocked) anew.settles = std::move(over);
    if (anew.action == Action::create)
      anew.reason = fmt::format("enrollment {} was {}", entry.id, by_us ? "deleted" : "deleted outside cpsctl");
    return anew;
  }
  item.id = entry.id;
  item.action = Action::create;
  block(item, fmt::format("enrollment {} was deleted outside cpsctl", entry.id),
        fmt::format("check that account, section and sandbox are the right ones; then remove the manifest, or consent "
                    "to a new one with --recreate {}",
                    item.name));
  return item;
}

Item Planner::update(Item item, Desired const& desired, cps::Live const& live, Entry const& entry) {
  schema::Schema const& schema = situation_.schema_of(desired);
  item.action = Action::update;
  json::Ref const applied = judge_writes(item, live, entry);
  diff::ThreeWay found = diff::three_way(desired.enrollment, applied, *live.document, schema);
  item.changes = std::move(found.changes);
  item.target = found.target;
  if (item.action == Action::blocked) return item;
  if (item.changes.empty()) return converged(std::move(item), desired, entry, found.released);

  bool const renewing = std::ranges::count(live.pending, "renewal", &cps::PendingChange::type) > 0;
  for (diff::Change& change : item.changes) {
    if (renewing && change.cause == diff::Cause::outside) change.cause = diff::Cause::cps;
    if (is_owed(change, entry.open_steps)) change.cause = diff::Cause::owed;
  }
  if (!found.released.empty())
    item.notes.push_back(fmt::format("no longer in the manifest, left as CPS has it: {}", places(found.released)));
  auto const others =
      std::ranges::count_if(item.changes, [](diff::Change const& change) { return change.cause != diff::Cause::owed; });
  if (others == 0)
    missing_step(item, live, entry);
  else
    put(item, live, situation_.on_pending(desired.lifecycle), entry.changes);
  return item;
}

Item Planner::converged(Item item, Desired const& desired, Entry const& entry,
                        std::vector<std::string> const& released) {
  // Nothing is written that would look at the enrollment itself first: only a list that cannot lag any more tells that
  // a write was not done.
  for (state::Step const step : {state::Step::update, state::Step::delete_, state::Step::cancel})
    for (state::Record const* intent : situation_.open_intents(item.name, step))
      if (Fate const fate = situation_.fate_of(*intent, entry, &item.live); fate.kind == Fate::Kind::not_shown) {
        item.waits = true;
        block(item, fmt::format("a write was sent at {}, its answer never came, and CPS's list may lag", intent->at),
              fmt::format("run again after {}", timestamp(*fate.until)));
        return item;
      }
  // A create in doubt whose enrollment was taken into the state another way: it is what that create made.
  for (state::Record const* intent : situation_.open_intents(item.name, state::Step::create))
    if (std::ranges::count(intent->known_ids, entry.id) == 0) item.settles.push_back(intent->sequence);
  std::vector<std::string> moved = moved_records(entry, desired);
  bool const same = entry.last_applied && released.empty() &&
                    diff::same_wish(*desired.enrollment, *entry.last_applied, situation_.schema_of(desired));
  if (!same) moved.emplace_back("the fields that it names");
  bool const owed = !entry.open_steps.empty();
  if (item.settles.empty() && item.proven == 0 && moved.empty() && !owed) {
    item.action = Action::none;
    return item;
  }
  item.state_only = true;
  if (item.proven == 0 && !item.settles.empty() && !owed)
    item.reason = "a write whose answer never came is settled: CPS's list does not show it, and nothing differs";
  else if (item.proven != 0 || !item.settles.empty())
    item.reason = owed ? "the second write of its create is proven by CPS's list"
                       : "a write whose answer never came is proven by CPS's list";
  else if (owed)
    item.reason = "the second write of its create is there";
  else
    item.reason = fmt::format("only the state is updated; the manifest changed in: {}", fmt::join(moved, ", "));
  if (!released.empty())
    item.notes.push_back(fmt::format("no longer in the manifest, left as CPS has it: {}", places(released)));
  return item;
}

/// The first change of our own create is cancelled for the second write of it; anybody else's only with consent.
void Planner::missing_step(Item& item, cps::Live const& live, Entry const& entry) {
  std::string const story =
      fmt::format("the second write of its create is missing: {}", json::dotted(json::common(entry.open_steps)));
  item.reason = story;
  bool const ours = live.pending.size() == 1 && is_ours(live.pending.front(), entry.changes);
  bool const consented = situation_.on_pending(item.desired->lifecycle) == manifest::OnPendingChange::cancel;
  put(item, live, ours || consented ? manifest::OnPendingChange::cancel : manifest::OnPendingChange::wait,
      entry.changes);
  if (item.action == Action::blocked)
    item.reason = fmt::format("{}; {}", story, item.reason);
  else
    item.completes = ours || live.pending.empty();
}

/// What CPS or the CA refuses keeps back what would be sent: a create, or a change of that field.
bool Planner::refused(Item& item) {
  for (manifest::Refusal const& refusal : item.desired->refusals) {
    bool const sent =
        item.action == Action::create || std::ranges::any_of(item.changes, [&](diff::Change const& change) {
          return json::overlap(change.pointer, refusal.pointer);
        });
    if (!sent) continue;
    block(item, refusal.message, refusal.hint);
    return true;
  }
  return false;
}

void Planner::put(Item& item, cps::Live const& live, manifest::OnPendingChange policy,
                  std::vector<std::int64_t> const& ours) {
  auto const immutable = std::ranges::find(item.changes, schema::Effect::immutable, &diff::Change::effect);
  if (immutable != item.changes.end())
    return block(item, json::dotted(immutable->pointer) + " cannot be changed in place",
                 "set it back, or create a second enrollment under another name and move traffic there first");
  if (refused(item)) return;
  bool const sets = std::ranges::any_of(item.changes, [](diff::Change const& one) { return !one.added.empty(); });
  auto const names =
      sets ? too_many_names(*item.desired->enrollment, *live.document, situation_.schema_of(*item.desired))
           : std::nullopt;
  if (names)
    return block(item,
                 fmt::format("it would have {} {}, and CPS allows this enrollment {}", names->wanted, names->what,
                             names->allowed),
                 "split it into several enrollments, or ask Akamai for more");
  if (issues_certificate(item) && too_late(item, *item.desired)) return;
  if (!make_room(item, live, policy, ours)) return;

  auto const renewal = renewal_start(*live.document, situation_.schema_of(*item.desired));
  bool const inside = renewal && *renewal <= inputs_.now;
  bool const override_it = std::ranges::count(inputs_.consent.override_renewal_window, item.name) > 0;
  if (inside && !override_it)
    return block(item, fmt::format("it is in its renewal window since {}: CPS refuses changes", timestamp(*renewal)),
                 fmt::format("wait for the renewal, or accept the risk that the certificate expires: "
                             "--override-renewal-window {}",
                             item.name));
  item.overrides_renewal_window = inside;
  item.steps =
      steps_of(item, live, fmt::format("PUT /enrollments/{}{}", item.id, inside ? "; inside the renewal window" : ""));
}

/// A change is cancelled by its own id, so that nothing is given up that the plan did not show; an enrollment that was
/// never deployed would go with it, and its own first change alone is cancelled by the write.
std::vector<std::string> Planner::steps_of(Item const& item, cps::Live const& live, std::string write) {
  std::vector<std::string> steps;
  if (item.cancels_first) write += "; cancels " + named(live.pending);
  if (!item.cancels_first)
    for (std::int64_t const change : item.cancels) {
      auto const pending = std::ranges::find(live.pending, cps::ChangeId{change}, &cps::PendingChange::id);
      std::string const type = pending == live.pending.end() || pending->type.empty() ? "" : "; " + pending->type;
      steps.push_back(fmt::format("DELETE /enrollments/{}/changes/{}{}", item.id, change, type));
    }
  if (!item.cancels.empty()) steps.push_back(fmt::format("GET /enrollments/{}", item.id));
  steps.push_back(std::move(write));
  return steps;
}

/// Pending changes stand in a write's way: it cancels them, waits, or is refused.
bool Planner::make_room(Item& item, cps::Live const& live, manifest::OnPendingChange policy,
                        std::vector<std::int64_t> const& ours) {
  if (live.pending.empty()) return true;
  switch (policy) {
    case manifest::OnPendingChange::cancel: {
      bool const all_ours =
          std::ranges::all_of(live.pending, [&](cps::PendingChange const& change) { return is_ours(change, ours); });
      if (!item.deployed && !all_ours && item.action != Action::delete_) {
        item.waits = true;
        block(item, fmt::format("waits for {} to end: cancelling it would remove the enrollment", named(live.pending)),
              "run again once it has ended");
        return false;
      }
      item.cancels = ids_of(live.pending);
      std::ranges::reverse(item.cancels);  // the last one is the newest
      item.cancels_first = !item.deployed && all_ours;
      return true;
    }
    case manifest::OnPendingChange::wait:
      item.waits = true;
      block(item, fmt::format("waits for {} to end", named(live.pending)),
            "run again once it has ended; or give that change up with --on-pending cancel");
      return false;
    case manifest::OnPendingChange::refuse:
      block(item, fmt::format("{} pending at CPS", named(live.pending) + (live.pending.size() == 1 ? " is" : " are")),
            fmt::format("wait until it has ended{}; or consent with --on-pending wait or --on-pending cancel, or "
                        "spec.lifecycle.onPendingChange",
                        inputs_.realm == state::sandbox_realm ? " (in a sandbox: --complete-after 0s)" : ""));
      return false;
  }
  return false;
}

}  // namespace cpsctl::plan

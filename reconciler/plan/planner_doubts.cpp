#include "base/text.hpp"
#include "diff/compare.hpp"
#include "plan/planner.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

/// The planner's part about writes whose answers never came.
namespace cpsctl::plan {
namespace {

std::string story_of(state::Record const& intent) {
  if (intent.reason.empty() && intent.lost.empty())
    return fmt::format("a create was sent at {} and its answer never came", intent.at);
  if (intent.reason.empty())
    return fmt::format("a create was sent at {}, and its answer was lost ({})", intent.at, intent.lost);
  return fmt::format("a create was sent at {} and refused ({})", intent.at, intent.reason);
}

}  // namespace

void Planner::close(Item& item, state::Record const& intent, Fate const& fate) {
  bool const cancel = intent.step == state::Step::cancel;
  char const* const what = intent.step == state::Step::delete_ ? "a delete" : cancel ? "a cancel" : "an update";
  switch (fate.kind) {
    case Fate::Kind::done:
      if (!cancel) {
        item.proven = intent.sequence;
        return;
      }
      [[fallthrough]];  // nothing is recorded of it
    // It is over, and CPS's list does not show what it was to bring: sending it again brings it about once.
    case Fate::Kind::not_shown:
    case Fate::Kind::not_done: item.settles.push_back(intent.sequence); return;
    case Fate::Kind::ambiguous:
    case Fate::Kind::open: break;
  }
  item.waits = fate.until || !fate.under_way.empty();
  if (!fate.under_way.empty())
    return block(item,
                 fmt::format("{} was sent at {} and its answer never came; change {} may be it", what, intent.at,
                             fmt::join(fate.under_way, ", ")),
                 "run again once that change has ended");
  if (fate.until)
    return block(
        item, fmt::format("{} was sent at {}, its answer never came, and it may still be under way", what, intent.at),
        fmt::format("run again after {}", timestamp(*fate.until)));
  block(item, fmt::format("{} was sent at {}, and the journal does not say by when it was over", what, intent.at),
        fmt::format("look in Akamai Control Center whether it was done; if not: cpsctl state settle {} --not-done",
                    item.name));
}

json::Ref Planner::judge_writes(Item& item, cps::Live const& live, Entry const& entry) {
  json::Ref applied = entry.last_applied;
  for (state::Record const* intent : situation_.open_intents(item.name, state::Step::update)) {
    Fate const fate = situation_.fate_of(*intent, entry, &live);
    close(item, *intent, fate);
    if (!intent->entry || !intent->entry->last_applied) continue;
    json::Ref const& sent = intent->entry->last_applied;
    applied = fate.kind == Fate::Kind::done
                  ? sent
                  : also_applied(applied, *sent, *live.document, situation_.schema_of(*item.desired));
  }
  for (state::Step const step : {state::Step::delete_, state::Step::cancel})
    for (state::Record const* intent : situation_.open_intents(item.name, step))
      close(item, *intent, situation_.fate_of(*intent, entry, &live));
  return applied;
}

std::optional<Item> Planner::doubtful(Item const& item, Desired const& desired) {
  Item decided = item;
  decided.action = Action::create;
  std::string story;
  std::optional<Fate> judged;
  state::Record const* proof = nullptr;
  for (state::Record const* intent : situation_.open_intents(item.name, state::Step::create)) {
    decided.settles.push_back(intent->sequence);
    story = story_of(*intent);
    auto const& entry = intent->entry;
    if (entry && Scope(entry->account, entry->contract) != Scope(item.account, item.contract)) {
      block(decided, fmt::format("{}; it was sent to contract {}, which the manifest has left", story, entry->contract),
            "put contract and account back and run again: the doubt is resolved then");
      return decided;
    }
    Fate fate = situation_.fate_of_create(*intent, {item.account, item.contract});
    if (fate.kind == Fate::Kind::done) proof = intent;
    judged = judged ? less_certain(std::move(*judged), std::move(fate)) : std::move(fate);
  }
  if (!judged) return std::nullopt;
  Fate const& fate = *judged;
  switch (fate.kind) {
    case Fate::Kind::done:
      decided.reason = fmt::format("{}; CPS's list shows that it was done", story_of(*proof));
      return proven_create(std::move(decided), desired, *proof, *fate.live);
    case Fate::Kind::not_shown:
    case Fate::Kind::not_done: {
      std::vector<std::int64_t> const settles = decided.settles;
      decided = unknown(item, desired);
      decided.settles = settles;
      if (decided.action == Action::create)
        decided.reason = fmt::format("{}; CPS's list shows that it was not done", story);
      return decided;
    }
    case Fate::Kind::ambiguous: return ambiguous_create(std::move(decided), desired, fate, story);
    case Fate::Kind::open:
      decided.waits = fate.until.has_value();
      block(decided, fmt::format("{}; CPS may still have done it", story),
            fate.until ? fmt::format("run again after {}: CPS's list tells then", timestamp(*fate.until))
                       : fmt::format("look in Akamai Control Center whether it exists, then say what became of it: "
                                     "cpsctl state settle {} --as ID | --not-done",
                                     item.name));
      return decided;
  }
  return decided;
}

/// What was sent is recorded as last applied, whatever the manifest says today: what it says beside that is a change.
Item Planner::proven_create(Item item, Desired const& desired, state::Record const& intent, cps::Live const& live) {
  item.action = Action::adopt;
  item.state_only = true;
  item.id = live.id.value;
  item.live = live;
  item.proven = intent.sequence;
  std::erase(item.settles, intent.sequence);
  item.open_steps = intent.entry->open_steps;
  item.changes =
      diff::three_way(desired.enrollment, intent.entry->last_applied, *live.document, situation_.schema_of(desired))
          .changes;
  std::erase_if(item.changes, [&](diff::Change const& change) { return is_owed(change, item.open_steps); });
  item.notes = pending_notes(live);
  if (!item.changes.empty())
    item.notes.emplace_back("the manifest was edited since it was sent: that is a change of its own");
  return item;
}

Item Planner::ambiguous_create(Item item, Desired const& desired, Fate const& fate, std::string const& story) {
  schema::Schema const& schema = situation_.schema_of(desired);
  auto const differences = [&](cps::Live const* live) {
    return diff::compare_applied(desired.enrollment, *live->document, schema).changes;
  };
  std::vector<cps::Live const*> agreeing;
  std::ranges::copy_if(fate.candidates, std::back_inserter(agreeing), [&](cps::Live const* live) {
    return same_identity(*desired.enrollment, *live->document, schema) && differences(live).empty();
  });
  if (agreeing.size() == 1) {
    item.action = Action::adopt;
    item.state_only = true;
    item.id = agreeing.front()->id.value;
    item.live = *agreeing.front();
    item.reason = fmt::format("{}; of what it may have made the manifest agrees with {}", story, item.id);
    item.notes = pending_notes(*agreeing.front());
    return item;
  }
  if (fate.candidates.size() == 1) {
    item.changes = differences(fate.candidates.front());
    item.live = *fate.candidates.front();
  }
  block(item, fmt::format("{}; it may have made {}", story, fmt::join(ids_of(fate.candidates), ", ")),
        fmt::format("make the manifest agree with the one that is right: it is taken over then; or say what became of "
                    "it: cpsctl state settle {} --as ID | --not-done",
                    item.name));
  return item;
}

/// Creates in doubt whose manifests are gone: what they made is still ours to know.
void Planner::orphaned_intents() {
  for (state::Record const& intent : inputs_.open_intents) {
    bool const spoken_of = situation_.declared(intent.name) || inputs_.entries.contains(intent.name);
    if (spoken_of || intent.step != state::Step::create) continue;
    auto const& entry = intent.entry;
    if (!entry || !situation_.in_scope(entry->source) || !situation_.listed({entry->account, entry->contract}))
      continue;
    items_.push_back(orphaned(intent, *entry));
  }
}

Item Planner::orphaned(state::Record const& intent, Entry const& entry) {
  Item item{
      .name = intent.name, .contract = entry.contract, .account = entry.account, .common_name = entry.common_name};
  std::string const story = story_of(intent) + "; its manifest is gone";
  Fate const fate = situation_.fate_of_create(intent, {entry.account, entry.contract});
  item.action = Action::create;
  item.settles = {intent.sequence};
  switch (fate.kind) {
    case Fate::Kind::done:
      item.action = Action::adopt;
      item.state_only = true;
      item.id = fate.live->id.value;
      item.live = *fate.live;
      item.proven = intent.sequence;
      item.settles.clear();
      item.desired = Desired{.name = entry.name,
                             .labels = entry.labels,
                             .source = entry.source,
                             .contract = entry.contract,
                             .account_key = entry.account,
                             .api_schema = entry.api_schema,
                             .enrollment = entry.last_applied,
                             .lifecycle = policy_of(entry)};
      item.reason = story + "; CPS's list shows that it was done: it is recorded";
      return item;
    case Fate::Kind::not_shown:
    case Fate::Kind::not_done:
      item.action = Action::forget;
      item.state_only = true;
      item.reason = story + "; CPS's list shows that it was not done";
      return item;
    case Fate::Kind::ambiguous:
    case Fate::Kind::open: break;
  }
  item.waits = fate.kind == Fate::Kind::open && fate.until;
  block(item, story,
        item.waits ? fmt::format("run again after {}: CPS's list tells then", timestamp(*fate.until))
                   : fmt::format("put the manifest back and run again, or: cpsctl state settle {} --as ID | --not-done",
                                 item.name));
  return item;
}

/// A doubt belongs to its common name, not to the manifest's: a renamed manifest does not get past it.
void Planner::no_create_beside_a_doubt() {
  std::multimap<std::pair<Scope, std::string>, state::Record const*> doubts;
  for (state::Record const& intent : inputs_.open_intents)
    if (auto const& entry = intent.entry; entry && intent.step == state::Step::create)
      doubts.emplace(std::pair(Scope(entry->account, entry->contract), text::hostname(entry->common_name)), &intent);
  for (Item& item : items_) {
    Scope const scope{item.account, item.contract};
    if (item.action != Action::create) continue;
    auto const [first, last] = doubts.equal_range({scope, text::hostname(item.common_name)});
    for (auto doubt = first; doubt != last && item.action == Action::create; ++doubt) {
      state::Record const& intent = *doubt->second;
      if (intent.name == item.name) continue;
      Fate const fate = situation_.fate_of_create(intent, scope);
      if (fate.kind == Fate::Kind::not_done) continue;
      item.waits = situation_.has_manifest(intent.name) && fate.kind == Fate::Kind::open && fate.until;
      block(item, fmt::format("of {}, which has this common name, {}", intent.name, story_of(intent)),
            situation_.has_manifest(intent.name)
                ? "run again once that doubt is resolved"
                : fmt::format("put the manifest {} back and run again: the doubt is resolved then", intent.name));
    }
  }
}

}  // namespace cpsctl::plan

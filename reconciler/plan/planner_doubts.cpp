#include "base/text.hpp"
#include "diff/compare.hpp"
#include "plan/planner.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

/// The planner's part about creates whose answers never came.
namespace cpsctl::plan {
namespace {

std::string story_of(state::Record const& intent) {
  if (intent.reason.empty() && intent.lost.empty())
    return fmt::format("a create was sent at {} and its answer never came", intent.at);
  if (intent.reason.empty())
    return fmt::format("a create was sent at {}, and what became of it is not known ({})", intent.at, intent.lost);
  return fmt::format("a create was sent at {} and refused ({})", intent.at, intent.reason);
}

}  // namespace

Verdict Planner::judge(state::Record const& intent, Scope const& scope) const {
  return judge_create(
      intent, inputs_.listings.at(scope), indexes_.at(scope), [this](std::int64_t id) { return owned(id); }, inputs_);
}

std::vector<state::Record const*> Planner::open_intents(std::string const& name, state::Step step) const {
  std::vector<state::Record const*> found;
  for (state::Record const& intent : inputs_.open_intents)
    if (intent.name == name && intent.step == step) found.push_back(&intent);
  return found;
}

void Planner::settle(Item& item, state::Step step, char const* what) {
  WallTime const begun = inputs_.listings.at({item.account, item.contract}).begun;
  for (state::Record const* intent : open_intents(item.name, step)) {
    auto const ended = parse_timestamp(intent->ends_by);
    if (!ended) {
      block(item, fmt::format("{} was sent at {}, and the journal does not say by when it was over", what, intent->at),
            "look in Akamai Control Center whether it was done");
      return;
    }
    if (*ended >= begun) {
      item.waits = true;
      block(item,
            fmt::format("{} was sent at {}, its answer never came, and it may still be under way", what, intent->at),
            fmt::format("run again after {}", intent->ends_by));
      return;
    }
    // It is over, and CPS's list does not show what it was to bring: sending it again brings it about once.
    item.settles.push_back(intent->sequence);
  }
}

std::optional<Item> Planner::doubtful(Item const& item, Desired const& desired) {
  Item decided = item;
  decided.action = Action::create;
  std::string story;
  std::optional<Verdict> judged;
  for (state::Record const* intent : open_intents(item.name, state::Step::create)) {
    decided.settles.push_back(intent->sequence);
    story = story_of(*intent);
    auto const& entry = intent->entry;
    if (entry && Scope(entry->account, entry->contract) != Scope(item.account, item.contract)) {
      block(decided, fmt::format("{}; it was sent to contract {}, which the manifest has left", story, entry->contract),
            "put contract and account back and run again: the doubt is resolved then");
      return decided;
    }
    Verdict verdict = judge(*intent, {item.account, item.contract});
    judged = judged ? less_certain(std::move(*judged), std::move(verdict)) : std::move(verdict);
  }
  if (!judged) return std::nullopt;
  Verdict const& verdict = *judged;
  switch (verdict.kind) {
    case Verdict::Kind::proven: {
      decided.action = Action::adopt;
      decided.state_only = true;
      decided.id = verdict.live->id.value;
      decided.live = *verdict.live;
      decided.open_steps = diff::deferred_on_create(*desired.enrollment, schema_of(desired));
      decided.reason = fmt::format("{}; CPS's list proves that it was done", story);
      note_pending(decided, *verdict.live);
      return decided;
    }
    case Verdict::Kind::disproven: {
      std::vector<std::int64_t> const settles = decided.settles;
      decided = unknown(item, desired);
      decided.settles = settles;
      if (decided.action == Action::create)
        decided.reason = fmt::format("{}; CPS's list proves that it was not done", story);
      return decided;
    }
    case Verdict::Kind::ambiguous:
      block(decided, fmt::format("{}; it may have made {}", story, fmt::join(verdict.candidates, ", ")),
            "make the manifest agree with the one that is right: it is taken over then");
      return decided;
    case Verdict::Kind::open:
      decided.waits = verdict.until.has_value();
      block(decided, fmt::format("{}; CPS may still have done it", story),
            verdict.until ? fmt::format("run again after {}: CPS's list tells then", timestamp(*verdict.until))
                          : std::string("look in Akamai Control Center whether it exists"));
      return decided;
  }
  return decided;
}

/// Creates in doubt whose manifests are gone: what they made is still ours to know.
void Planner::orphaned_intents() {
  for (state::Record const& intent : inputs_.open_intents) {
    bool const spoken_of = declared(intent.name) || inputs_.entries.contains(intent.name) || !looked_at(intent.name);
    if (spoken_of || intent.step != state::Step::create) continue;
    auto const& entry = intent.entry;
    if (!entry || !in_scope(entry->source) || !indexes_.contains({entry->account, entry->contract})) continue;
    items_.push_back(orphaned(intent, *entry));
  }
}

Item Planner::orphaned(state::Record const& intent, Entry const& entry) {
  Item item{
      .name = intent.name, .contract = entry.contract, .account = entry.account, .common_name = entry.common_name};
  std::string const story = story_of(intent) + "; its manifest is gone";
  Verdict const verdict = judge(intent, {entry.account, entry.contract});
  item.action = Action::create;
  item.settles = {intent.sequence};
  switch (verdict.kind) {
    case Verdict::Kind::proven:
      item.action = Action::adopt;
      item.state_only = true;
      item.id = verdict.live->id.value;
      item.live = *verdict.live;
      item.desired = Desired{.name = entry.name,
                             .labels = entry.labels,
                             .source = entry.source,
                             .contract = entry.contract,
                             .account_key = entry.account,
                             .api_schema = entry.api_schema,
                             .enrollment = entry.last_applied,
                             .lifecycle = policy_of(entry)};
      item.reason = story + "; CPS's list proves that it was done: it is recorded";
      return item;
    case Verdict::Kind::disproven:
      item.action = Action::forget;
      item.state_only = true;
      item.reason = story + "; CPS's list proves that it was not done";
      return item;
    case Verdict::Kind::ambiguous:
    case Verdict::Kind::open: break;
  }
  item.waits = verdict.until.has_value();
  block(item, story,
        item.waits ? fmt::format("run again after {}: CPS's list tells then", timestamp(*verdict.until))
                   : std::string("put the manifest back and run again"));
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
      Verdict const verdict = judge(intent, scope);
      if (verdict.kind == Verdict::Kind::disproven) continue;
      item.waits = declared_.contains(intent.name) && verdict.kind == Verdict::Kind::open && verdict.until;
      block(item, fmt::format("of {}, which has this common name, {}", intent.name, story_of(intent)),
            declared_.contains(intent.name)
                ? "run again once that doubt is resolved"
                : fmt::format("put the manifest {} back and run again: the doubt is resolved then", intent.name));
    }
  }
}

}  // namespace cpsctl::plan

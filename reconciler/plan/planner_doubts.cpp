#include "base/text.hpp"
#include "diff/compare.hpp"
#include "plan/planner.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

/// The planner's part about creates whose answers never came.
namespace cpsctl::plan {

Verdict Planner::judge(state::Record const& intent, Scope const& scope) const {
  return judge_create(
      intent, inputs_.listings.at(scope), indexes_.at(scope), [this](std::int64_t id) { return owned(id); }, inputs_);
}

std::optional<Item> Planner::doubtful(Item const& item, Desired const& desired) {
  Item decided = item;
  decided.action = Action::create;
  std::string story;
  std::optional<Verdict> judged;
  for (state::Record const& intent : inputs_.open_intents) {
    if (intent.name != item.name || intent.step != state::Step::create) continue;
    decided.settles.push_back(intent.sequence);
    story = fmt::format("a create was sent at {} and its answer never came", intent.at);
    auto const entry = entry_of(intent);
    if (entry && Scope(entry->account, entry->contract) != Scope(item.account, item.contract)) {
      block(decided, fmt::format("{}; it was sent to contract {}, which the manifest has left", story, entry->contract),
            "put contract and account back and run again: the doubt is resolved then");
      return decided;
    }
    Verdict verdict = judge(intent, {item.account, item.contract});
    judged = judged ? less_certain(std::move(*judged), std::move(verdict)) : std::move(verdict);
  }
  if (!judged) return std::nullopt;
  Verdict const& verdict = *judged;
  switch (verdict.kind) {
    case Verdict::Kind::proven: {
      decided.action = Action::adopt;
      decided.state_only = true;
      decided.id = verdict.live->id.value;
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
      block(decided, fmt::format("{}; CPS may still have done it", story),
            verdict.until ? fmt::format("run again after {}: CPS's list tells then", timestamp(*verdict.until))
                          : std::string("look in Akamai Control Center whether it exists"));
      return decided;
  }
  return decided;
}

/// Writes in doubt whose manifests are gone: nobody else would speak of them.
void Planner::orphaned_intents() {
  for (state::Record const& intent : inputs_.open_intents) {
    if (declared_.contains(intent.name) || inputs_.entries.contains(intent.name)) continue;
    auto const entry = entry_of(intent);
    if (!entry || !in_scope(entry->source)) continue;
    Item item{
        .name = intent.name, .contract = entry->contract, .account = entry->account, .common_name = entry->common_name};
    item.action = Action::create;
    block(item, fmt::format("a create was sent at {} and its answer never came, and its manifest is gone", intent.at),
          "put the manifest back and run again: the doubt is resolved then");
    items_.push_back(std::move(item));
  }
}

/// A doubt belongs to its common name, not to the manifest's: a renamed manifest does not get past it.
void Planner::no_create_beside_a_doubt() {
  std::multimap<std::pair<Scope, std::string>, state::Record const*> doubts;
  for (state::Record const& intent : inputs_.open_intents)
    if (auto const entry = entry_of(intent); entry && intent.step == state::Step::create)
      doubts.emplace(std::pair(Scope(entry->account, entry->contract), text::hostname(entry->common_name)), &intent);
  for (Item& item : items_) {
    Scope const scope{item.account, item.contract};
    auto const [first, last] = doubts.equal_range({scope, text::hostname(item.common_name)});
    for (auto doubt = first; doubt != last && item.action == Action::create; ++doubt) {
      state::Record const& intent = *doubt->second;
      if (intent.name == item.name || judge(intent, scope).kind == Verdict::Kind::disproven) continue;
      block(item,
            fmt::format("a create of {} with this common name was sent at {} and its answer never came", intent.name,
                        intent.at),
            declared_.contains(intent.name)
                ? "run again once that doubt is resolved"
                : fmt::format("put the manifest {} back and run again: the doubt is resolved then", intent.name));
    }
  }
}

}  // namespace cpsctl::plan

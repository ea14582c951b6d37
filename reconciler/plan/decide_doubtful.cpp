#include "base/text.hpp"
#include "diff/compare.hpp"
#include "plan/decide.hpp"
#include "plan/resolve.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

/// Manifests whose creates got no answer that tells.
namespace cpsctl::plan {
namespace {

/// What was sent is recorded as last applied, whatever the manifest says today: what else it says is a change.
Item proven(Situation const& situation, Item item, state::Record const& intent, cps::Live const& live) {
  manifest::Desired const& desired = *item.desired;
  schema::Schema const& schema = situation.schema_of(desired);
  std::vector<std::string> const& owed = intent.entry->open_steps;
  look_at(item, live, schema);
  item.wanted = Action::adopt;
  item.work = RecordOnly{.open_steps = owed};
  item.changes = diff::three_way(desired.enrollment, intent.entry->last_applied, *live.document, schema).changes;
  std::erase_if(item.changes, [&](diff::Change const& change) { return is_owed(change, owed); });
  if (!item.changes.empty())
    item.notes.emplace_back("the manifest was edited since it was sent: that is a change of its own");
  return item;
}

Item ambiguous(Situation const& situation, Item item, ResolvedCreate const& resolved) {
  manifest::Desired const& desired = *item.desired;
  schema::Schema const& schema = situation.schema_of(desired);
  auto const& candidates = resolved.fate.candidates;
  auto const differences = [&](cps::Live const* live) {
    return diff::compare_applied(desired.enrollment, *live->document, schema).changes;
  };
  std::vector<cps::Live const*> agreeing;
  std::ranges::copy_if(candidates, std::back_inserter(agreeing), [&](cps::Live const* live) {
    return same_identity(*desired.enrollment, *live->document, schema) && differences(live).empty();
  });
  if (agreeing.size() == 1) {
    look_at(item, *agreeing.front(), schema);
    item.wanted = Action::adopt;
    item.work = RecordOnly();
    item.reason = fmt::format("{}; of what it may have made the manifest agrees with {}", resolved.story, item.id);
    return item;
  }
  if (candidates.size() == 1) {
    item.changes = differences(candidates.front());
    item.live = *candidates.front();
  }
  hold(item, {.reason = fmt::format("{}; it may have made {}", resolved.story, fmt::join(ids_of(candidates), ", ")),
              .next = "make the manifest agree with the one that is right: it is taken over then; or say what became "
                      "of it: " +
                      settling(item.name)});
  return item;
}

manifest::Desired desired_of(state::Entry const& entry) {
  return {.name = entry.name,
          .labels = entry.labels,
          .source = entry.source,
          .contract = entry.contract,
          .account_key = entry.account,
          .api_schema = entry.api_schema,
          .enrollment = entry.last_applied,
          .lifecycle = policy_of(entry)};
}

}  // namespace

std::optional<Item> decide_doubtful(Situation const& situation, Subject const& subject, Item const& item) {
  auto resolved = resolve_create(situation, subject);
  if (!resolved) return std::nullopt;
  Item decided = item;
  decided.wanted = Action::create;
  if (resolved->obstacle) {
    hold(decided, std::move(*resolved->obstacle));
    // Somebody else's is listed: where that is in the way, nobody has to wait for the list to be told so.
    if (resolved->fate.kind == Fate::Kind::not_shown && decided.waits())
      if (Item other = decide_new(situation, subject, item); other.held() != nullptr) decided = std::move(other);
  } else if (resolved->proven != nullptr && resolved->fate.kind == Fate::Kind::done) {
    decided.reason = resolved->story + "; CPS's list shows that it was done";
    decided = proven(situation, std::move(decided), *resolved->proven, *resolved->fate.live);
  } else if (resolved->fate.kind == Fate::Kind::ambiguous) {
    decided = ambiguous(situation, std::move(decided), *resolved);
  } else {
    decided = decide_new(situation, subject, item);
    if (decided.action() == Action::create)
      decided.reason = resolved->story + "; CPS's list shows that it was not done";
  }
  decided.closes = std::move(resolved->closes);
  return decided;
}

Item decide_lost(Situation const& situation, Subject const& subject) {
  ResolvedCreate resolved = resolve_create(situation, subject).value();
  state::Record const& last = *situation.open_intents(subject.name, state::WriteKind::create).back();
  state::Entry const& entry = resolved.proven != nullptr ? *resolved.proven->entry : *last.entry;
  Item item{.name = subject.name,
            .wanted = Action::create,
            .contract = subject.scope.second,
            .account = subject.scope.first,
            .common_name = entry.common_name,
            .closes = std::move(resolved.closes)};
  std::string const story = resolved.story + "; its manifest is gone";
  if (!resolved.obstacle && resolved.fate.kind == Fate::Kind::done) {
    item.wanted = Action::adopt;
    item.work = RecordOnly();  // the intent knows what is open; nobody is left to write it
    item.id = resolved.fate.live->id.value;
    item.live = *resolved.fate.live;
    item.desired = desired_of(entry);
    item.reason = story + "; CPS's list shows that it was done: it is recorded";
    return item;
  }
  if (!resolved.obstacle && resolved.fate.kind == Fate::Kind::not_done) {
    item.wanted = Action::forget;
    item.work = Disproved();
    item.reason = story + "; CPS's list shows that it was not done";
    return item;
  }
  bool const waits = resolved.obstacle && resolved.obstacle->why == Held::Why::waits;
  hold(item,
       {.reason = story,
        .next = waits ? resolved.obstacle->next : "put the manifest back and run again, or: " + settling(item.name),
        .why = waits ? Held::Why::waits : Held::Why::blocked});
  return item;
}

}  // namespace cpsctl::plan

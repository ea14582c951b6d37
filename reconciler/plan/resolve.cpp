#include "plan/resolve.hpp"

#include "plan/schedule.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::plan {
namespace {

/// What is in the way while it may still be under way.
Obstacle not_over(state::Record const& intent, Fate const& fate) {
  bool const waits = fate.until || !fate.under_way.empty();
  std::string const sent = fmt::format("{} was sent at {}", noun(intent.step), intent.at);
  if (!fate.under_way.empty())
    return {.reason =
                fmt::format("{} and its answer never came; change {} may be it", sent, fmt::join(fate.under_way, ", ")),
            .next = "run again once that change has ended",
            .why = Held::Why::waits};
  if (waits)
    return {.reason = sent + ", its answer never came, and it may still be under way",
            .next = fmt::format("run again after {}", timestamp(*fate.until)),
            .why = Held::Why::waits};
  return {.reason = sent + ", and the journal does not say by when it was over",
          .next = fmt::format("look in Akamai Control Center whether it was done; if not: cpsctl state settle {} "
                              "--not-done",
                              intent.name)};
}

/// A write that is over is closed by the item's result; any other holds the item.
void close(state::Record const& intent, Fate const& fate, ResolvedWrites& resolved) {
  switch (fate.kind) {
    case Fate::Kind::done:
      if (intent.step == state::WriteKind::cancel)  // nothing is recorded of it
        resolved.closes.not_done.push_back(intent.sequence);
      else
        resolved.closes.done.push_back(intent.sequence);
      return;
    // It is over, and CPS's list does not show what it was to bring: sending it again brings it about once.
    case Fate::Kind::not_shown:
    case Fate::Kind::not_done: resolved.closes.not_done.push_back(intent.sequence); return;
    case Fate::Kind::ambiguous:
    case Fate::Kind::open: resolved.obstacle = not_over(intent, fate); return;
  }
}

}  // namespace

char const* noun(state::WriteKind step) {
  switch (step) {
    case state::WriteKind::create: return "a create";
    case state::WriteKind::update: return "an update";
    case state::WriteKind::delete_: return "a delete";
    case state::WriteKind::cancel: return "a cancel";
    case state::WriteKind::answer: return "an answer";
    case state::WriteKind::schedule: return "a new deployment schedule";
  }
  return "a write";
}

std::string settling(std::string const& name) {
  return fmt::format("cpsctl state settle {} --as ID | --not-done", name);
}

std::string story_of(state::Record const& create) {
  if (create.reason.empty() && create.lost.empty())
    return fmt::format("a create was sent at {} and its answer never came", create.at);
  if (create.reason.empty())
    return fmt::format("a create was sent at {}, and its answer was lost ({})", create.at, create.lost);
  return fmt::format("a create was sent at {} and refused ({})", create.at, create.reason);
}

ResolvedWrites resolve_writes(Situation const& situation, Subject const& subject) {
  state::Entry const& entry = *subject.entry;
  ResolvedWrites resolved{.applied = entry.last_applied};
  if (subject.desired != nullptr) {
    for (state::Record const* intent : situation.open_intents(subject.name, state::WriteKind::update)) {
      Fate const fate = situation.fate_of(*intent, entry, subject.live);
      close(*intent, fate, resolved);
      if (!intent->entry || !intent->entry->last_applied) continue;
      json::Ref const& sent = intent->entry->last_applied;
      resolved.applied = fate.kind == Fate::Kind::done ? sent
                                                       : also_applied(resolved.applied, *sent, *subject.live->document,
                                                                      situation.schema_of(*subject.desired));
    }
  }
  for (state::WriteKind const step : {state::WriteKind::delete_, state::WriteKind::cancel})
    for (state::Record const* intent : situation.open_intents(subject.name, step))
      close(*intent, situation.fate_of(*intent, entry, subject.live), resolved);
  for (state::Record const* intent : situation.open_intents(subject.name, state::WriteKind::schedule))
    close(*intent, fate_of_schedule(situation, *intent, entry, *subject.live), resolved);
  return resolved;
}

std::optional<ResolvedCreate> resolve_create(Situation const& situation, Subject const& subject) {
  std::optional<ResolvedCreate> resolved;
  for (state::Record const* intent : situation.open_intents(subject.name, state::WriteKind::create)) {
    bool const first = !resolved;
    if (first) resolved.emplace();
    resolved->closes.not_done.push_back(intent->sequence);
    resolved->story = story_of(*intent);
    auto const& entry = intent->entry;
    if (entry && Scope(entry->account, entry->contract) != subject.scope) {
      resolved->obstacle = {.reason = fmt::format("{}; it was sent to contract {}, which the manifest has left",
                                                  resolved->story, entry->contract),
                            .next = "put contract and account back and run again: the doubt is resolved then"};
      return resolved;
    }
    Fate fate = situation.fate_of_create(*intent, subject.scope);
    if (fate.kind == Fate::Kind::done) resolved->proven = intent;
    resolved->fate = first ? std::move(fate) : less_certain(std::move(resolved->fate), std::move(fate));
  }
  if (!resolved) return resolved;
  switch (resolved->fate.kind) {
    case Fate::Kind::done:
      resolved->story = story_of(*resolved->proven);
      resolved->closes.done = {resolved->proven->sequence};
      std::erase(resolved->closes.not_done, resolved->proven->sequence);
      break;
    case Fate::Kind::not_shown:
    case Fate::Kind::open: {
      auto const& until = resolved->fate.until;
      resolved->obstacle = {
          .reason = resolved->story + "; CPS may still have done it",
          .next = until ? fmt::format("run again after {}: CPS's list tells then", timestamp(*until))
                        : "look in Akamai Control Center whether it exists, then say what became of it: " +
                              settling(subject.name),
          .why = until ? Held::Why::waits : Held::Why::blocked};
      break;
    }
    case Fate::Kind::not_done:
    case Fate::Kind::ambiguous: break;
  }
  return resolved;
}

}  // namespace cpsctl::plan

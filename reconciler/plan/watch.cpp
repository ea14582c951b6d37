#include "plan/watch.hpp"

#include "base/clock.hpp"
#include "lifecycle/memory.hpp"

#include <algorithm>
#include <utility>

namespace cpsctl::plan {
namespace {

cps::Input const* input_of(lifecycle::Sight const& sight) {
  return sight.change ? lifecycle::input_of(*sight.change) : nullptr;
}

/// Does CPS ask for what was answered: the same input, with the same information? Nobody can say so of one whose
/// information was not read.
bool asks_for(lifecycle::Sight const& sight, std::string const& segment, std::string const& digest) {
  cps::Input const* const input = input_of(sight);
  auto const* const info = std::get_if<cps::InputInfo>(&sight.info);
  return input != nullptr && info != nullptr && input->update == segment && lifecycle::answer_digest(*info) == digest;
}

bool unread(lifecycle::Sight const& sight) {
  return sight.change && input_of(sight) != nullptr && std::holds_alternative<lifecycle::NotRead>(sight.info);
}

std::optional<WallTime> time_of(std::string const& text) {
  auto const time = parse_timestamp(text);
  return time ? std::optional(*time) : std::nullopt;
}

void settle(lifecycle::Sight const& sight, state::Record const& answer, WallTime now, Watched& watched) {
  if (unread(sight)) {
    watched.in_doubt = true;
    return;
  }
  if (!asks_for(sight, answer.input, answer.digest)) {
    watched.done.push_back(answer.sequence);
    watched.watch.answered = answer.input;
    watched.watch.digest = answer.digest;
    return;
  }
  auto const ends = time_of(answer.ends_by);
  bool const over = !ends || now >= *ends + shown_after_answer;
  if (over)
    watched.not_done.push_back(answer.sequence);
  else
    watched.in_doubt = true;
}

bool answers_one(state::Record const& intent) {
  return intent.step == state::WriteKind::answer && !intent.pending_changes.empty();
}

std::int64_t change_of(state::Record const& answer) {
  return answer.pending_changes.front();
}

/// What CPS shows to be pending of an entry.
class Pending {
 public:
  Pending(Inputs const& inputs, state::Entry const& entry) {
    auto const lookup = inputs.lookups.find(entry.id);
    auto const listing = inputs.listings.find({entry.account, entry.contract});
    if (lookup != inputs.lookups.end() && lookup->second) {
      live_ = &*lookup->second;
    } else if (listing != inputs.listings.end()) {
      auto const& all = listing->second.enrollments;
      auto const found = std::ranges::find(all, entry.id, [](cps::Live const& live) { return live.id.value; });
      if (found != all.end()) live_ = &*found;
    }
  }

  /// It has ended. Not so where nobody looked.
  bool lacks(std::int64_t change) const {
    return live_ != nullptr && std::ranges::none_of(live_->pending, [change](cps::PendingChange const& one) {
             return one.id.value == change;
           });
  }

 private:
  cps::Live const* live_ = nullptr;
};

state::Record closing(std::string const& name, std::int64_t intent, bool done) {
  return {.phase = done ? state::Phase::done : state::Phase::refused,
          .intent = intent,
          .step = state::WriteKind::answer,
          .name = name,
          .reason = done ? "" : "CPS still asks for it"};
}

}  // namespace

Watched watched(lifecycle::Sight const& sight, state::Watch const* before,
                std::vector<state::Record const*> const& open, WallTime now) {
  Watched watched;
  if (before != nullptr) watched.watch = *before;
  if (sight.recalled) return watched;
  state::Watch& watch = watched.watch;
  watch.change = sight.pending.id.value;
  if (!sight.change) {
    watch.state = "gone";
  } else {
    cps::Input const* const input = input_of(sight);
    std::string const segment = input == nullptr ? std::string() : input->update;
    std::string const at = timestamp(sight.change->answered.value_or(now));
    bool const moved = watch.state != sight.change->state_text || watch.input != segment || watch.since.empty();
    if (moved) watch.since = at;
    watch.state = sight.change->state_text;
    watch.input = segment;
    watch.read = at;
    watch.turn.clear();
    watch.seen = lifecycle::remembered(sight);
    bool const on_staging = input != nullptr && input->kind == cps::InputKind::change_management;
    if (on_staging && watch.staging_since.empty()) watch.staging_since = at;
  }
  if (!watch.answered.empty()) {
    if (asks_for(sight, watch.answered, watch.digest))
      ++watch.looks;
    else if (!unread(sight))
      watch.answered.clear(), watch.digest.clear(), watch.looks = 0;
  }
  for (state::Record const* intent : open) {
    if (answers_one(*intent) && change_of(*intent) == watch.change) settle(sight, *intent, now, watched);
  }
  return watched;
}

lifecycle::Seen seen_of(lifecycle::Sight const& sight, Watched const& watched, WallTime now) {
  state::Watch const& watch = watched.watch;
  lifecycle::Seen seen{.name = sight.name,
                       .type = sight.pending.type,
                       .change = sight.change.value_or(cps::Change{.id = sight.pending.id}),
                       .info = sight.info,
                       .since = time_of(watch.since),
                       .staging_since = time_of(watch.staging_since),
                       .offer = sight.offer};
  if (auto const again = time_of(watch.again); again && *again > now) seen.signer_waits = *again - now;
  if (!watch.answered.empty())
    seen.given = lifecycle::Given{.update = watch.answered,
                                  .digest = watch.digest,
                                  .looks = static_cast<int>(std::min<std::int64_t>(watch.looks, 99))};
  // One whose answer never came is waited for like one that CPS has taken, and not given again meanwhile.
  auto const* const info = std::get_if<cps::InputInfo>(&sight.info);
  cps::Input const* const input = input_of(sight);
  if (watched.in_doubt && info != nullptr && input != nullptr)
    seen.given = lifecycle::Given{.update = input->update, .digest = lifecycle::answer_digest(*info)};
  return seen;
}

std::vector<state::Record> news_of(Inputs const& inputs, std::map<std::int64_t, std::string> const& turns) {
  std::map<std::string, std::vector<lifecycle::Sight const*>> by_name;
  for (auto const& [change, sight] : inputs.sights) by_name[sight.name].push_back(&sight);
  std::vector<state::Record> news;
  for (auto const& [name, entry] : inputs.entries) {
    std::vector<state::Record const*> open;
    for (state::Record const& one : inputs.open_intents)
      if (one.name == name) open.push_back(&one);
    std::vector<state::Watch> now_seen;
    for (lifecycle::Sight const* sight : by_name[name]) {
      auto const before = std::ranges::find(entry.watches, sight->pending.id.value, &state::Watch::change);
      Watched one = watched(*sight, before == entry.watches.end() ? nullptr : &*before, open, inputs.now);
      for (std::int64_t const intent : one.done) news.push_back(closing(name, intent, true));
      for (std::int64_t const intent : one.not_done) news.push_back(closing(name, intent, false));
      auto const turn = turns.find(one.watch.change);
      if (turn != turns.end() && one.watch.seen) one.watch.turn = turn->second;
      if (sight->change) now_seen.push_back(std::move(one.watch));
    }
    Pending const pending(inputs, entry);
    auto const unseen = [&](std::int64_t change) { return !inputs.sights.contains(change); };
    for (state::Watch const& before : entry.watches)
      if (unseen(before.change) && !pending.lacks(before.change)) now_seen.push_back(before);
    for (state::Record const* intent : open)
      if (answers_one(*intent) && unseen(change_of(*intent)) && pending.lacks(change_of(*intent)))
        news.push_back(closing(name, intent->sequence, true));
    if (now_seen != entry.watches)
      news.push_back({.phase = state::Phase::watched, .name = name, .watches = std::move(now_seen)});
  }
  return news;
}

}  // namespace cpsctl::plan

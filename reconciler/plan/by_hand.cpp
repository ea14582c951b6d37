#include "plan/by_hand.hpp"

#include "base/clock.hpp"
#include "plan/watch.hpp"

#include <algorithm>
#include <utility>

namespace cpsctl::plan {
namespace {

using state::Phase;
using state::WriteKind;

class Settling {
 public:
  Settling(LookedAt const& seen, WallTime now) : seen_(seen), now_(now) {}

  void answer(state::Record const& intent) {
    auto const sight = std::ranges::find(seen_.sights, change_of(intent),
                                         [](lifecycle::Sight const& one) { return one.pending.id.value; });
    if (sight == seen_.sights.end()) return close(intent, Phase::done);  // it has gone on, to its end
    Watched const now_seen = watched(*sight, nullptr, {&intent}, now_);
    if (!now_seen.done.empty()) return close(intent, Phase::done);
    if (!now_seen.not_done.empty()) return close(intent, Phase::refused);
    leave(intent);
  }

  void cancel(state::Record const& intent) {
    auto const id = [](cps::PendingChange const& one) { return one.id.value; };
    if (std::ranges::find(seen_.pending, change_of(intent), id) == seen_.pending.end())
      return close(intent, Phase::done);
    auto const ends = parse_timestamp(intent.ends_by);
    if (!ends || now_ >= *ends + shown_after_answer) return close(intent, Phase::refused);
    leave(intent);
  }

  ByHand take() && { return std::move(settled_); }

 private:
  static std::int64_t change_of(state::Record const& intent) { return intent.pending_changes.front(); }

  void close(state::Record const& intent, Phase as) {
    settled_.closed.push_back({.phase = as,
                               .intent = intent.sequence,
                               .step = intent.step,
                               .name = intent.name,
                               .reason = as == Phase::done ? "" : "CPS shows no trace of it"});
  }

  void leave(state::Record const& intent) {
    settled_.open = intent;
    auto const ends = parse_timestamp(intent.ends_by);
    settled_.settled_by = ends ? std::optional(*ends + shown_after_answer) : std::nullopt;
  }

  LookedAt const& seen_;
  WallTime now_;
  ByHand settled_ = {};
};

}  // namespace

ByHand settle_by_hand(LookedAt const& seen, std::vector<state::Record> const& open_intents, WallTime now) {
  Settling settling(seen, now);
  for (state::Record const& intent : open_intents) {
    if (intent.name != seen.name || intent.pending_changes.empty()) continue;
    if (intent.step == WriteKind::answer) settling.answer(intent);
    if (intent.step == WriteKind::cancel && !seen.managed) settling.cancel(intent);
  }
  return std::move(settling).take();
}

}  // namespace cpsctl::plan

#pragma once
#include "plan/plan.hpp"

#include <cstdint>
#include <vector>

/// What the state remembers of pending changes, and what a new look at them adds. Pure.
namespace cpsctl::plan {

/// After this time behind an attempt's end an input that CPS still shows was not answered (facts-2026.md A2).
inline constexpr Duration shown_after_answer = std::chrono::seconds(60);

/// A pending change after a look at it.
struct Watched {
  state::Watch watch = {};
  bool in_doubt = false;                    ///< an answer was sent whose fate this look cannot tell yet
  std::vector<std::int64_t> done = {};      ///< intents of answers that CPS has taken: it does not ask any more
  std::vector<std::int64_t> not_done = {};  ///< those that it has not: it still asks, long after the attempt's end
};

/// `before`: as the state has it, and as it is without a new look; nothing for a change that is new. `open`: the open
/// intents of the enrollment's name. `now`: the local clock, which attempts are timed by; what CPS says carries its
/// own.
Watched watched(lifecycle::Sight const& sight, state::Watch const* before,
                std::vector<state::Record const*> const& open, WallTime now);

/// What decides about the change.
lifecycle::Seen seen_of(lifecycle::Sight const& sight, Watched const& watched, WallTime now);

/// What a run that writes records of its looks, in the order in which it has to: fates of answers, then what was seen.
/// Of a change that has ended nothing is remembered, and no answer is in doubt. Nothing of what the state does not
/// hold. `turns`: when each change is read again; one that has none is by the next run.
std::vector<state::Record> news_of(Inputs const& inputs, std::map<std::int64_t, std::string> const& turns);

}  // namespace cpsctl::plan

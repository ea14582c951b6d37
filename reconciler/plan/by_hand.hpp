#pragma once
#include "lifecycle/decide.hpp"
#include "state/types.hpp"

#include <optional>
#include <string>
#include <vector>

/// Doubts about what a person gave to the changes of one enrollment, which no plan may ever look at. Pure.
namespace cpsctl::plan {

/// An enrollment as it was just read.
struct LookedAt {
  std::string name = {};  ///< as its intents have it
  bool managed = false;   ///< the state holds it
  std::vector<cps::PendingChange> pending = {};
  std::vector<lifecycle::Sight> sights = {};  ///< of those that had not ended when they were read
};

/// What a look tells of them.
struct ByHand {
  std::vector<state::Record> closed = {};  ///< for the journal
  std::optional<state::Record> open = {};  ///< one that CPS may still take
  std::optional<WallTime> settled_by =
      {};  ///< when a look tells what became of that; nothing: the journal does not say
};

/// Answers to inputs; and cancels of what nobody manages: those of others a plan settles. `now`: the local
/// clock, which attempts are timed by.
ByHand settle_by_hand(LookedAt const& seen, std::vector<state::Record> const& open_intents, WallTime now);

}  // namespace cpsctl::plan

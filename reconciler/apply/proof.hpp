#pragma once
#include "apply/apply.hpp"

#include <map>
#include <set>
#include <string>

/// What becomes of an item whose write did not succeed. Pure: the decisions, without the waiting.
namespace cpsctl::apply {

/// What the error in place of an answer proves.
enum class Proof {
  refused,       ///< it was not done
  without_turn,  ///< it was not done: the run's end, a signal, or the request limit came first
  in_the_way,    ///< it was not done (409); what is in its way may be gone when the list is read again
  undecided,     ///< a create met a 409: the list tells whether an earlier arrival of it was taken (cps-api.md §9)
  in_doubt       ///< it may have been done
};
/// `sent`: an intent is on disk; without one the error came from what was looked at first.
Proof proof_of(state::WriteKind step, Error const& error, bool sent);

/// The run's end, or a signal, came before the request's turn.
bool is_without_turn(Error const& error);

/// How often each item met what, in this run.
class Tally {
 public:
  /// It met a 409 in an earlier run.
  void remember_conflict(plan::Key key) { conflict_before_.insert(std::move(key)); }
  /// How often CPS answered the item with 409.
  int conflicts(plan::Key const& key) const;
  /// One more. False: it has had its tries.
  bool another_conflict(plan::Key const& key);
  bool another_doubt(plan::Key const& key);

 private:
  std::map<plan::Key, int> conflicts_ = {};
  std::set<plan::Key> conflict_before_ = {};
  std::map<plan::Key, int> doubts_ = {};
};

/// `failed`: the item's result as the error alone tells it. `later`: when a list may tell what became of it.
ItemResult concluded(ItemResult failed, Proof proof, Error const& error, WallTime later, Tally& tally);

/// Nothing was tried: without a list to write on, or without a turn.
ItemResult not_begun(ItemResult failed, Error const& error);

}  // namespace cpsctl::apply

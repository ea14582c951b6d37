#include "apply/proof.hpp"

#include <fmt/format.h>

namespace cpsctl::apply {
namespace {

constexpr int most_conflicts = 3;  // of one item in one run: then it has failed
constexpr int most_doubts = 5;     // then a later run goes on

constexpr char const* conflict_hint =
    "CPS refuses a second certificate of a contract within five minutes of another, and a CN that exists already "
    "(maybe where this credential cannot see it): look at Akamai Control Center";

}  // namespace

bool is_without_turn(Error const& error) {
  return error.code == Errc::cancelled || error.code == Errc::timeout;
}

Proof proof_of(state::WriteKind step, Error const& error, bool sent) {
  // A 409 does not tell whether CPS takes a create later or never, nor whether an earlier arrival of the same request
  // was taken.
  if (step == state::WriteKind::create && error.code == Errc::conflict && sent) return Proof::undecided;
  if (sent && error.reached != Reached::no) return Proof::in_doubt;
  if (is_without_turn(error) || error.code == Errc::rate_limited) return Proof::without_turn;
  return error.code == Errc::conflict ? Proof::in_the_way : Proof::refused;
}

int Tally::conflicts(plan::Key const& key) const {
  auto const found = conflicts_.find(key);
  int const before = conflict_before_.contains(key) ? 1 : 0;
  return found == conflicts_.end() ? before : before + found->second;
}

bool Tally::another_conflict(plan::Key const& key) {
  return ++conflicts_[key] < most_conflicts;
}

bool Tally::another_doubt(plan::Key const& key) {
  return ++doubts_[key] < most_doubts;
}

ItemResult concluded(ItemResult failed, Proof proof, Error const& error, WallTime later, Tally& tally) {
  switch (proof) {
    case Proof::refused: return failed;
    case Proof::without_turn: return not_begun(std::move(failed), error);
    case Proof::in_the_way:
      failed.next = fmt::format("look at it with cpsctl status {}, and run cpsctl apply again once nothing is pending",
                                failed.name);
      if (!tally.another_conflict(failed.key())) return failed;
      failed.message += "; it is looked at again";
      break;
    case Proof::undecided:
      failed.next = conflict_hint;
      if (!tally.another_conflict(failed.key())) return failed;
      failed.message += "; CPS's list will tell whether it exists already, or has to be sent again";
      failed.next = "run cpsctl apply again in five minutes";
      break;
    case Proof::in_doubt:
      failed.outcome = Outcome::doubt;
      failed.next = "run cpsctl apply again in a few minutes: the doubt is resolved from CPS's list";
      if (tally.another_doubt(failed.key())) failed.again = later;
      return failed;
  }
  failed.outcome = Outcome::waiting;
  failed.again = later;
  return failed;
}

ItemResult not_begun(ItemResult failed, Error const& error) {
  bool const limit = error.code == Errc::rate_limited && error.reached == Reached::no;
  failed.outcome = limit ? Outcome::waiting : Outcome::skipped;
  failed.message = "not sent: " + failed.message;
  if (failed.next.empty()) failed.next = "run cpsctl apply again";
  return failed;
}

}  // namespace cpsctl::apply

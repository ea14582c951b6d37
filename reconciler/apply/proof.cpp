#include "apply/proof.hpp"

#include <fmt/format.h>

namespace cpsctl::apply {
namespace {

constexpr int most_refusals = 3;  // of one item in one run: then it has failed
constexpr int most_doubts = 5;    // then a later run goes on

constexpr char const* conflict_hint =
    "CPS refuses a second certificate of a contract within five minutes of another, and a CN that exists already "
    "(maybe where this credential cannot see it): look at Akamai Control Center";

}  // namespace

bool is_without_turn(Error const& error) {
  return error.code == Errc::cancelled || error.code == Errc::timeout;
}

bool is_too_old(Error const& error) {
  return error.code == Errc::stale;
}

Proof proof_of(state::WriteKind step, Error const& error, bool sent) {
  // A 409 does not tell whether CPS takes a create later or never, nor whether an earlier arrival of the same request
  // was taken.
  if (step == state::WriteKind::create && error.code == Errc::conflict && sent) return Proof::undecided;
  if (sent && error.reached != Reached::no) return Proof::in_doubt;
  if (is_without_turn(error) || error.code == Errc::rate_limited) return Proof::without_turn;
  return error.code == Errc::conflict ? Proof::in_the_way : Proof::refused;
}

int Tally::refusals(plan::Key const& key) const {
  auto const found = refusals_.find(key);
  int const before = refused_before_.contains(key) ? 1 : 0;
  return found == refusals_.end() ? before : before + found->second;
}

bool Tally::refused(plan::Key const& key) {
  return ++refusals_[key] < most_refusals;
}

bool Tally::doubted(plan::Key const& key) {
  return ++doubts_[key] < most_doubts;
}

ItemResult concluded(ItemResult failed, Proof proof, Error const& error, WallTime later, Tally& tally) {
  switch (proof) {
    case Proof::refused: return failed;
    case Proof::without_turn: return not_begun(std::move(failed), error);
    case Proof::in_the_way:
      failed.next = fmt::format("look at it with cpsctl status {}, and run cpsctl apply again once nothing is pending",
                                failed.name);
      if (!tally.refused(failed.key())) return failed;
      failed.message += "; it is looked at again";
      break;
    case Proof::undecided:
      failed.next = conflict_hint;
      if (!tally.refused(failed.key())) return failed;
      failed.message += "; CPS's list will tell whether it exists already, or has to be sent again";
      failed.next = "run cpsctl apply again in five minutes";
      break;
    case Proof::in_doubt:
      failed.outcome = Outcome::doubt;
      failed.next = "run cpsctl apply again in a few minutes: the doubt is resolved from CPS's list";
      if (tally.doubted(failed.key())) failed.again = later;
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

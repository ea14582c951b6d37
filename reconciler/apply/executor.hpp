#pragma once
#include "apply/write.hpp"
#include "http/crew.hpp"

namespace cpsctl::apply {

/// Carries out single items. One per run; on the loop's thread.
class Executor {
 public:
  /// `look_again`: after how long a list may tell what became of a write in doubt.
  /// `gate`: how many requests may be under way, each with its intent; what follows an answer needs no place.
  /// `stopped`: asked before a request that waited for its place.
  Executor(Services services, http::Gate& gate, Duration look_again, std::function<bool()> stopped);

  http::Task<ItemResult> carry_out(plan::Item const& item);

  /// Set once the credentials were refused: every further request would be.
  bool unauthorized() const { return unauthorized_; }
  Tally& tally() { return tally_; }

 private:
  /// What only the state learns.
  http::Task<ItemResult> record(plan::Item const& item);
  /// Carries one write: looks, sends, and records what came of it.
  http::Task<ItemResult> carry(Write& write, Course& course);
  /// What was to be removed is gone: the state loses it.
  http::Task<ItemResult> drop(Course& course);
  /// Closes earlier doubts, now that it is known what became of them.
  http::Task<Result<>> close_doubts(Course& course);
  /// Nothing: it left its turn.
  http::Task<Result<std::optional<cps::EnrollmentStatus>>> send(Write& write, Basis const& basis, Attempt& attempt);
  /// The attempt did not succeed: closes it by what the error proves.
  http::Task<ItemResult> conclude(Write const& write, Attempt& attempt, Error error);
  ItemResult failed(plan::Item const& item, Error const& error);

  Services services_;
  http::Gate& gate_;
  Duration look_again_;
  std::function<bool()> stopped_;
  Tally tally_ = {};
  bool unauthorized_ = false;
};

}  // namespace cpsctl::apply

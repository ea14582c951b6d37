#pragma once
#include "cli/changes.hpp"
#include "cps/pacer.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// When a command that watches asks CPS again (design.md §9, Polls). Times are given.
namespace cpsctl::cli {

/// Does a poll that failed like this come right by itself, so that who watches or waits asks again? CPS is away for a
/// while, or has no time; not so what somebody has to mend first.
bool passes(Error const& error);

/// What it may spend: a quarter of what CPS allows, so that others get on with their work.
class Share {
 public:
  explicit Share(std::optional<cps::Window> const& slowest) : window_(slowest) {}

  void spend(std::size_t requests, SteadyTime now);
  /// Requests that may be sent now.
  std::size_t room(SteadyTime now) const;
  /// When that many may be sent; at once, where they are more than the share ever is and nothing else was spent.
  SteadyTime when(std::size_t requests, SteadyTime now) const;

 private:
  std::size_t quarter() const;
  std::size_t spent_since(SteadyTime time) const;

  std::optional<cps::Window> window_;
  std::deque<std::pair<SteadyTime, std::size_t>> spent_ = {};  ///< oldest first, those of the window
};

/// What is remembered of a pending change between two polls.
struct Remembered {
  std::string like = {};               ///< its state, and what it waits for
  std::optional<WallTime> seen = {};   ///< when it was first seen like that, by CPS's clock
  std::optional<WallTime> since = {};  ///< the same, if it was seen to become so
  SteadyTime due = {};                 ///< its next turn
};

class Polls {
 public:
  /// `every`: what --watch=INTERVAL says; nothing: as the changes' turns come.
  Polls(std::optional<cps::Window> const& slowest, std::optional<Duration> every) : share_(slowest), every_(every) {}

  /// The lists of a poll have been asked for.
  void listed(std::size_t contracts, SteadyTime now);
  /// Changes that may be read now.
  std::size_t room(SteadyTime now) const { return share_.room(now); }
  /// Those of the changes whose turn has come, soonest first, so many at most. What has ended is forgotten.
  std::vector<PendingChange> due(std::vector<PendingChange> const& pending, SteadyTime now, std::size_t at_most);
  /// A change was read; `answered`: by CPS's clock.
  Remembered const& looked(ChangeSight const& sight, WallTime answered);
  void next_turn(PendingChange const& change, Duration look_after, SteadyTime now);
  /// When to list again: at the soonest turn, but neither at once nor after more than five minutes.
  SteadyTime next(SteadyTime now) const;
  bool all_read() const { return left_out_ == 0; }  ///< every change was looked at once

 private:
  using Key = std::pair<std::string, std::int64_t>;  ///< account and change
  static Key key(PendingChange const& change) { return {change.account, change.change.id.value}; }

  Share share_;
  std::optional<Duration> every_;
  std::size_t contracts_ = 0;
  std::size_t left_out_ = 0;
  std::map<Key, Remembered> known_ = {};
};

}  // namespace cpsctl::cli

#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "http/task.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cpsctl::cps {

/// At most `requests` in any `per`. CPS: 35/60s and 20/2s per account.
struct Window {
  int requests = 0;
  Duration per = {};
};

/// "35/60s". Errors: usage.
Result<Window> parse_window(std::string_view text);
std::vector<Window> default_windows();

/// Which request may be sent when. Pure bookkeeping on an injected time: a slot is taken at send and counts until its
/// window has passed since the request's end, because the server counts arrivals, and those lie in between.
class Pacer {
 public:
  using Ticket = std::uint64_t;
  explicit Pacer(std::vector<Window> windows, int reserve = 0);

  /// The earliest time at which a slot is free; `now` or earlier means at once. SteadyTime::max(): a request that is
  /// still in flight has to end first.
  SteadyTime next(SteadyTime now);
  Ticket take(SteadyTime now);
  void ended(Ticket ticket, SteadyTime now);
  /// Nothing is sent before `until` (a 429).
  void pause(SteadyTime until);
  /// Time that `requests` more need at least, from `now` on.
  Duration estimate(std::size_t requests, SteadyTime now) const;

 private:
  struct Slot {
    Ticket ticket;
    SteadyTime sent;
    SteadyTime ended;  ///< max() while in flight
  };
  std::vector<Window> windows_;
  std::deque<Slot> slots_;
  SteadyTime paused_until_ = SteadyTime::min();
  Ticket last_ = 0;
};

/// The per-account pacer that every request passes, first come first served. On the loop's thread.
class Governor {
 public:
  Governor(http::Loop& loop, Clock const& clock, Random& random, Pacer pacer);

  /// Waits for a slot. Errors: timeout when it would come after `deadline`, cancelled.
  http::Task<Result<Pacer::Ticket>> acquire(SteadyTime deadline);
  void release(Pacer::Ticket ticket);
  /// A 429: everybody waits `advertised` (or 60 s), with jitter.
  void throttled(std::optional<Duration> advertised);
  /// Everybody who waits, and who comes, gets `cancelled`.
  void cancel();

  Duration estimate(std::size_t requests) const;
  std::size_t throttles() const { return throttles_; }

 private:
  http::Loop& loop_;
  Clock const& clock_;
  Random& random_;
  Pacer pacer_;
  http::Event turn_;
  std::uint64_t arrived_ = 0, served_ = 0;
  std::size_t throttles_ = 0;
  bool cancelled_ = false;
};

}  // namespace cpsctl::cps

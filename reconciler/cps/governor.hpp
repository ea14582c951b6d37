#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "cps/ledger.hpp"
#include "cps/pacer.hpp"
#include "http/task.hpp"

#include <list>
#include <memory>
#include <optional>
#include <string>

namespace cpsctl::cps {

/// What a request wants from the governor.
struct Turn {
  Lane lane = Lane::usual;
  SteadyTime deadline = SteadyTime::max();
  std::string subject = {};  ///< for the log line of a long wait
};

struct GovernorOptions {
  /// A request has ended after so long, whatever became of it: what others assume of a process that is stopped.
  Duration flight = std::chrono::seconds(90);
  /// How long to wait for a process that holds the ledger and does not release it (it was stopped), before going on
  /// alone.
  Duration patience = std::chrono::milliseconds(500);
};

/// The pacer of one account that every request passes, first come first served, in step with the other processes of
/// this machine when it has a ledger. On the loop's thread.
class Governor {
 public:
  Governor(http::Loop& loop, Clock const& clock, Random& random, Pacer pacer, std::unique_ptr<Ledger> ledger = nullptr,
           GovernorOptions options = {});
  ~Governor();
  Governor(Governor const&) = delete;
  Governor& operator=(Governor const&) = delete;

  /// Waits for a slot. Errors: timeout, at once, when it would come after the deadline; cancelled.
  http::Task<Result<Pacer::Ticket>> acquire(Turn turn);
  void release(Pacer::Ticket ticket);
  /// The request was not sent: its turn is the next one's.
  void give_back(Pacer::Ticket ticket);
  /// A 429: everybody waits `advertised` (or 60 s), with jitter, in all processes. `reason` and `subject` are for the
  /// log.
  Duration throttled(std::optional<Duration> advertised, std::string const& subject = {},
                     std::string const& reason = {});
  /// Everybody who waits, and who comes, gets `cancelled`.
  void cancel();

  /// Time until the last of `requests` more is sent, by what is known now.
  Duration estimate(std::size_t requests) const;
  std::size_t throttles() const { return throttles_; }
  Duration waited() const;  ///< time in which at least one request waited for its turn

 private:
  struct Waiter;
  enum class Look : std::uint8_t { taken, wait, expired };
  struct Seen {
    Look look;
    SteadyTime again;  ///< when to look again
    Pacer::Ticket ticket;
  };
  Seen look(Turn const& turn, SteadyTime now);
  Seen look_alone(Turn const& turn, SteadyTime now);
  bool update_ledger(std::function<bool()> const& decide);
  void publish();
  void changed();
  void wake_first();
  void say_long_wait(Turn const& turn, SteadyTime now, SteadyTime until);

  http::Loop& loop_;
  Clock const& clock_;
  Random& random_;
  Pacer pacer_;
  std::unique_ptr<Ledger> ledger_;
  GovernorOptions options_;
  Process self_;
  std::list<Waiter*> queue_;
  std::optional<SteadyTime> busy_since_ = {};  ///< somebody else holds the ledger
  bool unpublished_ = false;
  bool alone_ = false;  ///< the ledger was held too long: said, and decided without it until it is free again
  bool cancelled_ = false;
  std::size_t throttles_ = 0;
  std::chrono::nanoseconds waited_ = {};
  SteadyTime long_wait_said_ = SteadyTime::min();
};

}  // namespace cpsctl::cps

#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <boost/describe.hpp>

namespace cpsctl::state {

/// A run that uses the state.
struct Run {
  std::string id = {};
  std::string command = {};
};

/// Who holds the state. For a state in files it stands in the lock file beside it.
struct Lease {
  std::string owner = {};  ///< user
  std::string host = {};
  std::string machine = {};  ///< its identity, hashed: two machines may have one host name; empty: not known
  std::string boot = {};     ///< the running kernel's: one flock reaches all that share it; empty: not known
  std::int64_t pid = 0;
  std::string run = {};
  std::string command = {};
  std::string since = {};
  std::string heartbeat = {};
  bool operator==(Lease const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Lease, (), (owner, host, machine, boot, pid, run, command, since, heartbeat))

/// How long to wait for another run that holds the lock.
struct Patience {
  Duration at_most = {};
  std::function<bool()> given_up = {};            ///< asked while it waits: a signal came
  std::function<void(Error const&)> begins = {};  ///< told once, when there is something to wait for
  /// How long another host's lease may take to come into view. Nothing: none on a file system of this machine alone,
  /// else 1 s.
  std::optional<Duration> in_view = {};
  std::function<void(Duration)> pause = {};  ///< sleeps; tests let their clock pass
};

/// Held while it lives. `flock` decides between processes of one machine. A folder that several machines share may not
/// carry it from one to the other; there the lease decides:
/// - a lease of another machine counts until its heartbeat has stood still for 60 s before our eyes (no clocks are
///   compared), or is 10 min old by our clock (CPS refuses whoever's clock is wrong by so much);
/// - two machines that both find the file free write their leases, wait until the other's would be in view, and the one
///   whose lease is still there has the lock. A machine that stands still for longer than that between its look and its
///   write is not caught by this, but by the next heartbeat.
class Lock {
 public:
  virtual ~Lock() = default;

  /// Looks who stands in the file and renews the heartbeat if it is us. A thread of its own does it every 20 s; whoever
  /// may have stood still for long does it before the next write. Thread-safe.
  virtual void beat() = 0;

  /// Set once another run's lease stood in the file: the state is that run's, and nothing may be written any more.
  /// `locked`, naming the new holder. Thread-safe.
  virtual std::optional<Error> lost() const = 0;

  /// Set while the heartbeat cannot be written: another machine may take the lock 60 s after the last one that could.
  /// `io`. Thread-safe.
  virtual std::optional<Error> unwell() const = 0;
};

}  // namespace cpsctl::state

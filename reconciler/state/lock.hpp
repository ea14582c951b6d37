#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <string>

#include <boost/describe.hpp>

namespace cpsctl::state {

/// A run that uses the state.
struct Run {
  std::string id = {};
  std::string command = {};
};

/// Who holds the state. For a state in files this is in the lock file next to it.
struct Lease {
  std::string owner = {};  ///< user
  std::string host = {};
  std::string machine = {};  ///< its identity, hashed: two machines may have one host name; empty: not known
  std::string boot = {};     ///< the running kernel's: one flock reaches all that share it; empty: not known
  std::int64_t pid = 0;
  std::string run = {};
  std::string command = {};
  std::string since = {};
  bool operator==(Lease const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Lease, (), (owner, host, machine, boot, pid, run, command, since))

/// How long to wait for another run that holds the lock.
struct Patience {
  Duration at_most = {};
  std::function<bool()> given_up = {};            ///< asked while it waits: a signal came
  std::function<void(Error const&)> begins = {};  ///< told once, when there is something to wait for
  std::function<void(Duration)> pause = {};       ///< sleeps; tests let their clock pass
};

/// Held while it lives.
class Lock {
 public:
  virtual ~Lock() = default;

  /// Looks whether this run still holds it. Errors: locked, for ever, once it is another's or was ended (the new holder
  /// is named); io. Thread-safe.
  virtual Result<> held() = 0;
};

}  // namespace cpsctl::state

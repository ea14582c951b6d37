#pragma once
#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/describe.hpp>

namespace cpsctl::state {

/// What stands in the lock file beside the state: who holds it. The heartbeat counts only for another host's lease.
struct Lease {
  std::string owner = {};  ///< user
  std::string host = {};
  std::int64_t pid = 0;
  std::string run = {};
  std::string command = {};
  std::string since = {};
  std::string heartbeat = {};
};
BOOST_DESCRIBE_STRUCT(Lease, (), (owner, host, pid, run, command, since, heartbeat))

/// How long to wait for another run that holds the lock.
struct Patience {
  Duration at_most = {};
  std::function<bool()> given_up = {};            ///< asked while it waits: a signal came
  std::function<void(Error const&)> begins = {};  ///< told once, when there is something to wait for
};

/// Held while it lives. `flock` decides on one host; the lease says who.
class Lock {
 public:
  /// Waits for another run to end. Errors: locked, naming the holder (user, host, pid, since when); cancelled; io.
  static Result<std::unique_ptr<Lock>> take(std::filesystem::path const& state_path, Lease lease,
                                            Patience const& patience, Clock const& clock);
  virtual ~Lock() = default;
};

/// Ends a lease that nobody holds any more, and gives it; nothing when there was none. `anyway`: also one of another
/// host whose heartbeat is fresh. A living process of this host is never robbed: flock decides. Errors: locked; io.
Result<std::optional<Lease>> unlock(std::filesystem::path const& state_path, Lease const& own, bool anyway,
                                    Clock const& clock);

/// This process, on this host.
Lease own_lease(std::string run, std::string command, Clock const& clock);

}  // namespace cpsctl::state

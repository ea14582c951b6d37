#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "sandbox/behaviour.hpp"
#include "sandbox/store.hpp"

#include <cstdint>
#include <map>

/// Changes that move by themselves, as those of CPS do.
namespace cpsctl::sandbox {

/// Time passes for the sandbox only when somebody asks: advance() is called with each request's arrival.
class Progress {
 public:
  /// Watches what the store holds already.
  Progress(Behaviour const& behaviour, Store& store);

  /// Tells of an enrollment whose pending changes are new, or have moved.
  void watch(Enrollment const& enrollment);

  /// Moves what is due at `now` on (motion.hpp). Errors: io.
  Result<> advance(WallTime now);

 private:
  Behaviour behaviour_;
  Store& store_;
  std::multimap<WallTime, std::int64_t> agenda_;  ///< when to look at which enrollment; entries may be outdated
};

}  // namespace cpsctl::sandbox

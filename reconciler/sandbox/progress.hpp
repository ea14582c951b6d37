#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "sandbox/behaviour.hpp"
#include "sandbox/store.hpp"
#include "sandbox/validation.hpp"

#include <cstdint>
#include <map>
#include <vector>

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

  /// Is it time to look for tokens?
  bool look_is_due(WallTime now) const { return !looks_.empty() && looks_.begin()->first <= now; }
  /// What to look for at `now`. Each is to be told to take(), whatever came of it. Changes of which nothing is to be
  /// looked for are taken care of at once. Errors: io.
  Result<std::vector<Probe>> looks(WallTime now);
  /// What was found. A change whose names are all validated goes on. Errors: io.
  Result<> take(std::vector<Sight> const& sights, WallTime now);

 private:
  Result<> take(std::int64_t enrollment, std::int64_t id, std::vector<Sight> const& sights, WallTime now);

  Behaviour behaviour_;
  Store& store_;
  std::multimap<WallTime, std::int64_t> agenda_;  ///< when to look at which enrollment; entries may be outdated
  std::multimap<WallTime, std::int64_t> looks_;   ///< when to look for the tokens of which one's changes
};

}  // namespace cpsctl::sandbox

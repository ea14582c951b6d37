#pragma once
#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/result.hpp"
#include "state/lock.hpp"
#include "state/store.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cpsctl::state {

/// What a location says about the kind of its backend: "xyz" of "xyz://host/name". Empty: a file's path.
std::string_view scheme_of(std::string_view location);

/// Errors: usage, for a scheme that no backend has; names those that there are.
Result<> check_location(std::string_view location);

/// Where a state lives: nobody else knows by what it is kept and locked. A location without a scheme is a file, whose
/// journal and lock are next to it: one machine's.
class Backend {
 public:
  /// The backend that the location's scheme chooses; nothing is touched yet. Errors: usage.
  static Result<std::unique_ptr<Backend>> at(std::string location, Files& files, Clock const& clock);
  virtual ~Backend() = default;

  /// The location in words, without what is secret in it.
  virtual std::string describe() const = 0;

  /// The contents, for who only looks; no state is an empty one. `realm`: "" for any. Changes nothing. Errors: io, also
  /// when it belongs to another realm.
  virtual Result<Contents> read(std::string const& realm) const = 0;

  /// Waits for another run to end; makes the place first, if there is none. Errors: locked, naming the holder;
  /// cancelled; io.
  virtual Result<std::unique_ptr<Lock>> lock(Run const& run, Patience const& patience) = 0;

  /// The state of a run that writes. `lock`, this backend's, outlives it and fences it: nothing is written once that is
  /// another run's. Errors: as read(); locked.
  virtual Result<std::unique_ptr<Store>> open(Opening opening, Lock& lock) = 0;

  /// Ends a lock that nobody holds any more, and gives who held it; nothing when there was none. `anyway`: also one of
  /// another machine, which nobody here can look at. Errors: locked; io.
  virtual Result<std::optional<Lease>> unlock(bool anyway) = 0;
};

}  // namespace cpsctl::state

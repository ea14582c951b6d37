#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "sandbox/behaviour.hpp"
#include "sandbox/store.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

/// How changes move from step to step: by time, and by what people give them. Pure: enrollment in, enrollment out.
namespace cpsctl::sandbox {

/// Puts a new change at the first step that takes time. Its work, validation and warnings are known; it is not among
/// the enrollment's changes yet.
void begin(Change& change, Behaviour const& behaviour, WallTime now);

/// When the change leaves its step by itself, or expires; nothing: not before somebody acts.
std::optional<WallTime> due(Enrollment const& enrollment, Change const& change, Behaviour const& behaviour);

enum class Fate : std::uint8_t {
  same,   ///< nothing was due
  moved,  ///< the enrollment is another one now
  gone    ///< it was taken off the network, or ended before it ever was there
};

/// Takes the enrollment through everything that is due at `now`. Errors: protocol, for a damaged document.
Result<Fate> carry_on(Enrollment& enrollment, Behaviour const& behaviour, WallTime now);

/// Ends the step at which one of its changes is: what it waited for is there. Errors: as above.
Result<Fate> leave_step(Enrollment& enrollment, std::int64_t change, Behaviour const& behaviour, WallTime at);

/// Is it on its way to production, or off it, so that it cannot be cancelled any more? One that waits for its date can.
bool too_far(Change const& change, WallTime now);

/// Takes a pending change into the history. `status`: completed | cancelled.
void retire(Enrollment& enrollment, std::int64_t change, std::string_view status, WallTime at);

/// When CPS goes on without an approval: seven days before the live certificate ends, unless a deployment date is set
/// (facts-2026.md A22); nothing when no certificate is live.
std::optional<WallTime> approval_deadline(Enrollment const& enrollment, Change const& change);

/// How long a certificate lives: dv 90 days, the others a year.
std::chrono::days lifetime(std::string_view validation_type);

/// When CPS renews a certificate by itself: dv 20, ov 60, ev 90 days before its end (cps-api.md §3.8). Nothing for
/// third-party.
std::optional<WallTime> renewal_time(std::string_view validation_type, WallTime issued);

}  // namespace cpsctl::sandbox

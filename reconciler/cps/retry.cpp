#include "cps/retry.hpp"

#include <algorithm>

namespace cpsctl::cps {
namespace {

bool unusable(Error const& error) {
  return error.code == Errc::protocol || (error.code == Errc::timeout && error.reached != Reached::no);
}

/// No connection was made: not a byte of the request left this machine.
bool unsent(Error const& error) {
  return error.reached == Reached::no && (error.code == Errc::unavailable || error.code == Errc::timeout);
}

bool may_pass(Error const& error) {
  switch (error.code) {
    case Errc::unavailable:
    case Errc::timeout:
    case Errc::protocol: return !error.lasting;
    case Errc::usage:
    case Errc::manifest:
    case Errc::guard_rail:
    case Errc::stale:
    case Errc::locked:
    case Errc::unauthorized:
    case Errc::not_found:
    case Errc::conflict:
    case Errc::not_served:
    case Errc::refused:
    case Errc::rate_limited:
    case Errc::cancelled:
    case Errc::io:
    case Errc::internal: return false;
  }
  return false;
}

}  // namespace

void note(Tries& tries, Error const& error, SteadyTime now) {
  if (error.code == Errc::rate_limited) {
    ++tries.refusals;
    return;
  }
  if (tries.failures++ == 0) tries.first_failure = now;
  if (unusable(error)) ++tries.unusable;
}

int attempts_for(Error const& error, RetryOptions const& options) {
  return unusable(error) ? options.unusable_answers : options.attempts;
}

Verdict judge(Repeat repeat, Error const& error, Tries const& tries, RetryOptions const& options, SteadyTime now) {
  if (error.code == Errc::rate_limited)
    return tries.refusals < options.refusals ? Verdict::after_pause : Verdict::give_up;
  bool const allowed = repeat == Repeat::freely || unsent(error);
  bool const left = tries.failures < options.attempts && tries.unusable < options.unusable_answers &&
                    now - tries.first_failure < options.time;
  return allowed && left && may_pass(error) ? Verdict::after_backoff : Verdict::give_up;
}

Duration backoff(RetryOptions const& options, Tries const& tries, double jitter) {
  int const doublings = std::clamp(tries.failures - 1, 0, 20);
  Duration const cap = std::min(options.longest_backoff, options.first_backoff * (1 << doublings));
  return std::chrono::duration_cast<Duration>(cap * jitter);
}

}  // namespace cpsctl::cps

#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"

#include <cstdint>

/// Whether, and when, a request may be sent again (cps-api.md §6.2). Pure.
namespace cpsctl::cps {

/// May a request that may not have been answered be sent again?
enum class Repeat : std::uint8_t {
  freely,         ///< reading changes nothing
  after_refusal,  ///< only when it is proven that nothing happened: a 429, or no byte was sent
};

/// How often and how long one request is tried.
struct RetryOptions {
  int attempts = 4;                         ///< in all, after lost connections, 5xx, and when there was no connection
  int unusable_answers = 2;                 ///< in all, after garbage and answers that never came: they are dear
  int refusals = 10;                        ///< 429 for one request; each of them is a pause of the whole account
  Duration time = std::chrono::minutes(5);  ///< no attempt begins later than so long after the first failure
  Duration first_backoff = std::chrono::milliseconds(500);
  Duration longest_backoff = std::chrono::seconds(20);
};

/// What became of one request so far.
struct Tries {
  int failures = 0;
  int unusable = 0;  ///< of the failures
  int refusals = 0;
  SteadyTime first_failure = {};
};

enum class Verdict : std::uint8_t {
  give_up,
  after_backoff,
  after_pause,  ///< of the governor, in whose queue it waits again
};

/// Counts a failure.
void note(Tries& tries, Error const& error, SteadyTime now);
/// After note(): what to do now.
Verdict judge(Repeat repeat, Error const& error, Tries const& tries, RetryOptions const& options, SteadyTime now);
/// Full jitter: anything from 0 to the doubled wait, `jitter` in [0, 1).
Duration backoff(RetryOptions const& options, Tries const& tries, double jitter);
/// How often a request is tried that failed like this, for messages.
int attempts_for(Error const& error, RetryOptions const& options);

}  // namespace cpsctl::cps

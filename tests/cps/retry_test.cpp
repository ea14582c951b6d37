#include "cps/retry.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace std::chrono_literals;

namespace {

SteadyTime const start{};

Error error(Errc code, Reached reached, bool lasting = false) {
  return {.code = code, .message = "an accident", .reached = reached, .lasting = lasting};
}

/// How often a request is sent that always fails like this.
int tries(cps::Repeat repeat, Error const& failure, cps::RetryOptions const& options = {}) {
  cps::Tries tries;
  for (int sent = 1;; ++sent) {
    cps::note(tries, failure, start);
    if (cps::judge(repeat, failure, tries, options, start) == cps::Verdict::give_up) return sent;
  }
}

}  // namespace

TEST_CASE("retry: reads on what may pass, writes only when nothing can have happened") {
  struct Case {
    char const* title;
    Error failure;
    int reads;
    int writes;
  };
  Case const cases[] = {
      {"a lost answer", error(Errc::unavailable, Reached::unknown), 4, 1},
      {"a 5xx", error(Errc::unavailable, Reached::unknown), 4, 1},
      {"a 501", error(Errc::unavailable, Reached::unknown, true), 1, 1},
      {"no connection", error(Errc::unavailable, Reached::no), 4, 4},
      {"no connection in time", error(Errc::timeout, Reached::no), 4, 4},
      {"a certificate that is not trusted", error(Errc::unavailable, Reached::no, true), 1, 1},
      {"an answer that never came", error(Errc::timeout, Reached::unknown), 2, 1},
      {"garbage", error(Errc::protocol, Reached::unknown), 2, 1},
      {"a list that is too large", error(Errc::protocol, Reached::yes, true), 1, 1},
      {"a 429", error(Errc::rate_limited, Reached::no), 10, 10},
      {"a 401", error(Errc::unauthorized, Reached::no), 1, 1},
      {"a 404", error(Errc::not_found, Reached::no), 1, 1},
      {"a 409", error(Errc::conflict, Reached::no), 1, 1},
      {"a 400", error(Errc::refused, Reached::no), 1, 1},
      {"a signal", error(Errc::cancelled, Reached::unknown), 1, 1},
      {"a full disk before it was sent", error(Errc::io, Reached::no), 1, 1},
      {"a bug", error(Errc::internal, Reached::no), 1, 1},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    CHECK(tries(cps::Repeat::freely, c.failure) == c.reads);
    CHECK(tries(cps::Repeat::after_refusal, c.failure) == c.writes);
  }
}

TEST_CASE("retry: different failures share one budget, 429 has its own, and time ends both") {
  cps::Tries tries;
  cps::RetryOptions const options;
  Error const lost = error(Errc::unavailable, Reached::unknown);
  Error const garbage = error(Errc::protocol, Reached::unknown);
  Error const limit = error(Errc::rate_limited, Reached::no);
  auto const verdict = [&](Error const& failure, SteadyTime now) {
    cps::note(tries, failure, now);
    return cps::judge(cps::Repeat::freely, failure, tries, options, now);
  };
  CHECK(verdict(lost, start) == cps::Verdict::after_backoff);
  CHECK(verdict(garbage, start) == cps::Verdict::after_backoff);
  CHECK(verdict(limit, start + 1h) == cps::Verdict::after_pause);
  CHECK(verdict(lost, start + 4min) == cps::Verdict::after_backoff);
  CHECK(verdict(lost, start + 4min) == cps::Verdict::give_up);
  tries = {};
  CHECK(verdict(lost, start + 1h) == cps::Verdict::after_backoff);
  CHECK(verdict(lost, start + 1h + 5min) == cps::Verdict::give_up);
}

TEST_CASE("retry: waits grow, up to a bound, with full jitter") {
  cps::RetryOptions const options;
  cps::Tries tries{.failures = 1};
  CHECK(cps::backoff(options, tries, 0.0) == 0ms);
  CHECK(cps::backoff(options, tries, 0.5) == 250ms);
  tries.failures = 3;
  CHECK(cps::backoff(options, tries, 0.5) == 1s);
  tries.failures = 1000;
  CHECK(cps::backoff(options, tries, 0.5) == 10s);
}

// When a pending change is read again.
#include "lifecycle/polls.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::lifecycle;
using namespace std::chrono_literals;

TEST_CASE("polls: seconds, then minutes, then an hour; hourly where people are at work") {
  struct Case {
    Who who;
    Duration so_far, after;
  };
  Case const cases[] = {{Who::cps, 0s, 30s},     {Who::cps, 2min, 30s}, {Who::cps, 40min, 10min},
                        {Who::cps, 4h, 1h},      {Who::cps, 1000h, 1h}, {Who::policy, 40min, 10min},
                        {Who::ca, 14min, 210s},  {Who::ca, 15min, 1h},  {Who::person, 0s, 1h},
                        {Who::person, 1000h, 1h}};
  for (Case const& c : cases) CHECK(look_after(c.who, c.so_far) == c.after);
}

TEST_CASE("polls: intervals stretch so that all looks together take a quarter of the budget") {
  Budget const real{.requests = 35, .per = 60s};
  CHECK(stretch({}, real) == 1.0);
  CHECK(stretch({30s}, real) == 1.0);
  CHECK(stretch(std::vector<Duration>(200, 1h), real) == 1.0);
  CHECK(stretch({Duration(), Duration()}, real) == 1.0);
  for (std::size_t const many : {3U, 200U, 10'000U}) {
    std::vector<Duration> intervals(many, 30s);
    intervals.resize(2 * many, 1h);
    double const factor = stretch(intervals, real);
    CHECK(factor > 1.0);
    double requests = 0;  // in a minute, two for each look
    for (Duration const one : intervals) requests += 2 * 60'000.0 / (static_cast<double>(one.count()) * factor);
    CHECK(requests == doctest::Approx(35.0 / 4));
  }
}

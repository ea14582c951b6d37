#include "program/crash.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

TEST_CASE("crash: 320 kill points, with a list that shows everything at once and with one that lags") {
  for (char const* const lag : {"", "300ms"}) {
    auto const result = program::crash_test({.at_calls = 130, .at_times = 30, .seed = 7, .list_lag = lag});
    CHECK(result.failure == "");
    CHECK(result.killed == result.points);
    fmt::print(
        "list lag {}: {} of {} runs were killed at another point ({} calls in a whole run), {} of those after them, {} "
        "runs after that; {}\n",
        *lag == '\0' ? "none" : lag, result.killed, result.points, result.calls, result.killed_again, result.runs_after,
        result.failure.empty() ? "0 duplicates, 0 lost" : "FAILED");
  }
}

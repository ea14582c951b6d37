#include "program/crash.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

/// The short form; soak-crash is the long one.
TEST_CASE("crash: killed anywhere in an apply of 60 actions, the next runs bring about exactly what is wanted") {
  auto const result = program::crash_test({.at_calls = 24, .at_times = 8});
  CHECK(result.failure == "");
  CHECK(result.killed == result.points);
  MESSAGE(
      fmt::format("{} of {} runs were killed at another point ({} calls in a whole run), {} of those after them; "
                  "{} runs after that",
                  result.killed, result.points, result.calls, result.killed_again, result.runs_after));
}

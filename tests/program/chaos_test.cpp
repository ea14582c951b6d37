#include "program/chaos.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

/// The short form; soak-chaos is the long one.
TEST_CASE("chaos: every third request goes wrong, and in the end all is as wanted, nothing twice, nothing lost") {
  auto const result = program::chaos_test({.creates = 30, .updates = 12, .seed = 3});
  CHECK(result.failure == "");
  std::size_t hit = 0;
  for (auto const& [fault, times] : result.faults) hit += times;
  CHECK(hit >= 5);
  MESSAGE(fmt::format("{} requests, {} of them hit by {} kinds of faults, {} runs", result.requests, hit,
                      result.faults.size(), result.runs));
}

#include "program/chaos.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

TEST_CASE("chaos: 500 creates and 200 updates while 30 % of the requests go wrong") {
  for (std::uint64_t const seed : {1U, 2U}) {
    auto const result = program::chaos_test({.creates = 500, .updates = 200, .seed = seed});
    CHECK(result.failure == "");
    std::size_t hit = 0;
    for (auto const& [fault, times] : result.faults) {
      hit += times;
      fmt::print("  {:6} {}\n", times, fault);
    }
    fmt::print("seed {}: {} requests, {} of them hit, {} runs; {}\n", seed, result.requests, hit, result.runs,
               result.failure.empty() ? "0 duplicates, 0 lost" : "FAILED");
  }
}

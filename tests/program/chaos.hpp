#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

/// Creates and updates against a CPS that answers every third request wrongly or not at all.
namespace program {

struct ChaosTest {
  int creates = 0;
  int updates = 0;
  std::uint64_t seed = 1;
};

struct ChaosResult {
  std::size_t requests = 0;
  std::size_t runs = 0;  ///< of apply, until one ended with 0
  std::map<std::string, std::size_t> faults = {};
  std::string failure = {};  ///< a duplicate, a lost id, no end; empty: nothing
};

ChaosResult chaos_test(ChaosTest const& test);

}  // namespace program

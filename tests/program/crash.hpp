#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

/// An apply of 60 mixed actions that is killed and run again until it is done, against a CPS that goes on.
namespace program {

struct CrashTest {
  std::size_t at_calls = 0;  ///< so many runs die at a call to disk or socket, evenly over all calls of a whole run
  std::size_t at_times = 0;  ///< so many at a time that chance chooses
  std::size_t at_once = 8;   ///< so many points are tried at the same time
  std::uint32_t seed = 1;
  std::string list_lag = {};  ///< of the sandbox, shorter than the settle time
};

struct CrashResult {
  std::size_t points = 0, killed = 0, runs_after = 0;
  std::size_t killed_again = 0;  ///< of the runs that were to recover
  std::size_t calls = 0;         ///< to disk and sockets of a run that nobody kills
  std::string failure = {};      ///< what was wrong first: a duplicate, a lost id, no end; empty: nothing
};

CrashResult crash_test(CrashTest const& test);

}  // namespace program

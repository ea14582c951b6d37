#pragma once
#include "base/clock.hpp"
#include "program/program.hpp"
#include "sandbox/server.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// Runs that are killed, and run again until it is done, against a CPS that goes on.
namespace program {

/// A time at which whatever was under way when a run died is over: CPS would not show what it has taken, and no attempt
/// can still be on its way.
inline constexpr int later_by = 120;  ///< seconds
struct Later final : cpsctl::Clock {
  cpsctl::WallTime wall() const override { return cpsctl::system_clock().wall() + std::chrono::seconds(later_by); }
  cpsctl::SteadyTime steady() const override { return cpsctl::system_clock().steady(); }
};
/// The same for cpsctl.
std::map<std::string, std::string> later();

/// `apply --yes` in copies of a project, killed each time at another of its calls to disk and sockets; the first third
/// of them only reads, and is left out.
struct KilledApply {
  std::function<std::unique_ptr<cpsctl::sandbox::Server>(std::filesystem::path const& folder)> serve = {};
  std::function<std::string(std::filesystem::path const& folder)> wrong_after = {};  ///< runs on; empty: nothing
  long points = 10;
};
struct Kills {
  long calls = 0;  ///< of a run that nobody kills; 0: it failed
  long killed = 0;
  std::vector<std::string> wrong = {};
};
Kills kill_apply(Folder const& project, KilledApply const& test);

/// An apply of 60 mixed actions.

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

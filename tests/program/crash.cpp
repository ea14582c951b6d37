#include "program/crash.hpp"

#include "places.hpp"
#include "program/wanted.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <random>
#include <thread>

#include <fmt/format.h>

namespace program {
namespace {

using namespace cpsctl;

constexpr int existing = 30;
constexpr int updated = 20;
constexpr int created = 30;
constexpr int mutual = 5;
constexpr int most_runs = 60;
constexpr auto between_runs = std::chrono::milliseconds(300);

/// What is at CPS and in the state before the run that is killed.
class Start {
 public:
  explicit Start(std::string const& list_lag) : list_lag_(list_lag) {
    write_project(folder_);
    for (int i = 0; i < existing; ++i) write(fmt::format("old{}", i), i, 0);
    auto const server = serve(folder_.path());
    first_ = run_against(*server, folder_.path(), {"apply", "--yes"});
    for (int i = 0; i < updated; ++i) write(fmt::format("old{}", i), i, 1);
    for (int i = updated; i < existing; ++i)
      std::filesystem::remove(folder_.path() / fmt::format("certs/old{}.yaml", i));
    for (int i = 0; i < created; ++i) write(fmt::format("new{}", i), i, 0, i < mutual);
  }

  Run const& first() const { return first_; }

  std::unique_ptr<sandbox::Server> serve(std::filesystem::path const& folder) const {
    sandbox::Behaviour behaviour{.complete_after = Duration{}};
    if (!list_lag_.empty()) behaviour.list_lag = parse_duration(list_lag_).value();
    auto server = sandbox::Server::start({.folder = folder / "cps", .behaviour = behaviour});
    return std::move(server.value());
  }

  void copy_to(std::filesystem::path const& folder) const {
    std::filesystem::copy(folder_.path(), folder, std::filesystem::copy_options::recursive);
  }

  static std::vector<std::string> apply() {
    std::vector<std::string> arguments{"apply", "--yes", "--allow-delete", "--max-deletes", "10"};
    for (int i = updated; i < existing; ++i)
      arguments.insert(arguments.end(), {"--confirm-delete", fmt::format("old{}", i)});
    return arguments;
  }

 private:
  void write(std::string const& name, int number, int version, bool mutual_too = false) const {
    folder_.write("certs/" + name + ".yaml", wanted_manifest(name, number, version, mutual_too));
  }

  std::string list_lag_;
  Folder folder_;
  Run first_;
};

/// Where a run dies: before or after its n-th call, or after so many microseconds. Half of the runs that recover from
/// it die as well.
struct Point {
  char const* variable;
  long value;
  char const* when = "before";
  long again_at = 0;  ///< the call at which the next run dies; 0: it lives

  std::string title() const { return fmt::format("{} {}={}, then at {}", when, variable, value, again_at); }
  std::map<std::string, std::string> environment() const {
    return {{"LD_PRELOAD", places::kill_at()}, {variable, std::to_string(value)}, {"KILL_WHEN", when}};
  }
};

std::vector<Point> points(CrashTest const& test, std::size_t calls, std::chrono::microseconds took) {
  std::vector<Point> all;
  for (std::size_t i = 0; i < test.at_calls; ++i) {
    auto const call = static_cast<long>(1 + i * calls / test.at_calls);
    all.push_back({.variable = "KILL_AT", .value = call, .when = i % 2 == 0 ? "before" : "after"});
  }
  std::mt19937 chance(test.seed);
  std::uniform_int_distribution<long> some_time(1000, std::max<long>(took.count(), 2000));
  for (std::size_t i = 0; i < test.at_times; ++i)
    all.push_back({.variable = "KILL_AFTER_US", .value = some_time(chance)});
  std::uniform_int_distribution<long> some_call(20, static_cast<long>(calls / 2));
  for (std::size_t i = 0; i < all.size(); i += 2) all[i].again_at = some_call(chance);
  return all;
}

/// One run that dies and those after it, in a copy of the start.
struct Trial {
  bool killed = false;
  bool killed_again = false;
  std::size_t runs_after = 0;
  std::string wrong = {};
};

Trial try_at(Start const& start, Point const& point) {
  Trial trial;
  Folder const folder;
  start.copy_to(folder.path());
  auto const server = start.serve(folder.path());
  Run run = run_against(*server, folder.path(), Start::apply(), point.environment());
  trial.killed = run.exit > 128;
  if (point.again_at != 0) {
    std::this_thread::sleep_for(between_runs);
    Point const again{.variable = "KILL_AT", .value = point.again_at, .when = point.when};
    run = run_against(*server, folder.path(), Start::apply(), again.environment());
    trial.killed_again = run.exit > 128;
  }
  while (run.exit != 0 && trial.runs_after < most_runs) {
    // As a scheduled job comes back; what a run has to wait for is in its plan.
    std::this_thread::sleep_for(between_runs);
    run = run_against(*server, folder.path(), Start::apply());
    ++trial.runs_after;
  }
  if (run.exit != 0) {
    trial.wrong = fmt::format("no end: exit {}\n{}{}", run.exit, run.out, run.err);
    return trial;
  }
  // What a delete started is gone only in the next list.
  run_against(*server, folder.path(), Start::apply());
  trial.wrong = wrong_with(*server, folder.path(), updated + created);
  return trial;
}

void copy(Folder const& from, std::filesystem::path const& to) {
  std::filesystem::copy(from.path(), to, std::filesystem::copy_options::recursive);
}

}  // namespace

std::map<std::string, std::string> later() {
  return {{"LD_PRELOAD", places::kill_at()}, {"CLOCK_AHEAD", std::to_string(later_by)}};
}

Kills kill_apply(Folder const& project, KilledApply const& test) {
  std::vector<std::string> const apply{"apply", "--yes"};
  Kills kills;
  {
    Folder const whole;
    copy(project, whole / "p");
    auto const server = test.serve(whole / "p");
    Run const run = run_against(*server, whole / "p", apply,
                                {{"LD_PRELOAD", places::kill_at()}, {"KILL_COUNT", (whole / "calls").string()}});
    if (run.exit != 0) {
      kills.wrong.push_back(fmt::format("a run that nobody kills ended with {}:\n{}{}", run.exit, run.out, run.err));
      return kills;
    }
    kills.calls = std::stol(read(whole / "calls"));
  }
  long const first = kills.calls / 3;
  for (long i = 0; i < test.points; ++i) {
    std::string const call = std::to_string(first + i * (kills.calls - first) / test.points);
    char const* const when = i % 2 == 0 ? "before" : "after";
    Folder const folder;
    copy(project, folder / "p");
    {
      auto const server = test.serve(folder / "p");
      Run const run = run_against(*server, folder / "p", apply,
                                  {{"LD_PRELOAD", places::kill_at()}, {"KILL_AT", call}, {"KILL_WHEN", when}});
      kills.killed += run.exit > 128 ? 1 : 0;
    }
    std::string const wrong = test.wrong_after(folder / "p");
    if (!wrong.empty()) kills.wrong.push_back(fmt::format("killed {} call {}: {}", when, call, wrong));
  }
  return kills;
}

CrashResult crash_test(CrashTest const& test) {
  CrashResult result;
  Start const start(test.list_lag);
  if (start.first().exit != 0) {
    result.failure = "the start failed:\n" + start.first().out + start.first().err;
    return result;
  }
  std::chrono::microseconds took{};
  {
    Folder const whole;
    start.copy_to(whole.path());
    auto const server = start.serve(whole.path());
    auto const begun = std::chrono::steady_clock::now();
    Run const run = run_against(*server, whole.path(), Start::apply(),
                                {{"LD_PRELOAD", places::kill_at()}, {"KILL_COUNT", (whole / "calls").string()}});
    took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun);
    std::string const counted = read(whole / "calls");
    if (run.exit != 0 || counted.empty()) {
      result.failure = fmt::format("a run that nobody kills ended with {}:\n{}{}", run.exit, run.out, run.err);
      return result;
    }
    result.calls = std::stoul(counted);
  }

  std::vector<Point> const all = points(test, result.calls, took);
  result.points = all.size();
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  auto const work = [&] {
    for (std::size_t i = next++; i < all.size(); i = next++) {
      Point point = all[i];
      Trial trial = try_at(start, point);
      // Runs at the same time make fewer calls, and take another time, than the one that was measured.
      for (; !trial.killed && trial.wrong.empty() && point.value > 1; trial = try_at(start, point))
        point.value = point.value * 2 / 3;
      std::scoped_lock const lock(mutex);
      result.killed += trial.killed ? 1 : 0;
      result.killed_again += trial.killed_again ? 1 : 0;
      result.runs_after += trial.runs_after;
      if (result.failure.empty() && !trial.wrong.empty())
        result.failure = "killed " + point.title() + ": " + trial.wrong;
    }
  };
  std::vector<std::thread> workers;
  for (std::size_t i = 0; i < test.at_once; ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  return result;
}

}  // namespace program

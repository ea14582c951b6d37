#include "cps/governor.hpp"

#include "cps/ledger.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

/// What the governor costs a request, as a multiple of reading the clock once.
namespace {

using namespace cpsctl;
using namespace std::chrono_literals;

constexpr int rounds = 20'000;

http::Task<> admissions(cps::Governor& governor) {
  for (int i = 0; i < rounds; ++i) {
    cps::Turn turn;
    auto const ticket = co_await governor.acquire(std::move(turn));
    if (!ticket) std::abort();
    governor.release(*ticket);
  }
}

/// Nanoseconds a round, the best of five.
template <class Work>
double best(Work work) {
  double least = 1e18;
  for (int i = 0; i < 5; ++i) {
    auto const begun = std::chrono::steady_clock::now();
    work();
    std::chrono::duration<double, std::nano> const took = std::chrono::steady_clock::now() - begun;
    least = std::min(least, took.count() / rounds);
  }
  return least;
}

/// Goes on at each look, so that requests come as fast as CPS's limits just allow: thirty of them are remembered, and
/// none has to wait.
struct BriskClock final : Clock {
  WallTime wall() const override { return WallTime(1h); }
  SteadyTime steady() const override { return now += 700ms; }
  mutable SteadyTime now = SteadyTime(1h);
};

double per_admission(Clock const& clock, std::unique_ptr<cps::Ledger> ledger) {
  http::Loop loop;
  cps::Governor governor(loop, clock, system_random(), cps::Pacer(cps::default_windows(), 1), std::move(ledger));
  return best([&] {
    loop.run([](cps::Governor& at) -> http::Task<bool> {
      co_await admissions(at);
      co_return true;
    }(governor));
  });
}

}  // namespace

int main() {
  std::string pattern = (std::filesystem::temp_directory_path() / "cpsctl-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) return 1;
  std::filesystem::path const folder = pattern;
  BriskClock const brisk;
  double const clock = best([] {
    for (int i = 0; i < rounds; ++i) static_cast<void>(system_clock().steady());
  });
  double const alone = per_admission(brisk, nullptr);
  double const shared = per_admission(brisk, cps::Ledger::open(folder / "one.governor", brisk).value());
  std::filesystem::remove_all(folder);
  fmt::print("a read of the clock          {:8.0f} ns\n", clock);
  fmt::print("an admission, alone          {:8.0f} ns  {:6.1f} clock reads\n", alone, alone / clock);
  fmt::print("an admission, with the file  {:8.0f} ns  {:6.1f} clock reads\n", shared, shared / clock);
  return 0;
}

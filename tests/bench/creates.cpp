#include "bench/workload.hpp"
#include "state/open.hpp"

#include <fmt/format.h>

/// Creates per second: apply, with its journal on the disk, as a share of a bare loop over the same HTTPS client.
namespace {

using namespace cpsctl;
using namespace std::chrono_literals;

constexpr std::size_t in_flight = 32;
constexpr int rounds = 7;

void compare(std::string_view title, bench::NullServer const& server, std::size_t creates, double budget,
             bench::StateFolder& folder) {
  bench::Workload workload(server, creates, in_flight);
  bench::Run bare;
  bench::Run apply;
  for (int round = 0; round < rounds; ++round) {
    bench::hold_to_core(0);
    bare.take_best(workload.bare(in_flight));
    // The journal's thread goes where a core is free.
    bench::hold_to_no_core();
    auto const store = at_files::open(folder.next(), "bench", "bench", system_files()).value();
    bench::hold_to_core(0);
    apply.take_best(workload.apply(in_flight, *store));
  }
  auto const count = static_cast<double>(creates);
  auto const line = [&](std::string_view name, bench::Run const& run) {
    fmt::print("  {:<10} {:7.0f} creates/s   {:5.1f} us of CPU a create   CPU/wall {:.2f}\n", name, count / run.seconds,
               1e6 * run.cpu / count, run.cpu / run.seconds);
  };
  fmt::print("{}, {} creates of {} bytes, {} in flight\n", title, creates, workload.body_size(), in_flight);
  line("bare loop", bare);
  line("apply", apply);
  fmt::print("  apply reaches {:.0f} % of the bare loop (budget: at least {:.0f} %)\n",
             100 * bare.seconds / apply.seconds, 100 * budget);
}

}  // namespace

int main() {
  bench::StateFolder folder;
  bench::NullServer const slow({.ca_file = folder.path() / "slow.pem", .answers_take = 5ms});
  bench::NullServer const quick({.ca_file = folder.path() / "quick.pem"});
  fmt::print("{}\nbest of {} rounds, in turns\n", folder.disk(), rounds);
  compare("answers take 5 ms", slow, 5'000, 0.80, folder);
  compare("answers at once", quick, 10'000, 0.25, folder);
  return 0;
}

#include "program/chaos.hpp"

#include "program/wanted.hpp"

#include <sstream>

#include <fmt/format.h>

namespace program {
namespace {

using namespace cpsctl;

constexpr int most_runs = 60;

/// About 30 % of all requests are hit.
constexpr char const* rules[] = {
    "*: drop-before 5%",      "*: drop-after 6%",      "*: reset-after 4%", "*: delay 40ms 4%",
    "*: drip 1ms 64 2%",      "*: truncate 3%",        "*: malformed 3%",   "*: content-type text/html 2%",
    "*: status 503 empty 3%", "*: status 500 html 2%", "*: limit 1s 1%"};

std::unique_ptr<sandbox::Server> serve(Folder const& folder, bool faults, std::uint64_t seed) {
  sandbox::Behaviour behaviour{.complete_after = Duration{}, .fault_seed = seed};
  for (char const* const rule : rules)
    if (faults) behaviour.faults.push_back(sandbox::parse_fault_rule(rule).value());
  auto server = sandbox::Server::start({.folder = folder / "cps", .behaviour = std::move(behaviour)});
  return std::move(server.value());
}

void count_faults(Folder const& folder, ChaosResult& result) {
  std::istringstream log(read(folder / "cps/requests.log"));
  for (std::string line; std::getline(log, line);) {
    auto const request = json::parse(line, "requests.log").value();
    ++result.requests;
    json::Value const* const fault = json::find(request, "fault");
    if (fault != nullptr && fault->IsString() && fault->GetStringLength() > 0) ++result.faults[fault->GetString()];
  }
}

}  // namespace

ChaosResult chaos_test(ChaosTest const& test) {
  ChaosResult result;
  Folder const folder;
  write_project(folder);
  auto const write = [&](std::string const& name, int number, int version) {
    folder.write("certs/" + name + ".yaml", wanted_manifest(name, number, version));
  };
  for (int i = 0; i < test.updates; ++i) write(fmt::format("old{}", i), i, 0);
  {
    auto const server = serve(folder, false, test.seed);
    Run const start = run_against(*server, folder.path(), {"apply", "--yes"});
    if (start.exit != 0) result.failure = "the start failed:\n" + start.out + start.err;
  }
  std::filesystem::remove(folder / "cps/requests.log");
  for (int i = 0; i < test.updates; ++i) write(fmt::format("old{}", i), i, 1);
  for (int i = 0; i < test.creates; ++i) write(fmt::format("new{}", i), i, 0);

  Run run;
  {
    auto const server = serve(folder, true, test.seed);
    while (result.failure.empty() && run.exit != 0 && result.runs < most_runs) {
      run = run_against(*server, folder.path(), {"apply", "--yes"});
      ++result.runs;
      bool const expected = run.exit == 0 || run.exit == 1 || run.exit == 4 || run.exit == 69 || run.exit == 75;
      if (!expected) result.failure = fmt::format("exit {}\n{}{}", run.exit, run.out, run.err);
    }
  }
  count_faults(folder, result);
  if (result.failure.empty() && run.exit != 0) result.failure = fmt::format("no end\n{}{}", run.out, run.err);
  if (!result.failure.empty()) return result;
  auto const server = serve(folder, false, test.seed);
  result.failure = wrong_with(*server, folder.path(), static_cast<std::size_t>(test.creates + test.updates));
  return result;
}

}  // namespace program

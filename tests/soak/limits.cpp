#include "base/json.hpp"
#include "program/program.hpp"
#include "sandbox/server.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

/// Under CPS's real limits: no answer of 429, and hardly more time than the arithmetic demands. Takes ten minutes.
namespace {

constexpr std::int64_t creates = 200;

/// What the limits leave for so many requests: 35 a minute, and within a minute 20 in 2 s.
double bound(std::int64_t requests) {
  std::int64_t const before = requests - 1;
  return 60.0 * static_cast<double>(before / 35) + 2.0 * static_cast<double>(before % 35 / 20);
}

struct Account {
  Folder folder;
  std::unique_ptr<sandbox::Server> server;

  Account() { server = sandbox::Server::start({.folder = folder / "cps", .behaviour = {.real_limits = true}}).value(); }

  std::unique_ptr<Background> apply(std::string const& project, std::int64_t count) const {
    for (std::int64_t i = 0; i < count; ++i)
      folder.write(fmt::format("{}/manifests/{}.yaml", project, i),
                   dv_manifest(fmt::format("{}-{}", project, i), fmt::format("www{}.{}.example.com", i, project)));
    std::vector<std::string> const command{
        "apply", "--yes", "--edgerc", server->edgerc().string(), "--ca-file", server->ca_file().string()};
    Settings const settings{.folder = folder / project, .patience = std::chrono::minutes(15)};
    return std::make_unique<Background>(command, settings);
  }

  /// Lists that were asked for: one when a run begins, and one a minute after that.
  std::int64_t lists() const {
    auto const all = requests(folder / "cps");
    return std::ranges::count_if(all, [](auto const& line) { return line.starts_with("GET"); });
  }

  std::int64_t answers(int status) const {
    std::int64_t count = 0;
    std::istringstream log(read(folder / "cps/requests.log"));
    for (std::string line; std::getline(log, line);) {
      auto const parsed = json::parse(line, "a line of requests.log");
      if (json::find(parsed.value(), "status")->GetInt() == status) ++count;
    }
    return count;
  }
};

void run(std::vector<std::string> const& projects) {
  Account const account;
  auto const begun = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<Background>> running;
  auto const each = creates / static_cast<std::int64_t>(projects.size());
  for (std::string const& project : projects) running.push_back(account.apply(project, each));
  for (auto const& process : running) {
    Run const ended = process->finish();
    INFO(ended.out, ended.err);
    CHECK(ended.exit == 0);
  }
  double const took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  auto const runs = static_cast<std::int64_t>(projects.size());
  std::int64_t const lists = account.lists();
  double const ratio = took / bound(creates + lists);
  fmt::print("{} processes, {} creates, {} lists: {} answers of 429, {:.1f} s, {:.4f} of the arithmetic bound\n", runs,
             creates, lists, account.answers(429), took, ratio);
  CHECK(lists <= runs * (1 + static_cast<std::int64_t>(took / 60)));
  CHECK(account.answers(202) == creates);
  CHECK(account.answers(429) == 0);
  CHECK(ratio <= 1.02);
}

}  // namespace

TEST_CASE("200 creates by one process") {
  run({"one"});
}

TEST_CASE("200 creates by two processes at once") {
  run({"left", "right"});
}

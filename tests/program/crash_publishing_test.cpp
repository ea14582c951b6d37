// An apply that publishes tokens is killed, and run again: none is missing while it is needed, and none stays behind.
#include "base/json.hpp"
#include "dns/names.hpp"
#include "places.hpp"
#include "program/program.hpp"
#include "program/wanted.hpp"
#include "sandbox/server.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

/// Tokens are looked for in a zone of its own, where the project publishes them.
std::unique_ptr<sandbox::Server> serve(std::filesystem::path const& folder) {
  sandbox::Behaviour behaviour{.complete_after = Duration{}, .inputs = sandbox::Inputs::wait};
  behaviour.tokens = sandbox::Tokens::checked;
  behaviour.edge_zones = {"example.com"};
  auto server = sandbox::Server::start({.folder = folder / "cps", .behaviour = behaviour});
  REQUIRE(server.has_value());
  return std::move(*server);
}

/// Two of one zone, ordered, and waiting for their names to be validated.
struct Start {
  Folder folder;

  Start() {
    write_project(folder);
    folder.write("cpsctl.yaml", read(folder / "cpsctl.yaml") + "  publishers: { akamai: { edgeDns: {} } }\n");
    for (char const* const name : {"shop", "www"})
      folder.write(fmt::format("certs/{}.yaml", name),
                   dv_manifest(name, fmt::format("{}.example.com", name)) +
                       "  lifecycle:\n    dv: { publisher: [akamai], grace: 0s, check: none }\n");
    auto const server = serve(folder.path());
    Run const run = run_against(*server, folder.path(), {"apply", "--yes"});
    INFO(run.out, run.err);
    REQUIRE(run.exit == 0);
  }
  void copy_to(std::filesystem::path const& to) const {
    std::filesystem::copy(folder.path(), to, std::filesystem::copy_options::recursive);
  }
};

std::vector<std::string> with_resolver(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--dns-resolver", names::servers().resolver().text()});
  return arguments;
}

std::vector<std::string> whole_way() {
  return with_resolver({"apply", "--yes", "--wait", "deployed", "--deadline", "2m"});
}

/// Names below the zone that have a record set, as the sandbox's log of writes says.
std::size_t records(std::filesystem::path const& folder) {
  std::set<std::string> names;
  std::istringstream log(read(folder / "cps/enrollments.log"));
  for (std::string line; std::getline(log, line);) {
    auto const entry = json::parse(line, "a line of the log");
    if (!entry) continue;
    json::Value const* const zone = json::find(*entry, "zone");
    if (zone == nullptr) continue;
    for (json::Value const& set : json::find(*zone, "put")->GetArray())
      names.emplace(json::text_or(json::find(set, "name"), ""));
    for (json::Value const& set : json::find(*zone, "dropped")->GetArray())
      names.erase(std::string(json::text_or(json::find(set, "name"), "")));
  }
  return static_cast<std::size_t>(
      std::ranges::count_if(names, [](std::string const& name) { return name.starts_with("_acme-challenge."); }));
}

std::string ends_well(std::filesystem::path const& folder) {
  auto const server = serve(folder);
  Run const run = run_against(*server, folder, whole_way());
  if (run.exit != 0) return fmt::format("exit {}\n{}{}", run.exit, run.out, run.err);
  Run const again = run_against(*server, folder, with_resolver({"apply", "--yes"}));
  if (again.exit != 0) return fmt::format("exit {}\n{}{}", again.exit, again.out, again.err);
  Run const plan = run_against(*server, folder, {"plan"});
  if (plan.out.find("No changes: 2 unchanged.") == std::string::npos) return plan.out + plan.err;
  if (records(folder) != 0) return fmt::format("{} records stay behind", records(folder));
  return "";
}

}  // namespace

TEST_CASE("crash: killed anywhere in an apply that publishes, the next runs end it, and no record stays behind") {
  Start const start;
  long calls = 0;
  {
    Folder const whole;
    start.copy_to(whole / "p");
    auto const server = serve(whole / "p");
    Run const run = run_against(*server, whole / "p", whole_way(),
                                {{"LD_PRELOAD", places::kill_at()}, {"KILL_COUNT", (whole / "calls").string()}});
    INFO(run.out, run.err);
    REQUIRE(run.exit == 0);
    calls = std::stol(read(whole / "calls"));
    CHECK(records(whole / "p") == 0);
  }
  REQUIRE(calls > 0);
  constexpr long points = 4;
  long killed = 0;
  std::size_t left = 0;
  for (long i = 0; i < points; ++i) {
    long const call = calls / 5 + i * (calls - calls / 5) / points;
    char const* const when = i % 2 == 0 ? "before" : "after";
    CAPTURE(call);
    Folder const folder;
    start.copy_to(folder / "p");
    {
      auto const server = serve(folder / "p");
      Run const run =
          run_against(*server, folder / "p", whole_way(),
                      {{"LD_PRELOAD", places::kill_at()}, {"KILL_AT", std::to_string(call)}, {"KILL_WHEN", when}});
      killed += run.exit > 128 ? 1 : 0;
    }
    left += records(folder / "p");
    CHECK(ends_well(folder / "p") == "");
  }
  MESSAGE(fmt::format("{} of {} runs were killed at another call ({} calls in a whole run); they left {} records",
                      killed, points, calls, left));
  CHECK(killed > points / 2);
  CHECK(left > 0);
}

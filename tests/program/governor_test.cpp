#include "base/clock.hpp"
#include "base/json.hpp"
#include "program/program.hpp"
#include "sandbox/server.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <set>
#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;
using namespace std::chrono_literals;

namespace {

/// A CPS that meters, and projects of one account that use it.
struct Metered {
  Folder folder;
  std::unique_ptr<sandbox::Server> server;

  explicit Metered(std::vector<sandbox::Limit> limits) {
    auto started = sandbox::Server::start(
        {.folder = folder / "cps", .behaviour = {.real_limits = true, .limits = std::move(limits)}});
    server = std::move(started.value());
  }
  /// Makes a project of `count` enrollments with these settings below spec.api.
  void project(std::string const& name, int count, std::string const& api) const {
    folder.write(name + "/cpsctl.yaml",
                 fmt::format("apiVersion: cpsctl.dev/v1\nkind: Project\nspec: {{ api: {{ {} }} }}\n", api));
    for (int i = 0; i < count; ++i)
      folder.write(fmt::format("{}/manifests/{}-{}.yaml", name, name, i),
                   dv_manifest(fmt::format("{}-{}", name, i), fmt::format("www{}.{}.example.com", i, name)));
  }
  std::vector<std::string> command(std::vector<std::string> words) const {
    for (std::string const& flag :
         {std::string("--edgerc"), server->edgerc().string(), std::string("--ca-file"), server->ca_file().string()})
      words.push_back(flag);
    return words;
  }
  Settings in(std::string const& project) const {
    return {.folder = folder / project, .environment = {{"XDG_STATE_HOME", (folder / "home").string()}}};
  }
  std::vector<int> statuses() const {
    std::vector<int> all;
    std::istringstream log(read(folder / "cps/requests.log"));
    for (std::string line; std::getline(log, line);) {
      auto const parsed = json::parse(line, "a line of requests.log");
      all.push_back(json::find(parsed.value(), "status")->GetInt());
    }
    return all;
  }
  std::size_t refused() const { return static_cast<std::size_t>(std::ranges::count(statuses(), 429)); }
  std::size_t created() const { return static_cast<std::size_t>(std::ranges::count(statuses(), 202)); }
};

std::size_t files_below(std::filesystem::path const& folder) {
  std::size_t count = 0;
  if (!std::filesystem::exists(folder)) return 0;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) ++count;
  return count;
}

}  // namespace

TEST_CASE("governor: two projects applied at once stay inside the limit together") {
  Metered const cps({{.requests = 12, .per = 2s}});
  for (char const* name : {"left", "right"}) cps.project(name, 16, "limits: [12/2s]");
  Background left(cps.command({"apply", "--yes"}), cps.in("left"));
  Background right(cps.command({"apply", "--yes"}), cps.in("right"));
  for (Background* one : {&left, &right}) {
    Run const run = one->finish();
    INFO(run.out, run.err);
    CHECK(run.exit == 0);
  }
  CHECK(cps.created() == 32);
  CHECK(cps.refused() == 0);
  CHECK(files_below(cps.folder / "home") == 1);
}

TEST_CASE("governor: after a kill the next run counts what the killed one sent") {
  Metered const cps({{.requests = 6, .per = 2s}});
  cps.project("site", 12, "limits: [6/2s]");
  {
    Background killed(cps.command({"apply", "--yes"}), cps.in("site"));
    killed.await("site-0");
    killed.await("created");
    killed.signal(SIGKILL);
    killed.finish();
  }
  Run const run = run_cpsctl(cps.command({"apply", "--yes"}), cps.in("site"));
  INFO(run.out, run.err);
  CHECK(cps.refused() == 0);
}

TEST_CASE("governor: a request limit that others use up is waited out, told, and no failure") {
  Metered const cps({{.requests = 5, .per = 1s}});
  cps.project("site", 12, "");
  Run const run = run_cpsctl(cps.command({"apply", "--yes", "-o", "json", "--request-limit", "50/2s"}), cps.in("site"));
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(cps.created() == 12);
  CHECK(cps.refused() > 0);
  json::Document const result = run.json();
  CHECK(json::find(result, "throttles")->GetUint64() == cps.refused());
  CHECK(run.err.find("POST /enrollments was answered with 429: CPS's request limit is reached: all requests of the "
                     "account pause for") != std::string::npos);
  CHECK(run.err.find("is sent again after the pause") != std::string::npos);
}

TEST_CASE("governor: a deadline before the next free turn ends the run at once, everything saved") {
  Metered const cps({{.requests = 1000, .per = 1s}});
  cps.project("site", 6, "limits: [4/60s]");
  auto const begun = system_clock().steady();
  Run const run = run_cpsctl(cps.command({"apply", "--yes", "--deadline", "40s"}), cps.in("site"));
  INFO(run.out, run.err);
  CHECK(run.exit == 75);
  CHECK(system_clock().steady() - begun < 20s);
  CHECK(cps.created() == 3);
  CHECK(run.err.find("request limit allows the next request only after the deadline") != std::string::npos);
}

TEST_CASE("governor: a budget group joins the credentials of one account, other ones stay apart") {
  Metered const one({{.requests = 1000, .per = 1s}});
  Metered const two({{.requests = 1000, .per = 1s}});
  auto const plan = [&](Metered const& cps, std::string const& api) {
    cps.project("site", 1, api);
    Settings settings = one.in("site");
    settings.folder = cps.folder / "site";
    return run_cpsctl(cps.command({"plan", "--deadline", "20s"}), settings).exit;
  };
  CHECK(plan(one, "limits: [1/60s]") == 0);
  CHECK(plan(one, "limits: [1/60s]") == 75);
  CHECK(plan(two, "limits: [1/60s]") == 0);
  CHECK(plan(one, "limits: [1/60s], budgetGroup: corp") == 0);
  CHECK(plan(two, "limits: [1/60s], budgetGroup: corp") == 75);
  CHECK(plan(two, "limits: [1/60s], budgetGroup: other") == 0);
}

TEST_CASE("governor: a budget group is one within a realm, and never that of another realm") {
  Metered const cps({{.requests = 1000, .per = 1s}});
  cps.project("site", 1, "limits: [1/60s], budgetGroup: corp");
  std::string const own = read(cps.server->edgerc());
  auto const plan = [&](std::string const& host) {
    // Nobody listens at the proxy: the request has its turn, and goes nowhere.
    std::string text = own;
    auto const at = text.find("host");
    REQUIRE(at != std::string::npos);
    text.replace(at, text.find('\n', at) - at, "host = " + host);
    cps.folder.write("other.edgerc", text);
    Settings settings = cps.in("site");
    settings.environment.emplace("HTTPS_PROXY", "http://127.0.0.1:1");
    Run const run = run_cpsctl({"plan", "--deadline", "2s", "--edgerc", (cps.folder / "other.edgerc").string(),
                                "--ca-file", cps.server->ca_file().string()},
                               settings);
    INFO(host, run.out, run.err);
    CHECK(run.exit != 0);
    return files_below(cps.folder / "home/cpsctl/governor");
  };
  CHECK(plan("evil.example.net") == 1);
  CHECK(run_cpsctl(cps.command({"plan", "--deadline", "20s"}), cps.in("site")).exit == 0);  // no pause of evil's
  CHECK(files_below(cps.folder / "home/cpsctl/governor") == 2);
  CHECK(plan("a.luna.akamaiapis.net") == 3);
  CHECK(plan("b.luna.akamaiapis.net") == 3);
  CHECK(plan("akamaiapis.net.evil.example.net") == 4);
}

TEST_CASE("governor: a sandbox without limits touches no file, one with them does") {
  Folder const folder;
  folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  Settings const here{.folder = folder.path(), .environment = {{"XDG_STATE_HOME", (folder / "home").string()}}};
  CHECK(run_cpsctl({"plan", "--sandbox"}, here).exit == 0);
  CHECK(run_cpsctl({"plan", "--sandbox", "--rate", "20/min"}, here).exit == 0);
  CHECK_FALSE(std::filesystem::exists(folder / "home"));
  CHECK(run_cpsctl({"plan", "--sandbox", "--limits", "real"}, here).exit == 0);
  CHECK(files_below(folder / "home/cpsctl/governor") == 1);
}

TEST_CASE("governor: without a place for its files it works alone, and says so once") {
  Metered const cps({{.requests = 1000, .per = 1s}});
  cps.project("site", 3, "limits: [35/60s]");
  struct Case {
    char const* title;
    std::map<std::string, std::string> environment;
    char const* why;
  };
  Case const cases[] = {
      {"no HOME", {{"XDG_STATE_HOME", ""}, {"HOME", ""}}, "neither XDG_STATE_HOME nor HOME is set"},
      {"a relative folder is none", {{"XDG_STATE_HOME", "state"}, {"HOME", ""}}, "neither XDG_STATE_HOME nor HOME"},
      {"no folder can be made", {{"XDG_STATE_HOME", "/dev/null/x"}}, "Not a directory"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Run const run = run_cpsctl(cps.command({"plan"}), {.folder = cps.folder / "site", .environment = c.environment});
      INFO(run.out, run.err);
      CHECK(run.exit == 0);
      auto const first = run.err.find("request limit is not shared with other cpsctl processes");
      CHECK(first != std::string::npos);
      CHECK(run.err.find("not shared", first + 60) == std::string::npos);
      CHECK(run.err.find(c.why) != std::string::npos);
    }
  }
}

TEST_CASE("governor: a reserve that leaves nothing is an error of the project file") {
  Metered const cps({{.requests = 1000, .per = 1s}});
  cps.project("site", 1, "limits: [35/60s], reserve: 35");
  Run const run = run_cpsctl(cps.command({"plan"}), cps.in("site"));
  CHECK(run.exit == 65);
  CHECK(run.err.find("leaves nothing of the limit 35 a minute") != std::string::npos);
  CHECK(run.err.find("spec.api.reserve") != std::string::npos);
}

TEST_CASE("governor: the plan says how long an apply takes for several accounts, which do not wait for each other") {
  Metered const cps({});
  cps.project("site", 8, "limits: [4/60s]");
  for (int i = 0; i < 4; ++i) {
    std::string const name = fmt::format("site/manifests/site-{}.yaml", i);
    std::string text = read(cps.folder / name);
    auto const at = text.find("spec:\n");
    REQUIRE(at != std::string::npos);
    cps.folder.write(name, text.insert(at + 6, "  accountSwitchKey: 1-5C0YLB:1-8BYUX\n"));
  }
  Run const run = run_cpsctl(cps.command({"plan"}), cps.in("site"));
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(run.out.find("8 more to apply (at least ") != std::string::npos);
  CHECK(run.out.find(" at 4 a minute for each of 2 accounts)") != std::string::npos);
  cps.project("site", 0, "limits: [4/60s], budgetGroup: corp");
  Run const one = run_cpsctl(cps.command({"plan"}), cps.in("site"));
  INFO(one.out, one.err);
  CHECK(one.out.find("at 4 a minute)") != std::string::npos);
}

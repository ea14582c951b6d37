#include "base/json.hpp"
#include "places.hpp"
#include "program/program.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

std::string const examples = places::source("manifests");

std::string sandbox_flag(Folder const& folder) {
  return "--sandbox=" + (folder / "sandbox").string();
}

std::size_t count(std::vector<std::string> const& lines, std::string const& start) {
  return static_cast<std::size_t>(
      std::ranges::count_if(lines, [&](std::string const& line) { return line.starts_with(start); }));
}

}  // namespace

TEST_CASE("the main job: validate, plan, apply, and an empty plan that costs one request") {
  Folder const folder;
  Settings const here{.folder = folder.path()};
  std::string const sandbox = sandbox_flag(folder);

  Run const valid = run_cpsctl({"validate", examples}, here);
  INFO(valid.out, valid.err);
  REQUIRE(valid.exit == 0);
  CHECK(valid.err.empty());

  Run const planned = run_cpsctl({"plan", sandbox, examples}, here);
  INFO(planned.out, planned.err);
  REQUIRE(planned.exit == 0);
  CHECK(planned.out.find("to create") != std::string::npos);
  CHECK(count(requests(folder / "sandbox"), "GET ") == 1);
  CHECK(count(requests(folder / "sandbox"), "POST ") == 0);
  CHECK_FALSE(std::filesystem::exists(folder / "sandbox/state.json"));

  Run const changes = run_cpsctl({"plan", sandbox, "--detailed-exitcode", examples}, here);
  CHECK(changes.exit == 2);

  Run const applied = run_cpsctl({"apply", sandbox, "--yes", examples}, here);
  INFO(applied.out, applied.err);
  REQUIRE(applied.exit == 0);
  std::size_t const before = requests(folder / "sandbox").size();

  Run const again = run_cpsctl({"plan", sandbox, "--complete-after", "0s", "--detailed-exitcode", examples}, here);
  INFO(again.out, again.err);
  CHECK(again.exit == 0);
  CHECK(again.out.find("No changes") != std::string::npos);
  CHECK(requests(folder / "sandbox").size() == before + 1);

  Run const list = run_cpsctl({"state", "list", sandbox, "-o", "json"}, here);
  REQUIRE(list.exit == 0);
  json::Document const state = list.json();
  json::Value const* const entries = json::find(state, "enrollments");
  REQUIRE(entries != nullptr);
  CHECK(entries->Size() == 4);
}

TEST_CASE("the sample enrollment reaches CPS field for field, with every query parameter and the exact media types") {
  Folder const folder;
  Settings const here{.folder = folder.path()};
  Run const applied = run_cpsctl({"apply", sandbox_flag(folder), "--yes", examples + "/sample.yaml"}, here);
  INFO(applied.out, applied.err);
  REQUIRE(applied.exit == 0);

  std::vector<json::Document> log;
  std::istringstream lines(read(folder / "sandbox/requests.log"));
  for (std::string line; std::getline(lines, line);) log.push_back(json::parse(line, "log").value());
  auto const field = [](json::Document const& line, char const* name) {
    return std::string(json::text_or(json::find(line, name), ""));
  };
  std::vector<std::string> calls;
  for (auto const& line : log) {
    calls.push_back(field(line, "method"));
    std::string const target = field(line, "target");
    if (field(line, "method") == "POST") {
      CHECK(target.find("contractId=1-1TJZH5") != std::string::npos);
      CHECK(target.find("deploy-not-before=2027-06-01") != std::string::npos);
      CHECK(target.find("deploy-not-after=2027-12-31") != std::string::npos);
      CHECK(field(line, "accept") == "application/vnd.akamai.cps.enrollment-status.v1+json");
      CHECK(field(line, "contentType") == "application/vnd.akamai.cps.enrollment.v12+json; charset=utf-8");
    }
    if (field(line, "method") == "PUT") {
      CHECK(target.find("allow-cancel-pending-changes=true") != std::string::npos);
      CHECK(field(line, "contentType") == "application/vnd.akamai.cps.enrollment.v12+json; charset=utf-8");
    }
  }
  CHECK(calls == std::vector<std::string>{"GET", "POST", "GET", "PUT"});

  Run const plan = run_cpsctl({"plan", sandbox_flag(folder), "--detailed-exitcode", examples + "/sample.yaml"}, here);
  INFO(plan.out, plan.err);
  CHECK(plan.exit == 3);  // a person has to go on with its change
}

TEST_CASE("two hundred creates: two hundred enrollments, two hundred ids, and an empty plan") {
  Folder const folder;
  for (int i = 0; i < 200; ++i)
    folder.write(fmt::format("manifests/site-{:03}.yaml", i),
                 dv_manifest(fmt::format("site-{:03}", i), fmt::format("www{:03}.example.com", i)));
  Settings const here{.folder = folder.path()};
  std::string const sandbox = sandbox_flag(folder);
  Run const applied = run_cpsctl({"apply", sandbox, "--yes", "-q", "-o", "json"}, here);
  INFO(applied.err);
  REQUIRE(applied.exit == 0);
  json::Document const result = applied.json();
  CHECK(json::find(result, "items")->Size() == 200);
  CHECK(count(requests(folder / "sandbox"), "POST ") == 200);

  Run const list = run_cpsctl({"state", "list", sandbox, "-o", "json"}, here);
  std::set<std::int64_t> ids;
  json::Document const state = list.json();
  for (auto const& entry : json::find(state, "enrollments")->GetArray())
    ids.insert(json::find(entry, "id")->GetInt64());
  CHECK(ids.size() == 200);

  Run const plan = run_cpsctl({"plan", sandbox, "--complete-after", "0s", "--detailed-exitcode"}, here);
  CHECK(plan.exit == 0);
  CHECK(plan.out.find("200 unchanged") != std::string::npos);
}

TEST_CASE("what exists and is identical is adopted without a write, also after the state was lost") {
  Folder const folder;
  folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  Settings const here{.folder = folder.path()};
  std::string const sandbox = sandbox_flag(folder);
  REQUIRE(run_cpsctl({"apply", sandbox, "--yes"}, here).exit == 0);
  std::filesystem::remove(folder / "sandbox/state.json");
  std::filesystem::remove(folder / "sandbox/state.json.journal");
  std::filesystem::remove(folder / "sandbox/state.json.bak");
  std::size_t const before = requests(folder / "sandbox").size();

  Run const adopted = run_cpsctl({"apply", sandbox, "--complete-after", "0s", "--yes"}, here);
  INFO(adopted.out, adopted.err);
  CHECK(adopted.exit == 0);
  CHECK(requests(folder / "sandbox").size() == before + 1);
  CHECK(run_cpsctl({"state", "show", "www", sandbox}, here).exit == 0);
}

#include "program/program.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

/// Creates whose outcome a run has to find out, and CPS's five-minute rule: in one run, with nothing ordered twice.
namespace {

using namespace program;

std::string const usual = "settle: 1s, createSpacing: 2s, timeout: 2s";

struct Doubtful {
  Folder folder;
  explicit Doubtful(int enrollments, std::string const& api = usual) {
    folder.write("cpsctl.yaml",
                 "apiVersion: cpsctl.dev/v1\nkind: Project\nspec:\n  manifests: [certs/]\n  api: { " + api + " }\n");
    for (int i = 0; i < enrollments; ++i)
      folder.write(fmt::format("certs/www-{}.yaml", i),
                   dv_manifest(fmt::format("www-{}", i), fmt::format("www{}.example.com", i)));
  }
  Run run(std::vector<std::string> arguments, std::vector<std::string> const& more) const {
    arguments.push_back("--sandbox=" + (folder / "cps").string());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
  Run apply(std::vector<std::string> const& more = {}) const { return run({"apply", "--yes"}, more); }
  std::ptrdiff_t posts() const {
    return std::ranges::count_if(requests(folder / "cps"), [](auto const& line) { return line.starts_with("POST"); });
  }
  std::string plan() const { return run({"plan"}, {}).out; }
};

bool has(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

void edit(Doubtful const& project, std::string const& from, std::string const& to) {
  std::string text = read(project.folder / "certs/www-0.yaml");
  auto const at = text.find(from);
  REQUIRE(at != std::string::npos);
  project.folder.write("certs/www-0.yaml", text.replace(at, from.size(), to));
}

void expect_exit(Run const& run, int exit) {
  INFO(run.out, run.err);
  CHECK(run.exit == exit);
}

/// The last run's answer is lost, and there is no time to find out.
std::vector<std::string> losing(std::string const& request) {
  return {"--complete-after", "0s", "--fault", request + ": drop-after times 1", "--deadline", "900ms"};
}

std::vector<std::string> const at_once{"--complete-after", "0s"};

}  // namespace

TEST_CASE("doubts: an answer was lost, and the same run finds in the list that CPS did it") {
  Doubtful const project(2);
  Run const run = project.apply({"--fault", "POST /enrollments: drop-after times 1"});
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(project.posts() == 2);
  CHECK(has(run.err, "CPS's list is looked at again"));
  CHECK(has(project.plan(), "2 unchanged"));
}

TEST_CASE("doubts: a request was lost, and the same run sends it again once that is proven") {
  Doubtful const project(2);
  Run const run = project.apply({"--fault", "POST /enrollments: drop-before times 1"});
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(has(project.plan(), "2 unchanged"));
}

TEST_CASE("doubts: no time to find out is exit 75, and the next run goes on") {
  Doubtful const project(2);
  Run const first = project.apply({"--fault", "POST /enrollments: drop-after times 1", "--deadline", "900ms"});
  INFO(first.out, first.err);
  CHECK(first.exit == 75);
  CHECK(has(first.out, "in doubt"));
  Run const second = project.apply();
  INFO(second.out, second.err);
  CHECK(second.exit == 0);
  CHECK(project.posts() == 2);
}

TEST_CASE("doubts: an update whose answer was lost ends in the same run") {
  Doubtful const project(2);
  REQUIRE(project.apply({"--complete-after", "0s"}).exit == 0);
  std::string text = read(project.folder / "certs/www-0.yaml");
  auto const at = text.find("quicEnabled: false");
  REQUIRE(at != std::string::npos);
  project.folder.write("certs/www-0.yaml", text.replace(at, 18, "quicEnabled: true"));
  Run const run = project.apply({"--complete-after", "0s", "--fault", "PUT /enrollments/*: drop-after times 1"});
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(has(project.plan(), "2 unchanged"));
}

TEST_CASE(
    "doubts: a manifest edited between a lost create and its proof: what was sent is recorded, the edit follows") {
  Doubtful const project(1);
  edit(project, "quicEnabled: false", "quicEnabled: false\n      ocspStapling: \"on\"");
  expect_exit(project.apply(losing("POST /enrollments")), 75);
  edit(project, "quicEnabled: false\n      ocspStapling: \"on\"", "quicEnabled: true");
  Run const first = project.run({"plan"}, at_once);
  CHECK(has(first.out, "CPS's list shows that it was done"));
  CHECK(has(first.out, "the manifest was edited since it was sent"));
  Run const recorded = project.apply(at_once);
  expect_exit(recorded, 75);
  CHECK(has(recorded.out, "the manifest was edited since it was sent"));
  Run const plan = project.run({"plan"}, at_once);
  CHECK(has(plan.out, "quicEnabled"));
  CHECK_FALSE(has(plan.out, "changed outside"));
  expect_exit(project.apply(at_once), 0);
  CHECK(has(project.plan(), "1 unchanged"));
  CHECK(project.posts() == 1);
}

TEST_CASE("doubts: a create that made something that differs is settled by a person, or by the manifest") {
  Doubtful const project(1);
  expect_exit(project.apply(losing("POST /enrollments")), 75);
  // CPS changed what it was given: that can not be told from an enrollment of somebody else.
  Folder const other;
  other.write("cpsctl.yaml", read(project.folder / "cpsctl.yaml"));
  other.write("certs/www-0.yaml", read(project.folder / "certs/www-0.yaml"));
  auto const elsewhere = [&](std::vector<std::string> arguments) {
    arguments.push_back("--sandbox=" + (project.folder / "cps").string());
    arguments.insert(arguments.end(), {"--state", "other.json", "--complete-after", "0s"});
    return run_cpsctl(std::move(arguments), {.folder = other.path()});
  };
  expect_exit(elsewhere({"apply", "--yes"}), 0);
  std::string text = read(other / "certs/www-0.yaml");
  other.write("certs/www-0.yaml", text.replace(text.find("quicEnabled: false"), 18, "quicEnabled: true"));
  expect_exit(elsewhere({"apply", "--yes"}), 0);

  Run const blocked = project.apply(at_once);
  expect_exit(blocked, 4);
  CHECK(has(blocked.out + blocked.err, "quicEnabled"));
  CHECK(has(blocked.out + blocked.err, "cpsctl state settle www-0 --as ID | --not-done"));
  SUBCASE("the manifest agrees with it") {
    edit(project, "quicEnabled: false", "quicEnabled: true");
  }
  SUBCASE("a person says which enrollment it made") {
    std::string const id = "10001";
    expect_exit(project.run({"state", "settle", "www-0"}, {}), 64);
    expect_exit(project.run({"state", "settle", "nobody", "--not-done"}, {}), 64);
    Run const settled = project.run({"state", "settle", "www-0", "--as", "/cps/v2/enrollments/" + id}, {});
    expect_exit(settled, 0);
    CHECK(has(settled.out, "www-0 is enrollment 10001"));
    CHECK(has(project.run({"plan"}, at_once).out, "quicEnabled"));
  }
  expect_exit(project.apply(at_once), 0);
  CHECK(has(project.plan(), "1 unchanged"));
  CHECK(project.posts() == 1);
}

TEST_CASE("doubts: a person says that a create was not done, and it is sent again") {
  Doubtful const project(1, "settle: 1h, timeout: 2s");
  std::vector<std::string> const lost{"--fault", "POST /enrollments: drop-before times 1", "--deadline", "900ms"};
  expect_exit(project.apply(lost), 75);
  Run const waiting = project.apply({"--deadline", "500ms"});
  expect_exit(waiting, 75);
  expect_exit(project.run({"state", "settle", "www-0", "--not-done"}, {}), 0);
  expect_exit(project.apply(), 0);
  CHECK(has(project.plan(), "1 unchanged"));
}

TEST_CASE("doubts: a manifest that goes back while its update is in doubt: what the update brought is set back") {
  Doubtful const project(1);
  expect_exit(project.apply(at_once), 0);
  edit(project, "c: US,", "c: US, ou: Platform,");
  expect_exit(project.apply(losing("PUT /enrollments/*")), 75);
  edit(project, "c: US, ou: Platform,", "c: US,");
  Run const plan = project.run({"plan"}, at_once);
  CHECK(has(plan.out, "csr.ou"));
  CHECK_FALSE(has(plan.out, "changed outside"));
  expect_exit(project.apply(at_once), 0);
  CHECK(has(project.plan(), "1 unchanged"));
}

TEST_CASE("doubts: a delete that was done is not claimed again for the enrollment that took its place") {
  Doubtful const project(2);
  std::string const manifest = read(project.folder / "certs/www-0.yaml");
  edit(project, "spec:\n", "spec:\n  lifecycle: { deletion: delete }\n");
  std::string const deletable = read(project.folder / "certs/www-0.yaml");
  expect_exit(project.apply({}), 0);  // its first change stays pending, so it is not in production
  std::filesystem::remove(project.folder / "certs/www-0.yaml");
  expect_exit(project.apply({"--allow-delete", "--max-deletes", "1", "--on-pending", "cancel", "--fault",
                             "DELETE /enrollments/*: drop-after times 1", "--deadline", "900ms"}),
              75);
  project.folder.write("certs/www-0.yaml", deletable);
  expect_exit(project.apply(), 0);  // it was our own delete: no consent is asked to create it again
  CHECK(project.posts() == 3);
  CHECK_FALSE(has(project.run({"state", "list"}, {}).out, "in doubt"));
  std::filesystem::remove(project.folder / "certs/www-0.yaml");
  auto const deletes = [&] {
    auto const all = requests(project.folder / "cps");
    return std::ranges::count_if(all, [](auto const& line) { return line.starts_with("DELETE"); });
  };
  auto const before = deletes();
  expect_exit(project.apply({"--allow-delete", "--max-deletes", "1", "--on-pending", "cancel"}), 0);
  CHECK(deletes() == before + 1);
}

TEST_CASE("doubts: a list that lags behind an update is no proof that it was not done") {
  Doubtful const project(1);
  std::vector<std::string> const lagging{"--complete-after", "0s", "--write-lag", "1h"};
  REQUIRE(project.apply({"--complete-after", "0s"}).exit == 0);
  std::string text = read(project.folder / "certs/www-0.yaml");
  auto const at = text.find("quicEnabled: false");
  project.folder.write("certs/www-0.yaml", text.replace(at, 18, "quicEnabled: true"));
  std::vector<std::string> losing = lagging;
  losing.insert(losing.end(), {"--fault", "PUT /enrollments/*: drop-after times 1"});
  Run const run = project.apply(losing);
  INFO(run.out, run.err);
  CHECK(run.exit == 4);
  CHECK(has(run.out, "has changed since it was planned on"));
  auto const all = requests(project.folder / "cps");
  CHECK(std::ranges::count_if(all, [](auto const& line) { return line.starts_with("PUT"); }) == 1);
  Run const later = project.apply({"--complete-after", "0s"});
  INFO(later.out, later.err);
  CHECK(later.exit == 0);
  CHECK(has(project.plan(), "1 unchanged"));
}

TEST_CASE("doubts: a list that lags behind an update that was answered costs a look, and nothing is written again") {
  Doubtful const project(2, "settle: 60s");
  std::vector<std::string> const lagging{"--complete-after", "0s", "--write-lag", "1h"};
  REQUIRE(project.apply(lagging).exit == 0);
  edit(project, "quicEnabled: false", "quicEnabled: true");
  expect_exit(project.apply(lagging), 0);
  auto const sent = [&](std::string const& start) {
    return std::ranges::count_if(requests(project.folder / "cps"),
                                 [&](auto const& line) { return line.starts_with(start); });
  };
  auto const looks = [&] { return sent("GET /cps/v2/enrollments/"); };
  REQUIRE(sent("PUT") == 1);
  SUBCASE("the next plan is empty: it looked at the one, and not at the other") {
    auto const before = looks();
    Run const planned = project.run({"plan"}, lagging);
    INFO(planned.out, planned.err);
    CHECK(has(planned.out, "2 unchanged"));
    CHECK(looks() == before + 1);
    expect_exit(project.apply(lagging), 0);
    CHECK(sent("PUT") == 1);
  }
  SUBCASE("the next edit is based on what was written, not on what is listed") {
    edit(project, "changeManagement: false", "changeManagement: true");
    expect_exit(project.apply(lagging), 0);
    CHECK(sent("PUT") == 2);
    CHECK(has(project.run({"plan"}, at_once).out, "2 unchanged"));
  }
}

TEST_CASE("doubts: a second write whose answer was lost, or that never arrived, ends in the same run") {
  for (char const* const fault : {"PUT /enrollments/*: drop-after times 1", "PUT /enrollments/*: drop-before times 1",
                                  "PUT /enrollments/*: status 409 cannot-cancel-pending-change times 1"}) {
    CAPTURE(fault);
    Doubtful const project(2);
    std::string const text = read(project.folder / "certs/www-0.yaml");
    std::string const before = "      quicEnabled: false\n";
    project.folder.write("certs/www-0.yaml",
                         std::string(text).replace(text.find(before), before.size(),
                                                   before + "      clientMutualAuthentication: { setId: S }\n"));
    Run const run = project.apply({"--fault", fault});
    INFO(run.out, run.err);
    CHECK(run.exit == 0);
    CHECK(has(project.plan(), "2 unchanged"));
    CHECK(project.posts() == 2);
  }
}

TEST_CASE("doubts: a saved plan goes on with what it began, and is no other plan for it") {
  Doubtful const project(2);
  REQUIRE(project.run({"plan", "--out", "json=plan.json"}, {}).exit == 0);
  auto const document = cpsctl::json::parse(read(project.folder / "plan.json"), "plan").value();
  std::vector<std::string> const apply{
      "apply",      "--yes",
      "--plan",     (project.folder / "plan.json").string(),
      "--approved", std::string(cpsctl::json::text_or(cpsctl::json::find(document, "digest"), ""))};
  Run const first = project.run(
      apply, {"--fault", "POST /enrollments: drop-after nth 1", "--parallelism", "1", "--deadline", "900ms"});
  INFO(first.out, first.err);
  CHECK(first.exit == 75);
  Run const second = project.run(apply, {});
  INFO(second.out, second.err);
  CHECK(second.exit == 0);
  CHECK(project.run(apply, {}).exit == 0);
  CHECK(project.posts() == 2);
  CHECK(has(project.plan(), "2 unchanged"));
}

TEST_CASE("doubts: credentials that are refused while a doubt is looked at again are exit 77, the doubt is kept") {
  Doubtful const project(1);
  Run const run =
      project.apply({"--fault", "POST /enrollments: drop-after times 1", "--fault", "GET: status 401 from 2"});
  INFO(run.out, run.err);
  CHECK(run.exit == 77);
  CHECK(has(run.out, "in doubt"));
  CHECK(has(run.err, "looking again at what is in doubt"));
  CHECK(project.apply().exit == 0);
  CHECK(project.posts() == 1);
}

TEST_CASE("a request limit that outlasts the run is exit 75 and no failure") {
  Doubtful const project(2);
  Run const run = project.apply(
      {"--fault", "POST /enrollments: limit 30s nth 1", "--parallelism", "1", "--deadline", "5s", "--limits", "real"});
  INFO(run.out, run.err);
  CHECK(run.exit == 75);
  CHECK(has(run.out, "2 not done"));
  CHECK_FALSE(has(run.out, "failed"));
}

TEST_CASE("five-minute rule: after the first 409 no two creates of the contract are under way at once") {
  Doubtful const project(5, "settle: 1s, createSpacing: 1s, timeout: 2s");
  Run const run = project.apply({"--five-minute-rule", "contract", "--five-minutes", "1s"});
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  // One was taken and four were refused before anybody knew; each of these was sent once more.
  CHECK(project.posts() == 9);
  CHECK(has(project.plan(), "5 unchanged"));
}

TEST_CASE("five-minute rule: a run remembers what the one before it was told") {
  Doubtful const project(4, "settle: 1s, createSpacing: 6s, timeout: 2s");
  std::vector<std::string> const rule{"--five-minute-rule", "contract", "--five-minutes", "6s"};
  auto const with_deadline = [&](char const* deadline) {
    std::vector<std::string> more = rule;
    more.insert(more.end(), {"--deadline", deadline});
    return project.apply(more);
  };
  CHECK(with_deadline("4s").exit == 75);
  CHECK(project.posts() == 4);  // nobody knew
  Run const second = with_deadline("1s");
  INFO(second.out, second.err);
  CHECK(second.exit == 75);
  CHECK(project.posts() <= 5);  // one at the most, not all of them again
  Run const third = project.apply(rule);
  INFO(third.out, third.err);
  CHECK(third.exit == 0);
  CHECK(has(project.plan(), "4 unchanged"));
}

TEST_CASE("five-minute rule: a contract's creates go on one at a time, in the same run") {
  Doubtful const project(3);
  Run const run = project.apply({"--five-minute-rule", "contract", "--five-minutes", "2s"});
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(has(run.out + run.err, "409"));
  CHECK(has(project.plan(), "3 unchanged"));
}

TEST_CASE("five-minute rule: read as one of the common name, nobody waits for others") {
  Doubtful const project(3);
  Run const run = project.apply({"--five-minute-rule", "cn", "--five-minutes", "300s"});
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(project.posts() == 3);
}

TEST_CASE("five-minute rule: out of time, everything is saved and the next run goes on") {
  Doubtful const project(4, "settle: 1s, createSpacing: 3s, timeout: 2s, parallelism: 1");
  Run const first = project.apply({"--five-minute-rule", "contract", "--five-minutes", "3s", "--deadline", "2500ms"});
  INFO(first.out, first.err);
  CHECK(first.exit == 75);
  CHECK(has(first.out, "in line"));
  CHECK(project.posts() == 2);  // one was taken, one refused; the others were not sent
  Run const second = project.apply({"--five-minute-rule", "contract", "--five-minutes", "3s"});
  INFO(second.out, second.err);
  // What was refused before this run is for the list to tell; the plan that was shown waits for it.
  CHECK((second.exit == 0 || second.exit == 75));
  Run const third = project.apply({"--five-minute-rule", "contract", "--five-minutes", "3s"});
  INFO(third.out, third.err);
  CHECK(third.exit == 0);
  CHECK(has(project.plan(), "4 unchanged"));
}

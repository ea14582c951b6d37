// Another date for a deployment that is under way, and a date by which a certificate may expire.
#include "program/crash.hpp"
#include "program/program.hpp"
#include "program/wanted.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

constexpr char const* names = "sans: [alt.www.example.com]";

/// One enrollment in an embedded CPS that is its own server in each run.
struct Project {
  Folder folder;
  std::vector<std::string> switches{"--complete-after", "0s", "--inputs", "wait"};  // waits for its challenges

  Project() { folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com")); }
  void edit(std::string const& from, std::string const& to) const {
    folder.write("manifests/www.yaml", replaced(read(folder / "manifests/www.yaml"), from, to));
  }
  /// `days`: as YAML writes a map.
  void date(std::string const& days) const {
    std::string text = read(folder / "manifests/www.yaml");
    if (auto const at = text.find("  deploy:"); at != std::string::npos) text.erase(at, text.find('\n', at) + 1 - at);
    if (!days.empty()) text = replaced(text, "spec:\n", "spec:\n  deploy: " + days + "\n");
    folder.write("manifests/www.yaml", text);
  }
  Run run(std::vector<std::string> arguments, std::vector<std::string> const& more = {}) const {
    arguments.push_back("--sandbox=" + (folder / "sandbox").string());
    arguments.insert(arguments.end(), switches.begin(), switches.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
  Run plan() const { return run({"plan"}); }
  Run apply(std::vector<std::string> const& more = {}) const { return run({"apply", "--yes"}, more); }
  void fine(std::vector<std::string> const& more = {}) const {
    Run const done = apply(more);
    INFO(done.out, done.err);
    REQUIRE(done.exit == 0);
  }
  void is_quiet() const {
    Run const quiet = plan();
    INFO(quiet.out, quiet.err);
    CHECK_FALSE(says(quiet.out, "to update"));
    CHECK_FALSE(says(quiet.out, "to record"));
  }
  std::ptrdiff_t rescheduled() const {
    return std::ranges::count_if(requests(folder / "sandbox"), [](std::string const& line) {
      return line.starts_with("PUT ") && says(line, "/deployment-schedule");
    });
  }
};

void has(Run const& run, std::string const& words) {
  INFO(run.out, run.err);
  CHECK(says(run.out, words));
}

}  // namespace

TEST_CASE("schedule: deploy edited alone is one PUT, and the next plan is quiet") {
  Project const project;
  project.date("{ notBefore: 2040-01-02 }");
  project.fine();
  project.is_quiet();
  project.date("{ notBefore: 2040-01-09, notAfter: 2040-02-01 }");
  Run const plan = project.plan();
  has(plan, "deploy.notBefore");
  has(plan, "\"2040-01-02\" → \"2040-01-09\"");
  has(plan, "another date for what is under way");
  has(plan, "1 to update");
  CHECK(project.rescheduled() == 0);
  project.fine();
  CHECK(project.rescheduled() == 1);
  project.is_quiet();
  project.fine();
  CHECK(project.rescheduled() == 1);
  has(project.run({"state", "log"}), "rescheduled");
  has(project.run({"state", "log"}), "not before 2040-01-09, not after 2040-02-01");

  project.date("{ notAfter: 2020-01-01 }");
  Run const past = project.apply();
  CHECK(past.exit == 4);
  has(past, "spec.deploy.notAfter 2020-01-01 is past");
  CHECK(project.rescheduled() == 1);
}

TEST_CASE("schedule: a lost answer is settled by what the change shows, and nothing is sent twice") {
  Project const project;
  project.fine();
  project.date("{ notBefore: 2040-01-02 }");
  Run const lost = project.apply({"--fault", "PUT: drop-after times 1", "--deadline", "3s"});
  INFO(lost.out, lost.err);
  CHECK(lost.exit == 75);
  CHECK(says(lost.out, "in doubt"));
  CHECK(project.rescheduled() == 1);
  project.fine();
  CHECK(project.rescheduled() == 1);
  project.is_quiet();
  has(project.run({"state", "log"}), "rescheduled");
}

TEST_CASE("schedule: after staging, and with nothing under way, an edit is recorded alone, and said") {
  Project project;
  SUBCASE("nothing is under way") {
    project.switches = {"--complete-after", "0s"};
    project.fine();
    project.date("{ notBefore: 2040-01-02 }");
    has(project.plan(), "nothing of ours is under way");
  }
  SUBCASE("on staging") {
    project.switches = {"--complete-after", "0s"};
    project.edit("changeManagement: false", "changeManagement: true");
    project.fine();
    project.is_quiet();  // CPS has deployed it meanwhile
    project.edit(names, "sans: [alt.www.example.com, new.www.example.com]");
    project.switches = {"--inputs", "wait", "--complete-after", "0s"};
    project.fine();
    Run const validated = project.run({"ack", "www", "--yes"});
    INFO(validated.out, validated.err);
    REQUIRE(validated.exit == 0);
    project.date("{ notBefore: 2040-01-02 }");
    has(project.plan(), "is too late for other dates");
  }
  Run const plan = project.plan();
  has(plan, "to record");
  project.fine();
  CHECK(project.rescheduled() == 0);
  project.is_quiet();
}

TEST_CASE("schedule: a colleague's change keeps its dates") {
  Project project;
  project.switches = {"--complete-after", "0s"};
  project.fine();
  project.is_quiet();
  Folder const other;
  other.write("manifests/www.yaml",
              replaced(replaced(read(project.folder / "manifests/www.yaml"), "quicEnabled: false", "quicEnabled: true"),
                       "spec:\n", "spec:\n  lifecycle: { adopt: always }\n"));
  Run const theirs =
      run_cpsctl({"apply", "--yes", "--sandbox=" + (project.folder / "sandbox").string(), "--state", "own.json"},
                 {.folder = other.path()});
  INFO(theirs.out, theirs.err);
  REQUIRE(theirs.exit == 0);
  project.switches = {};
  project.edit("quicEnabled: false", "quicEnabled: true");
  project.date("{ notBefore: 2040-01-02 }");
  has(project.plan(), "is not of this manifest's making, and keeps its dates");
  project.fine();
  CHECK(project.rescheduled() == 0);
  project.is_quiet();
}

TEST_CASE("allowExpiry: a date after which the live certificate may expire needs consent") {
  Project project;
  project.switches = {"--complete-after", "0s"};
  project.edit("changeManagement: false", "changeManagement: true");
  project.fine();
  project.edit(names, "sans: [alt.www.example.com, new.www.example.com]");
  project.date("{ notBefore: 2040-01-02 }");
  Run const refused = project.apply();
  CHECK(refused.exit == 4);
  has(refused, "spec.deploy.notBefore 2040-01-02 is later than seven days before the live certificate ends");
  has(refused, "spec.lifecycle.allowExpiry: true");
  project.edit("spec:\n", "spec:\n  lifecycle: { allowExpiry: true }\n");
  has(project.plan(), "issues a new certificate");
  project.fine();
}

namespace {

std::unique_ptr<sandbox::Server> serve(std::filesystem::path const& folder, Clock const& clock = system_clock()) {
  auto server = sandbox::Server::start({.folder = folder / "cps",
                                        .behaviour = {.complete_after = Duration{}, .inputs = sandbox::Inputs::wait},
                                        .clock = &clock});
  REQUIRE(server.has_value());
  return std::move(*server);
}

/// The next run ends what the killed one began: the dates are sent, once, and the state knows them.
std::string ends_well(std::filesystem::path const& folder) {
  Later const clock;
  auto const server = serve(folder, clock);
  for (std::vector<std::string> const& arguments : {std::vector<std::string>{"apply", "--yes"}, {"plan"}}) {
    Run const run = run_against(*server, folder, arguments, later());
    bool const more = says(run.out, "to update") || says(run.out, "to record");
    if (run.exit != 0 || (arguments.front() == "plan" && more))
      return fmt::format("{}: exit {}\n{}{}", arguments.front(), run.exit, run.out, run.err);
  }
  auto const sent = requests(folder / "cps");
  auto const times = std::ranges::count_if(
      sent, [](std::string const& line) { return line.starts_with("PUT ") && says(line, "/deployment-schedule"); });
  return times == 1 ? "" : fmt::format("sent {} times", times);
}

}  // namespace

TEST_CASE("schedule: killed anywhere in the run that sends it, the next one knows, and sends it only once") {
  Folder const project;
  write_project(project);
  project.write("certs/www.yaml", dv_manifest("www", "www.example.com"));
  {
    auto const server = serve(project.path());
    REQUIRE(run_against(*server, project.path(), {"apply", "--yes"}).exit == 0);
  }
  project.write("certs/www.yaml", replaced(dv_manifest("www", "www.example.com"), "spec:\n",
                                           "spec:\n  deploy: { notBefore: 2040-01-02 }\n"));
  Kills const kills =
      kill_apply(project, {.serve = [](auto const& folder) { return serve(folder); }, .wrong_after = ends_well});
  for (std::string const& wrong : kills.wrong) FAIL_CHECK(wrong);
  MESSAGE(fmt::format("{} runs were killed ({} calls in a whole run)", kills.killed, kills.calls));
  CHECK(kills.killed > 5);
}

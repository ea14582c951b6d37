#include "program/project.hpp"

#include <cstdlib>
#include <fstream>

/// A state that cannot be used or written: said, nothing sent, and nothing lost.
using namespace program;
namespace json = cpsctl::json;

TEST_CASE("the state: what cannot be used is exit 74, and nothing is sent") {
  Project const project;
  SUBCASE("a folder that cannot be made") {
    Run const run = project.run({"apply", "--yes", "--state", "manifests/www.yaml/state.json"});
    CHECK(run.exit == 74);
    contains(run, "manifests/www.yaml");
  }
  SUBCASE("a state file that is rubbish") {
    project.folder.write(".cpsctl/state.json", "{\"format_version\": 1, rubbish");
    Run const run = project.run({"apply", "--yes"});
    CHECK(run.exit == 74);
    contains(run, ".cpsctl/state.json");
    CHECK(project.run({"plan"}).exit == 74);
  }
  SUBCASE("a state file from a newer cpsctl") {
    project.folder.write(".cpsctl/state.json", "{\"formatVersion\": 99}");
    Run const run = project.run({"apply", "--yes"});
    CHECK(run.exit == 74);
    contains(run, "newer");
  }
  for (char const* const name : {"state.json", "state.json.journal", "state.json.lock"}) {
    SUBCASE(name) {
      std::filesystem::create_directories(project.folder.path() / ".cpsctl" / name);
      Run const run = project.run({"apply", "--yes"});
      CHECK(run.exit == 74);
      contains(run, "a folder is in the way: name a file, or move the folder away");
    }
  }
  CHECK(project.creates() == 0);
}

TEST_CASE("the state: a place of no known kind is a usage error before anything is read or sent") {
  Project const project;
  for (auto const& command : {std::vector<std::string>{"plan"}, {"apply", "--yes"}, {"status"}, {"state", "unlock"}}) {
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.end(), {"--state", "xyz://ana:secret@db/cps"});
    Run const run = project.run(arguments);
    CHECK(run.exit == 64);
    contains(run, "no state can be kept at xyz://…: cpsctl keeps it in files");
    CHECK((run.out + run.err).find("secret") == std::string::npos);
  }
  CHECK(requests(project.folder / "cps").empty());
  CHECK_FALSE(std::filesystem::exists((project.folder / "xyz:").string()));
}

TEST_CASE("the state: a project file names a file alone, whatever kinds the operator may choose") {
  Project const project;
  project.folder.write("cpsctl.yaml",
                       "apiVersion: cpsctl.dev/v1\nkind: Project\nspec: {state: \"xyz://db.attacker.example/cps\"}\n");
  Run const run = project.run({"plan"});
  CHECK(run.exit == 65);
  contains(run, "which only its operator may choose");
  CHECK(requests(project.folder / "cps").empty());
}

TEST_CASE("a state refuses another realm") {
  Project const project;
  REQUIRE(project.run({"apply", "--yes"}).exit == 0);
  std::string state = read(project.folder / ".cpsctl/state.json");
  project.folder.write(".cpsctl/state.json", replaced(state, "\"sandbox\"", "\"akab-real.luna.akamaiapis.net\""));
  std::filesystem::remove(project.folder / ".cpsctl/state.json.journal");
  Run const run = project.run({"plan"});
  CHECK(run.exit == 74);
  contains(run, "belongs to akamai, this run talks to sandbox");
}

TEST_CASE("a full disk: exit 74, and the next run knows every enrollment") {
  for (rlim_t const limit : {rlim_t{1}, rlim_t{1500}, rlim_t{4000}, rlim_t{12000}}) {
    CAPTURE(limit);
    Project const project;
    project.sites(12);
    Run const run = project.run({"apply", "--yes", "--parallelism", "2"}, {.file_size = limit});
    INFO(run.out, run.err);
    CHECK(run.exit == 74);
    contains(run, "raise the limit on file sizes (ulimit -f) and run again: what CPS did is found again");
    std::size_t const made = project.creates();
    Run const again = project.run({"apply", "--yes"});
    INFO(again.out, again.err);
    CHECK((again.exit == 0 || again.exit == 75));  // 75: a write in doubt waits until the list can be trusted
    CHECK(project.creates() >= made);
    CHECK(project.creates() <= 12);
    if (again.exit == 0) CHECK(project.ids().size() == 12);
  }
}

namespace {

/// The command that an error names as its next step, from `start` up to one of `ends`.
std::string next_step(Run const& run, std::string const& start, char const* ends) {
  auto const begin = run.err.find(start, run.err.find("next:"));
  INFO(run.err);
  REQUIRE(begin != std::string::npos);
  return run.err.substr(begin, run.err.find_first_of(ends, begin) - begin);
}

void shell(Project const& project, std::string const& command) {
  REQUIRE(std::system(("cd " + project.folder.path().string() + " && " + command).c_str()) == 0);
}

}  // namespace

TEST_CASE("a damaged state: each next step that the error names leads to an empty plan") {
  for (char const* const way : {"cp ", "mv "}) {
    CAPTURE(way);
    Project const project;
    project.sites(3);
    REQUIRE(project.run({"apply", "--yes"}).exit == 0);
    REQUIRE(project.run({"state", "forget", "site-0"}).exit == 0);  // so that there is an older snapshot
    std::string const state = read(project.folder / ".cpsctl/state.json");
    project.folder.write(".cpsctl/state.json", state.substr(0, state.size() / 2));
    Run const damaged = project.run({"plan"});
    CHECK(damaged.exit == 74);
    shell(project, next_step(damaged, way, ",("));
    if (std::string(way) == "mv ") CHECK(project.run({"state", "rebuild"}).exit == 0);
    Run const plan = project.run({"plan", "--detailed-exitcode"});
    INFO(plan.out, plan.err);
    CHECK(plan.exit == 3);  // nothing to do but for a person: the names are to be validated
    if (std::string(way) == "cp ")
      contains(plan, "what was recorded in between may be missing. cpsctl state rebuild --edgerc ");
    CHECK(project.ids().size() == 3);
    CHECK(project.creates() == 3);
  }
}

TEST_CASE("a damaged journal: exit 74, it stays as it is, and the next step that is named leads to an empty plan") {
  Project const project;
  project.sites(3);
  REQUIRE(project.run({"apply", "--yes"}).exit == 0);
  std::string const file = ".cpsctl/state.json.journal";
  std::string const good = read(project.folder / file);
  std::string bad;
  std::string way;
  SUBCASE("garbage") {
    bad = "garbage\n";
    way = "mv ";
  }
  SUBCASE("zeros") {
    bad = std::string(4096, '\0');
    way = "mv ";
  }
  SUBCASE("a whole line at the end that misses its checksum") {
    bad = good + "00000000 {\"sequence\":99}\n";
    way = "cp ";
  }
  project.folder.write(file, bad);
  CHECK(project.run({"apply", "--yes"}).exit == 74);
  Run const damaged = project.run({"plan"});
  CHECK(damaged.exit == 74);
  CHECK(read(project.folder / file) == bad);
  shell(project, next_step(damaged, way, ","));
  CHECK(read(project.folder / (file + ".broken")) == bad);
  CHECK(project.run({"state", "rebuild"}).exit == 0);
  Run const plan = project.run({"plan", "--detailed-exitcode"});
  INFO(plan.out, plan.err);
  CHECK(plan.exit == 3);
  CHECK(project.creates() == 3);
}

TEST_CASE("a state that git merged: the conflict is named with its line, and both next steps lead to an empty plan") {
  Project const project;
  REQUIRE(project.run({"apply", "--yes"}).exit == 0);
  auto const state = project.folder / ".cpsctl/state.json";
  std::string const text = read(state);
  auto const line = text.find('\n') + 1;
  std::string const merged =
      text.substr(0, line) + "<<<<<<< HEAD\n" + text.substr(line) + "=======\n" + text.substr(line) + ">>>>>>> other\n";
  project.folder.write(".cpsctl/state.json", merged);
  Run const plan = project.run({"plan"});
  CHECK(plan.exit == 74);
  contains(plan, "a merge conflict of git begins at line 2");
  contains(plan, "cpsctl state rebuild");
  contains(plan, "keep the state out of git");
  std::filesystem::rename(state, project.folder / ".cpsctl/state.json.broken");
  CHECK(project.run({"state", "rebuild"}).exit == 0);
  CHECK(project.run({"plan", "--detailed-exitcode"}).exit == 3);
}

TEST_CASE("an apply with nothing to do leaves the state as it is") {
  Project const project;
  REQUIRE(project.run({"apply", "--yes"}).exit == 0);
  REQUIRE(project.run({"apply", "--yes"}).exit == 0);  // remembers how it has seen the change
  std::filesystem::remove(project.folder / ".cpsctl/state.json.bak");
  std::string const state = read(project.folder / ".cpsctl/state.json");
  std::string const journal = read(project.folder / ".cpsctl/state.json.journal");
  REQUIRE(project.run({"apply", "--yes"}).exit == 0);
  CHECK(read(project.folder / ".cpsctl/state.json") == state);
  CHECK(read(project.folder / ".cpsctl/state.json.journal") == journal);
  CHECK_FALSE(std::filesystem::exists((project.folder / ".cpsctl/state.json.bak").string()));
}

TEST_CASE("a folder that takes no files is exit 74 before anything is sent") {
  Project const project;
  Run const run = project.run({"apply", "--yes", "--state", "/proc/cpsctl/state.json"});
  CHECK(run.exit == 74);
  contains(run, "/proc/cpsctl");
  CHECK(requests(project.folder / "cps").empty());
}

TEST_CASE("status says what is odd about the state's files, as plan does") {
  Project const project;
  REQUIRE(project.run({"apply", "--yes"}).exit == 0);
  std::ofstream(project.folder / ".cpsctl/state.json.journal", std::ios::app) << R"({"sequence": 9)";
  std::string const said = project.run({"plan"}).err;
  CHECK(said.find("warning: ") != std::string::npos);
  CHECK(project.run({"status"}).err == said);
}

TEST_CASE("a report that cannot be written keeps the advice that fits the reason") {
  Project const project;
  Run const run = project.run({"plan", "--out", "json=plan.json"}, {.file_size = rlim_t{100}});
  CHECK(run.exit == 74);
  contains(run, "raise the limit on file sizes");
}

TEST_CASE("state log: what was done, by which person or pipeline, newest last") {
  Project const project;
  project.sites(2);
  Settings const pipeline{.environment = {{"GITLAB_CI", "true"},
                                          {"GITLAB_USER_LOGIN", "octo\x1b[31mcat"},
                                          {"CI_JOB_URL", "https://git.example/acme/-/jobs/7"}}};
  REQUIRE(project.run({"apply", "--yes"}, pipeline).exit == 0);
  REQUIRE(project.run({"state", "mv", "site-1", "site-9"}).exit == 0);
  REQUIRE(project.run({"state", "forget", "site-9"}).exit == 0);
  Run const all = project.run({"state", "log"});
  INFO(all.out, all.err);
  REQUIRE(all.exit == 0);
  CHECK(all.out.find('\x1b') == std::string::npos);
  std::size_t at = 0;
  for (char const* const words : {" created: id ", "by octo\\x1b[31mcat@", ", https://git.example/acme/-/jobs/7, run ",
                                  "site-9 renamed: was site-1", "site-9 forgotten", "4 events"}) {
    CAPTURE(words);
    at = all.out.find(words, at);
    REQUIRE(at != std::string::npos);
  }
  Run const one = project.run({"state", "log", "site-1", "-o", "json"});
  REQUIRE(one.exit == 0);
  json::Document const document = one.json();
  REQUIRE(json::find(document, "events")->Size() == 2);  // created, and renamed to another name
  CHECK(json::text_or(json::at(document, "/events/0/what"), "") == "created");
  CHECK(json::text_or(json::at(document, "/events/0/by/job"), "") == "https://git.example/acme/-/jobs/7");
  CHECK(json::text_or(json::at(document, "/events/1/oldName"), "") == "site-1");
  CHECK(project.run({"state", "log", "site-9"}).exit == 0);  // the history knows it still
  Run const nobody = project.run({"state", "log", "nobody"});
  CHECK(nobody.exit == 64);
  contains(nobody, "the state and its history have no enrollment \"nobody\"");
}

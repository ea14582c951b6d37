#include "program/project.hpp"

#include <cstdlib>

/// A state that cannot be used or written: said, nothing sent, and nothing lost.
using namespace program;

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
  CHECK(project.creates() == 0);
}

TEST_CASE("a state refuses another realm") {
  Project const project;
  REQUIRE(project.run({"apply", "--yes"}).exit == 0);
  std::string state = read(project.folder / ".cpsctl/state.json");
  project.folder.write(".cpsctl/state.json", replaced(state, "\"sandbox\"", "\"akab-real.luna.akamaiapis.net\""));
  std::filesystem::remove(project.folder / ".cpsctl/state.json.journal");
  Run const run = project.run({"plan"});
  CHECK(run.exit == 74);
  contains(run, "akab-real.luna.akamaiapis.net");
}

TEST_CASE("a full disk: exit 74, and the next run knows every enrollment") {
  for (rlim_t const limit : {rlim_t{1}, rlim_t{1500}, rlim_t{4000}, rlim_t{12000}}) {
    CAPTURE(limit);
    Project const project;
    project.sites(12);
    Run const run = project.run({"apply", "--yes", "--parallelism", "2"}, {.file_size = limit});
    INFO(run.out, run.err);
    CHECK(run.exit == 74);
    std::size_t const made = project.creates();
    Run const again = project.run({"apply", "--yes"});
    INFO(again.out, again.err);
    CHECK((again.exit == 0 || again.exit == 75));  // 75: a write in doubt waits until the list can be trusted
    CHECK(project.creates() >= made);
    CHECK(project.creates() <= 12);
    if (again.exit == 0) CHECK(project.ids().size() == 12);
  }
}

TEST_CASE("a damaged state: each of the ways on that the error names leads to an empty plan") {
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
    auto const begin = damaged.err.find(way, damaged.err.find("next:"));
    INFO(damaged.err);
    REQUIRE(begin != std::string::npos);
    auto const end = damaged.err.find_first_of(",(", begin);
    std::string const command = damaged.err.substr(begin, end - begin);
    REQUIRE(std::system(("cd " + project.folder.path().string() + " && " + command).c_str()) == 0);
    if (std::string(way) == "mv ") CHECK(project.run({"state", "rebuild"}).exit == 0);
    Run const plan = project.run({"plan", "--detailed-exitcode"});
    INFO(plan.out, plan.err);
    CHECK(plan.exit == 0);
    CHECK(project.ids().size() == 3);
    CHECK(project.creates() == 3);
  }
}

TEST_CASE("a folder that takes no files is exit 74 before anything is sent") {
  Project const project;
  Run const run = project.run({"apply", "--yes", "--state", "/proc/cpsctl/state.json"});
  CHECK(run.exit == 74);
  contains(run, "/proc/cpsctl");
  CHECK(requests(project.folder / "cps").empty());
}

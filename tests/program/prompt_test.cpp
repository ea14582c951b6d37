#include "program/project.hpp"

#include <csignal>

using namespace program;

TEST_CASE("apply asks on a terminal: yes goes on, anything else and a signal do not") {
  struct Case {
    char const* title;
    char const* answer;
    int signal;
    int exit;
    std::size_t creates;
  };
  Case const cases[] = {{"yes", "yes\n", 0, 0, 1},
                        {"y is not yes", "y\n", 0, 4, 0},
                        {"an empty line is not yes", "\n", 0, 4, 0},
                        {"the end of the input is not yes", "\x04", 0, 4, 0},
                        {"a signal is not yes", "", SIGTERM, 143, 0}};
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Folder const folder;
      folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
      Background cpsctl({"apply", "--sandbox=" + (folder / "sandbox").string()},
                        {.folder = folder.path(), .terminal = true});
      cpsctl.await("Apply this plan?");
      if (c.signal != 0)
        cpsctl.signal(c.signal);
      else
        cpsctl.type(c.answer);
      Run const run = cpsctl.finish();
      INFO(run.out);
      CHECK(run.exit == c.exit);
      CHECK(run.out.find(" 1 to create.") != std::string::npos);
      if (c.exit == 4) {
        CHECK(run.out.find("not applied: the answer was not yes") != std::string::npos);
        CHECK(run.out.find("next:") == std::string::npos);  // who says no is not asked to do it again
      }
      std::size_t creates = 0;
      for (std::string const& line : requests(folder / "sandbox")) creates += line.starts_with("POST") ? 1 : 0;
      CHECK(creates == c.creates);
    }
  }
}

TEST_CASE("a terminal shows what is left and how long it takes at least, accounts beside each other") {
  Project const project;
  project.folder.write("cpsctl.yaml", "apiVersion: cpsctl.dev/v1\nkind: Project\nspec: { api: { limits: [3/60s] } }\n");
  project.sites(8);
  for (int i = 0; i < 4; ++i) {
    std::string const file = fmt::format("manifests/site-{}.yaml", i);
    project.folder.write(
        file, replaced(read(project.folder / file), "spec:\n", "spec:\n  accountSwitchKey: 1-5C0YLB:1-8BYUX\n"));
  }
  std::vector<std::string> arguments{"apply", "--yes", "--parallelism", "1"};
  for (std::string const& flag : project.flags()) arguments.push_back(flag);
  Background cpsctl(std::move(arguments), {.folder = project.folder.path(),
                                           .environment = {{"XDG_STATE_HOME", (project.folder / "home").string()}},
                                           .terminal = true});
  // Of three requests in a minute each account has sent its list and two creates.
  cpsctl.await("for its turn");
  cpsctl.signal(SIGINT);
  Run const run = cpsctl.finish();
  INFO(run.out);
  CHECK(run.exit == 130);
  CHECK(project.creates() == 4);
  // One after the other they would take more than two.
  for (std::string const words : {"8 more to apply (at least ", "4 left, about "}) {
    CAPTURE(words);
    auto const at = run.out.find(words);
    REQUIRE(at != std::string::npos);
    std::string const time = run.out.substr(at + words.size(), 8);
    CHECK((time.starts_with("5") || (time.starts_with("1 min") && time.find_last_of("0123456789") == 0)));
  }
  CHECK(run.out.find("at 3 a minute for each of 2 accounts)") != std::string::npos);
  // A line that counts is replaced by what comes next, whatever that is.
  for (std::size_t at = 0; (at = run.out.find(" left, about ", at)) != std::string::npos; ++at) {
    std::string const rest = run.out.substr(at, run.out.find('\n', at) - at);
    CAPTURE(rest);
    CHECK(rest.find("\r\x1b[K") != std::string::npos);
  }
}

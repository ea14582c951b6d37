#include "base/text.hpp"
#include "program/program.hpp"

#include <cstdlib>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

/// A project whose sandbox has one enrollment in its state that no manifest names any more.
struct Project {
  Folder folder = {};

  Project() {
    folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
    folder.write("manifests/shop.yaml", dv_manifest("shop", "shop.example.com"));
    folder.write("plan.json", "{}");
    REQUIRE(run_cpsctl({"apply", "--sandbox", "--yes", "-q"}, {.folder = folder.path()}).exit == 0);
    std::filesystem::remove(folder / "manifests/shop.yaml");
  }
};

/// bash on a terminal, with the completion of the cpsctl in `path`.
class Bash {
 public:
  Bash(std::filesystem::path const& folder, std::filesystem::path const& path)
      : bash_({"--norc", "--noprofile", "-i"}, {.program = "/bin/bash",
                                                .folder = folder,
                                                .environment = {{"PATH", path.string() + ":/usr/bin:/bin"},
                                                                {"TERM", "dumb"},
                                                                {"INPUTRC", "/dev/null"},
                                                                {"PS1", "ready\\#> "}},
                                                .terminal = true}) {
    bash_.await("ready1> ");
    run("source <(cpsctl completion bash)");
  }

  /// What these keys make of a command line: its words, as bash would hand them over. Not to be called within CHECK,
  /// which would go on to wait after a wait that failed.
  std::string words(std::string const& keys) {
    std::string const screen = run(keys + "\x01printf '(%s)' \x05");
    auto const begin = screen.rfind("\n(cpsctl)");
    REQUIRE_MESSAGE(begin != std::string::npos, screen);
    return screen.substr(begin + 1, screen.rfind("ready") - begin - 1);
  }

 private:
  std::string run(std::string const& typed) {
    bash_.type(typed + "\n");
    return bash_.await(fmt::format("ready{}> ", ++prompts_));
  }

  Background bash_;
  int prompts_ = 1;
};

/// Where the shell is, if it is anywhere: not every machine has them all.
std::filesystem::path program_of(std::string const& shell) {
  std::string const path = std::getenv("PATH") == nullptr ? "/usr/bin" : std::getenv("PATH");
  for (auto const folder : text::split(path, ':'))
    if (auto const file = std::filesystem::path(folder) / shell; std::filesystem::exists(file)) return file;
  MESSAGE(shell << " is not there: it does not read its script");
  return {};
}

}  // namespace

TEST_CASE("bash completes what is typed: words, flags, values, files and names of this project") {
  Project const project;
  Bash bash(project.folder.path(), program_folder());
  struct Case {
    char const* keys;
    char const* expect;
  };
  // What stands alone gets a blank behind it, so that it is a word of its own.
  Case const cases[] = {
      {"cpsctl va\tx", "(cpsctl)(validate)(x)"},
      {"cpsctl state sho\tx", "(cpsctl)(state)(show)(x)"},
      {"cpsctl help gu\tx", "(cpsctl)(help)(guard-rails)(x)"},
      {"cpsctl plan --det\tx", "(cpsctl)(plan)(--detailed-exitcode)(x)"},
      {"cpsctl plan --on-pending=w\tx", "(cpsctl)(plan)(--on-pending=wait)(x)"},
      {"cpsctl validate -o sa\tx", "(cpsctl)(validate)(-o)(sarif)(x)"},
      {"cpsctl plan --out js\tpl\tx", "(cpsctl)(plan)(--out)(json=plan.json)(x)"},
      {"cpsctl show pl\tx", "(cpsctl)(show)(plan.json)(x)"},
      {"cpsctl --config=pl\tx", "(cpsctl)(--config=plan.json)(x)"},
      {"cpsctl -C man\tx", "(cpsctl)(-C)(manifests/x)"},
      {"cpsctl -C pl\t x", "(cpsctl)(-C)(pl)(x)"},  // a file, where a folder is wanted
      {"cpsctl plan --name ww\tx", "(cpsctl)(plan)(--name)(www)(x)"},
      {"cpsctl plan --name 'ww\tx", "(cpsctl)(plan)(--name)(www)(x)"},
      {"cpsctl state --sandbox forget sh\twww x", "(cpsctl)(state)(--sandbox)(forget)(shop)(www)(x)"},
      {"cpsctl state forget sh\t x", "(cpsctl)(state)(forget)(sh)(x)"},  // another state
      {"cpsctl nonsense pl\t x", "(cpsctl)(nonsense)(pl)(x)"},
  };
  for (Case const& c : cases) {
    CAPTURE(c.keys);
    std::string const words = bash.words(c.keys);
    CHECK(words == c.expect);
  }
}

TEST_CASE("bash carries out nothing of what is offered or typed") {
  Folder const folder;
  // Not a cpsctl: it may say what it likes.
  auto const fake =
      folder.write("bin/cpsctl", fmt::format("#!/bin/sh\n[ \"$1\" = __complete ] || exec {} \"$@\"\ncat {}\n",
                                             (program_folder() / "cpsctl").string(), (folder / "answer").string()));
  std::filesystem::permissions(fake, std::filesystem::perms::owner_all);
  Bash bash(folder.path(), folder / "bin");
  for (std::string const word : {"a$(touch ran)", "a`touch ran`", "a;touch ran", "a'b", "a\"b$(touch ran)", "a\\b",
                                 "a b", "a*", "a&touch ran", "a>ran", "a|touch ran", "a!!", "a{b,c}", "a~"}) {
    CAPTURE(word);
    folder.write("answer", "space 0\n" + word + "\tmeans $(touch ran)\n");
    std::string const words = bash.words("cpsctl plan a\tx");
    CHECK(words == "(cpsctl)(plan)(" + word + ")(x)");
  }
  folder.write("answer", "space 0\na$(touch ran)\n");
  std::string const clear = "\x15";  // the line as it was completed is thrown away
  for (std::string const typed :
       {"$(touch ran) ", "`touch ran` ", "'$(touch ran)' ", "\"$(touch ran)\" ", ">$(touch ran) "}) {
    CAPTURE(typed);
    std::string const words = bash.words("cpsctl plan " + typed + "a\t" + clear + "cpsctl x");
    CHECK(words == "(cpsctl)(x)");
  }
  for (std::string const answer : {"", "nonsense\n", "space\n", "files $(touch ran)\n", "a[$(touch ran)] 0\na\n"}) {
    CAPTURE(answer);
    folder.write("answer", answer);
    std::string const words = bash.words("cpsctl plan a\t" + clear + "cpsctl x");
    CHECK(words == "(cpsctl)(x)");
  }
  CHECK_FALSE(std::filesystem::exists(folder / "ran"));
}

TEST_CASE("a name that is not one is not offered, whoever wrote it") {
  Project const project;
  std::string const state = read(project.folder / ".cpsctl/sandbox/state.json");
  for (std::string const name :
       {"$(touch ran)", "a b", "--yes", "a;b", "a`b`", "a\\nb", "a\\tb", "a\\u001b[2J", "../../x"}) {
    CAPTURE(name);
    std::string forged = state;
    std::string const shop = "\"name\":\"shop\"";
    auto const at = forged.find(shop);
    REQUIRE(at != std::string::npos);
    project.folder.write(".cpsctl/sandbox/state.json", forged.replace(at, shop.size(), "\"name\":\"" + name + "\""));
    project.folder.write("manifests/hostile.yaml", "apiVersion: cpsctl.dev/v1\nkind: Enrollment\nmetadata: { name: \"" +
                                                       name + "\", labels: { \"" + name + "\": \"" + name + "\" } }\n");
    Settings const here{.folder = project.folder.path()};
    // Of such a state nothing is believed.
    CHECK(run_cpsctl({"__complete", "state", "--sandbox", "show", ""}, here).out == "space 0\n");
    CHECK(run_cpsctl({"__complete", "status", "--sandbox", ""}, here).out == "space 0\nwww\n");
    CHECK(run_cpsctl({"__complete", "plan", "-l", ""}, here).out == "space 0\n");
  }
}

TEST_CASE("__complete is silent, reads no input and makes no file, whatever is wrong") {
  Folder const folder;
  folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  folder.write("broken/cpsctl.yaml", "nonsense: [\n");
  folder.write("state.json", "no state");
  struct Case {
    char const* title;
    std::vector<std::string> words;
    char const* expect;
  };
  Case const cases[] = {
      {"no words", {}, "space 0\nvalidate\t"},
      {"no state yet", {"state", "show", ""}, "space 0\n"},
      {"a state that is none", {"--state", "state.json", "state", "show", ""}, "space 0\n"},
      {"manifests all the same", {"--state", "state.json", "status", ""}, "space 0\nwww\n"},
      {"a broken project", {"-C", "broken", "status", ""}, "space 0\n"},
      {"a folder that is not there", {"-C", "nowhere", "status", ""}, "space 0\n"},
      {"a state on a server, which is not asked",
       {"--state", "postgres://127.0.0.1:1/x", "state", "show", ""},
       "space 0\n"},
      {"manifests from stdin, which is not read", {"plan", "-", "--name", ""}, "space 0\nwww\n"},
      {"bytes that are no text", {"plan", "\xff", "--name", "\xff"}, "space 0\n"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      std::vector<std::string> arguments{"__complete"};
      arguments.insert(arguments.end(), c.words.begin(), c.words.end());
      Run const run = run_cpsctl(arguments, {.folder = folder.path(), .input = dv_manifest("in", "in.example.com")});
      CHECK(run.exit == 0);
      CHECK(run.err.empty());
      CHECK(run.out.starts_with(c.expect));
      if (!c.words.empty()) CHECK(run.out == c.expect);
      CHECK_FALSE(std::filesystem::exists(folder / ".cpsctl"));
    }
  }
}

TEST_CASE("the scripts are of their shells") {
  Folder const folder;
  for (std::string const shell : {"bash", "zsh", "fish"}) {
    CAPTURE(shell);
    Run const script = run_cpsctl({"completion", shell});
    CHECK(script.exit == 0);
    CHECK(script.out.find("cpsctl __complete") != std::string::npos);
    auto const program = program_of(shell);
    if (program.empty()) continue;
    auto const file = folder.write(shell, script.out);
    Run const parsed = run_cpsctl({"-n", file}, {.program = program});
    CHECK(parsed.exit == 0);
    CHECK(parsed.err.empty());
    if (shell != "fish") continue;
    std::string const ask =
        fmt::format("source {}; complete -C'cpsctl pl'; complete -C'cpsctl plan --on-pending='", file.string());
    Run const completed = run_cpsctl(
        {"--no-config", "-c", ask},
        {.program = program,
         .folder = folder.path(),
         .environment = {{"PATH", program_folder().string() + ":/usr/bin:/bin"}, {"HOME", folder.path().string()}}});
    CHECK(completed.out ==
          "plan\tShow what apply would do; writes "
          "nothing\n--on-pending=refuse\n--on-pending=wait\n--on-pending=cancel\n");
  }
  CHECK(run_cpsctl({"completion", "bsh"}).err.find("did you mean bash?") != std::string::npos);
  CHECK(run_cpsctl({"completion"}).exit == 64);
}

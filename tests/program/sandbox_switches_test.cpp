#include "base/json.hpp"
#include "program/project.hpp"

#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

/// Runs a command with --sandbox on a folder's own data.
Run in_sandbox(Folder const& folder, std::vector<std::string> arguments) {
  arguments.push_back("--sandbox=" + (folder / "cps").string());
  return run_cpsctl(std::move(arguments), {.folder = folder.path()});
}

std::string log_of(Folder const& folder) {
  return read(folder / "cps/requests.log");
}

}  // namespace

TEST_CASE("switches of the sandbox serve --sandbox, too: what is created is deployed when the next command asks") {
  Folder const folder;
  folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  Run const applied = in_sandbox(folder, {"apply", "--yes", "--complete-after", "0s"});
  INFO(applied.out, applied.err);
  CHECK(applied.exit == 0);
  for (char const* const seed : {"1", "2", "3", "4", "5"}) {
    Run const plan =
        in_sandbox(folder, {"plan", "--detailed-exitcode", "--complete-after", "0s", "--normalise-seed", seed});
    INFO(plan.out, plan.err);
    CHECK(plan.exit == 0);
  }
}

TEST_CASE("switches of the sandbox: what is pending there names the one that ends it") {
  Folder const folder;
  std::string const text = dv_manifest("www", "www.example.com");
  folder.write("manifests/www.yaml", text);
  REQUIRE(in_sandbox(folder, {"apply", "--yes"}).exit == 0);
  folder.write("manifests/www.yaml", replaced(text, "sans: [", "sans: [more.example.com, "));
  Run const blocked = in_sandbox(folder, {"plan"});
  INFO(blocked.out, blocked.err);
  CHECK(blocked.out.find("wait until it has ended (in a sandbox: --complete-after 0s)") != std::string::npos);
  CHECK(in_sandbox(folder, {"plan", "--complete-after", "0s"}).out.find("1 to update") != std::string::npos);
}

TEST_CASE("faults of the sandbox: an answer that was lost leaves a doubt, and the log says what hit") {
  Folder const folder;
  folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  Run const applied = in_sandbox(folder, {"apply", "--yes", "--fault", "POST /enrollments: drop-after times 1",
                                          "--fault", "GET /enrollments: delay 10ms", "--deadline", "5s"});
  INFO(applied.out, applied.err);
  CHECK((applied.exit == 75 || applied.exit == 0));
  std::string const log = log_of(folder);
  CHECK(log.find("\"fault\":\"drop-after\"") != std::string::npos);
  CHECK(log.find("\"fault\":\"delay 10ms\"") != std::string::npos);
  Run const plan = in_sandbox(folder, {"plan"});
  INFO(plan.out, plan.err);
  CHECK(plan.out.find("to create") == std::string::npos);
}

TEST_CASE("faults of the sandbox: a write that found no connection was not sent, and is sent again") {
  Folder const folder;
  folder.write("manifests/a.yaml", dv_manifest("a", "a.example.com"));
  folder.write("manifests/b.yaml", dv_manifest("b", "b.example.com"));
  // One write takes the list's connection and keeps it for a while, so that the other one needs a second.
  Run const applied = in_sandbox(folder, {"apply", "--yes", "--fault", "POST: delay 300ms", "--fault",
                                          "*: refuse from 2 times 1", "--deadline", "30s"});
  INFO(applied.out, applied.err);
  CHECK(applied.exit == 0);
  CHECK(applied.out.find("2 created") != std::string::npos);
  std::string const log = log_of(folder);
  CHECK(log.find("\"fault\":\"refuse\"") != std::string::npos);
  std::size_t writes = 0;
  for (auto at = log.find("\"method\":\"POST\""); at != std::string::npos; at = log.find("\"method\":\"POST\"", at + 1))
    ++writes;
  CHECK(writes == 2);
}

TEST_CASE("switches of the sandbox: after an update the list may lag, and the document by its id does not") {
  Folder const folder;
  folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  Run const created = in_sandbox(folder, {"apply", "--yes", "--complete-after", "0s"});
  INFO(created.out, created.err);
  CHECK(created.exit == 0);
  std::string changed = dv_manifest("www", "www.example.com");
  auto const at = changed.find("quicEnabled: false");
  REQUIRE(at != std::string::npos);
  folder.write("manifests/www.yaml", changed.replace(at, 18, "quicEnabled: true"));
  Run const updated = in_sandbox(folder, {"apply", "--yes", "--complete-after", "0s", "--write-lag", "1h"});
  INFO(updated.out, updated.err);
  CHECK(updated.exit == 0);
  Run const now = in_sandbox(folder, {"plan", "--detailed-exitcode", "--complete-after", "0s"});
  INFO(now.out, now.err);
  CHECK(now.exit == 0);
}

TEST_CASE("the sandbox serves the folder that it is told, by either flag") {
  for (bool const dir : {false, true}) {
    CAPTURE(dir);
    Folder const folder;
    std::vector<std::string> arguments{"sandbox"};
    if (dir)
      arguments.insert(arguments.end(), {"--dir", "mine"});
    else
      arguments.emplace_back("--sandbox=mine");
    Background served(arguments, {.folder = folder.path()});
    CHECK(served.await("use it with").find("mine/edgerc") != std::string::npos);
    served.signal(SIGTERM);
    served.finish();
    CHECK(std::filesystem::exists(folder / "mine/ca.pem"));
    CHECK(!std::filesystem::exists(folder / ".cpsctl"));
  }
}

TEST_CASE("switches of the sandbox: what cannot be meant exits 64 and says what to do") {
  struct Case {
    char const* title;
    std::vector<std::string> arguments;
    char const *says, *next;
  };
  Case const cases[] = {
      {"a switch without a sandbox", {"plan", "--complete-after", "0s"}, "--complete-after is a switch", "--sandbox"},
      {"two folders",
       {"sandbox", "--sandbox=a", "--dir", "b"},
       "--sandbox=a and --dir b name two folders",
       "leave one"},
      {"a duration that is none", {"sandbox", "--list-lag", "soon"}, "--list-lag: \"soon\" is not a duration", "90s"},
      {"a word that is none", {"sandbox", "--inputs", "maybe"}, "--inputs: cannot use \"maybe\"", "done, wait"},
      {"a fault with a slip",
       {"sandbox", "--fault", "POST /enrollments: drop-aftr 30%"},
       "column 20: unknown fault \"drop-aftr\"",
       "did you mean drop-after?"},
      {"a fault on a plan", {"plan", "--sandbox=x", "--fault", "POST"}, "column 5: there is no ':'", "drop-after 30%"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Folder const folder;
      Run const run = run_cpsctl(c.arguments, {.folder = folder.path()});
      INFO(run.out, run.err);
      CHECK(run.exit == 64);
      CHECK(run.out.empty());
      CHECK(run.err.find(c.says) != std::string::npos);
      CHECK(run.err.find(c.next) != std::string::npos);
    }
  }
}

TEST_CASE("cpsctl sandbox --help lists every switch, plan --help none") {
  Folder const folder;
  std::string const page = run_cpsctl({"sandbox", "--help"}, {.folder = folder.path()}).out;
  for (char const* const name : {"--strict", "--contracts", "--limits", "--complete-after", "--fault RULE"})
    CHECK(page.find(name) != std::string::npos);
  CHECK(run_cpsctl({"plan", "--help"}, {.folder = folder.path()}).out.find("--fault") == std::string::npos);
}

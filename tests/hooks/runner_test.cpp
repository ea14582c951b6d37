#include "hooks/runner.hpp"

#include "hooks/bench.hpp"

#include <csignal>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace bench;
using hooks::Cause;

namespace {

constexpr char const* fine = R"(echo '{"request":"r"}')";

http::Task<> stop_when(fs::path ready, hooks::Runner& runner, http::Loop& loop) {
  while (!fs::exists(ready)) {
    bool const slept = co_await loop.sleep_until(system_clock().steady() + 2ms);
    static_cast<void>(slept);
  }
  runner.stop();
}

http::Task<> keep(hooks::Runner& runner, hooks::Hook hook, std::vector<std::string>& results) {
  hooks::Request request{.id = "r", .text = "{}"};
  hooks::Outcome const outcome = co_await runner.run(std::move(hook), std::move(request));
  results.push_back(told(outcome));
}

/// `count` runs, which end when the file `ready` is there.
std::vector<std::string> stopped(Project const& project, hooks::Hook const& hook, std::size_t count) {
  std::size_t const before = open_files();
  std::vector<std::string> results;
  {
    http::Loop loop;
    hooks::Runner runner(loop, system_clock(), system_files(), project.surroundings(), project.options);
    for (std::size_t i = 0; i < count; ++i) loop.spawn(keep(runner, hook, results));
    loop.spawn(stop_when(project / "ready", runner, loop));
    loop.run();
  }
  CHECK(open_files() == before);
  CHECK_FALSE(has_children());
  return results;
}

std::string trimmed(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

TEST_CASE("runner: how a program ends is told apart, and what it said last is the reason") {
  struct Case {
    char const *title, *lines, *expect;
  };
  Case const cases[] = {
      {"it is done", R"(cat >in; echo '{"request":"r","x":[1]}')", R"(done: {"request":"r","x":[1]})"},
      {"it will be later", R"(echo '{"request":"r","reference":"t-1","retryAfter":"30m"}'; exit 75)",
       "later: t-1, 30 min"},
      {"later, in silence", "exit 75", "later: "},
      {"it fails", "echo one >&2; echo two >&2; exit 3",
       "failed (exit): it ended with exit code 3; it said last: one / two"},
      {"it fails in silence", "echo '{\"request\":\"r\"}'; exit 1",
       "failed (exit): it ended with exit code 1 and said nothing on stderr"},
      {"only the last lines count", "for i in 1 2 3 4 5; do echo line $i >&2; done; printf 'the end' >&2; exit 1",
       "failed (exit): it ended with exit code 1; it said last: line 4 / line 5 / the end"},
      {"a signal", "kill -SEGV $$", "failed (signal): SIGSEGV ended it"},
      {"nothing on stdout", "true", "failed (answer): its answer does not say which request it answers"},
      {"another request", R"(echo '{"request":"s"}')", "failed (answer): it answers another request than it was asked"},
      {"no JSON", "echo hello", "failed (answer): its answer is not valid JSON: Invalid value (offset 0)"},
      {"later, but no JSON", "echo hello; exit 75",
       "failed (answer): its answer is not valid JSON: Invalid value (offset 0)"},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    Project const project;
    CHECK(told(run(project, c.lines)) == c.expect);
  }
}

TEST_CASE("runner: a program is told its request, in the project's folder, in a group and with streams of its own") {
  Project const project;
  int const left_open = ::dup(STDERR_FILENO);  // without O_CLOEXEC
  hooks::Request request{.id = "r", .text = R"({"a":"b"})"};
  CHECK(told(run(project,
                 std::string("cat >in; pwd >folder; cut -d' ' -f5 /proc/$$/stat >group; echo $$ >pid\n"
                             "ls /proc/self/fd >fds; ") +
                     fine,
                 request)) == R"(done: {"request":"r"})");
  ::close(left_open);
  CHECK(project.text("in") == R"({"a":"b"})");
  CHECK(fs::path(trimmed(project.text("folder"))) == fs::canonical(project.path()));
  CHECK(project.text("group") == project.text("pid"));
  CHECK(project.text("fds") == "0\n1\n2\n3\n");  // the last is ls reading the list
}

TEST_CASE("runner: the environment is made from nothing, and what is granted to one is no other's") {
  Project project;
  project.granted = {{"TOKEN", "s3cret-token"}};
  ::setenv("AKAMAI_CLIENT_SECRET", "never", 1);
  project.script("env.sh",
                 std::string("/usr/bin/env | /usr/bin/grep -v ^_= | /usr/bin/grep -v ^PWD= | sort >env; ") + fine);
  hooks::Hook hook = project.find({"./env.sh"}).value();
  CHECK(told(run(project, hook)) == R"(done: {"request":"r"})");
  CHECK(project.text("env") == "CPSCTL_HOOK=1\nHOME=/nowhere\nPATH=/usr/bin:/bin\nTOKEN=s3cret-token\n");
  hook.name = "other";
  CHECK(told(run(project, hook)) == R"(done: {"request":"r"})");
  CHECK(project.text("env") == "CPSCTL_HOOK=1\nHOME=/nowhere\nPATH=/usr/bin:/bin\n");
  ::unsetenv("AKAMAI_CLIENT_SECRET");
}

TEST_CASE("runner: a program that takes too long is told to end, whatever signals we block") {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  Project project;
  project.options.grace = 60s;  // SIGTERM is enough
  project.script("slow.sh", "echo waits >&2\nexec sleep 1000");
  manifest::Program const program{.exec = {"./slow.sh"}, .timeout = 300ms};
  CHECK(told(run(project, project.find(program).value())) ==
        "failed (timeout): it took longer than 300 ms; it said last: waits");
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

TEST_CASE("runner: a program that does not want to end is killed, and its children too") {
  Project const project;
  project.script("stubborn.sh", "trap '' TERM\nsleep 1000 &\necho $! >child\ntouch ready\nwhile :; do wait; done");
  auto const results = stopped(project, project.find({"./stubborn.sh"}).value(), 1);
  CHECK(results == std::vector<std::string>{"failed (stopped): it was ended: cpsctl ends"});
  await_gone(project.text("child"));
}

TEST_CASE("runner: after a stop nothing runs, also not what waits for its turn") {
  Project const project;
  project.script("one.sh", "touch ready; exec sleep 1000");
  manifest::Program const program{.exec = {"./one.sh"}, .parallelism = 1};
  auto const results = stopped(project, project.find(program).value(), 3);
  CHECK(results == std::vector<std::string>{"failed (stopped): it was ended: cpsctl ends",
                                            "failed (stopped): it was not run: cpsctl ends",
                                            "failed (stopped): it was not run: cpsctl ends"});
}

TEST_CASE("runner: the run's deadline ends a program before its own time") {
  Project project;
  project.options.deadline = system_clock().steady() + 200ms;
  CHECK(told(run(project, "exec sleep 1000")) == "failed (stopped): it was ended: the run's deadline has come");
}

TEST_CASE("runner: no more of one program run at once than it says, and so many do") {
  Project const project;
  fs::create_directory(project / "running");
  fs::create_directory(project / "done");
  // Each waits until three have begun: it would wait for ever if they did not run at once.
  project.script("busy.sh",
                 "touch running/$$\n"
                 "until [ $(ls running done | grep -c '^[0-9]') -ge 3 ]; do sleep 0.01; done\n"
                 "ls running | wc -l >>counts\nmv running/$$ done/$$\n" +
                     std::string(fine));
  hooks::Hook const hook = project.find(manifest::Program{.exec = {"./busy.sh"}, .parallelism = 3}).value();
  std::vector<std::string> results;
  http::Loop loop;
  hooks::Runner runner(loop, system_clock(), system_files(), project.surroundings(), project.options);
  for (int i = 0; i < 9; ++i) loop.spawn(keep(runner, hook, results));
  loop.run();
  CHECK(results == std::vector<std::string>(9, R"(done: {"request":"r"})"));
  std::istringstream counts(project.text("counts"));
  for (int most = 0; counts >> most;) CHECK(most <= 3);
  CHECK_FALSE(has_children());
}

TEST_CASE("runner: a program that is no longer what it was is not run") {
  Project const project;
  project.script("sign.sh", "touch ran");
  project.folder.write("policy.json", "{}");
  hooks::Hook const hook = project.find({"./sign.sh", "policy.json"}).value();
  project.script("sign.sh", "touch ran; true");
  CHECK(told(run(project, hook))
            .starts_with("failed (start): " + (project / "sign.sh").string() + " is not what it was"));
  project.script("sign.sh", "touch ran");
  project.folder.write("policy.json", "{ }");
  CHECK(told(run(project, hook)).starts_with("failed (start): "));
  fs::remove(project / "sign.sh");
  CHECK(told(run(project, hook)) == "failed (start): the program ./sign.sh is not there (while looking for ca)");
  CHECK_FALSE(fs::exists(project / "ran"));
}

TEST_CASE("runner: what cannot be executed is said") {
  Project const project;
  project.folder.write("plain.sh", "#!/bin/sh\n");
  CHECK(told(run(project, project.find({"./plain.sh"}).value())) ==
        fmt::format("failed (start): cannot run {}: Permission denied", (project / "plain.sh").string()));
  fs::permissions(project.folder.write("odd.sh", "#!/no/such/interpreter\n"), fs::perms::owner_all);
  CHECK(told(run(project, project.find({"./odd.sh"}).value())) ==
        fmt::format("failed (start): cannot run {}: No such file or directory", (project / "odd.sh").string()));
  fs::permissions(project.folder.write("garbage", std::string("\x7f\0ELF garbage", 12)), fs::perms::owner_all);
  CHECK(told(run(project, project.find({"./garbage"}).value())).find("Exec format error") != std::string::npos);
}

#include "program/program.hpp"

#include <csignal>
#include <pty.h>
#include <sys/wait.h>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace program;

namespace {

struct Session {
  int exit = -1;
  std::string screen;
};

/// Runs `cpsctl apply` on a terminal; when it asks, `answer` is typed (or the signal sent).
Session on_terminal(Folder const& folder, std::string const& answer, int signal = 0) {
  int terminal = -1;
  std::string const sandbox = "--sandbox=" + (folder / "sandbox").string();
  std::string const where = folder.path().string();
  pid_t const pid = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (pid == 0) {
    if (::chdir(where.c_str()) != 0) ::_exit(126);
    ::execl(CPS_PROGRAM, CPS_PROGRAM, "apply", sandbox.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  REQUIRE(pid > 0);
  Session session;
  bool answered = false;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(terminal, buffer, sizeof buffer)) > 0;) {
    session.screen.append(buffer, static_cast<std::size_t>(got));
    if (answered || session.screen.find("Apply this plan?") == std::string::npos) continue;
    answered = true;
    if (signal != 0)
      ::kill(pid, signal);
    else
      REQUIRE(::write(terminal, answer.data(), answer.size()) > 0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  ::close(terminal);
  session.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return session;
}

}  // namespace

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
      Session const session = on_terminal(folder, c.answer, c.signal);
      INFO(session.screen);
      CHECK(session.exit == c.exit);
      CHECK(session.screen.find(" 1 to create.") != std::string::npos);
      if (c.exit == 4) {
        CHECK(session.screen.find("not applied: the answer was not yes") != std::string::npos);
        CHECK(session.screen.find("next:") == std::string::npos);  // who says no is not asked to do it again
      }
      std::size_t creates = 0;
      for (std::string const& line : requests(folder / "sandbox")) creates += line.starts_with("POST") ? 1 : 0;
      CHECK(creates == c.creates);
    }
  }
}

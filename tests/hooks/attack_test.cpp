#include "hooks/bench.hpp"
#include "hooks/runner.hpp"

#include <csignal>

#include <doctest/doctest.h>
#include <unistd.h>

/// Programs that do what they should not.
using namespace bench;

namespace {

constexpr char const* fine = R"(echo '{"request":"r"}')";

std::string const answered = R"(done: {"request":"r"})";

}  // namespace

TEST_CASE("attack: an answer without end") {
  Project project;
  project.options.grace = 60s;  // it ends of what we no longer read
  CHECK(told(run(project, "exec yes")) == "failed (answer): its answer is longer than 4 MB");
  CHECK(told(run(project, "head -c 4194305 /dev/zero")) == "failed (answer): its answer is longer than 4 MB");
  CHECK(told(run(project, "head -c 4194304 /dev/zero")).starts_with("failed (answer): its answer is not valid JSON"));
}

TEST_CASE("attack: stderr without end, and without line breaks") {
  Project project;
  project.options.most_complaints = std::size_t{4} << 20;
  CHECK(told(run(project, "exec yes >&2")) ==
        "failed (answer): it writes on stderr without end; it said last: y / y / y");
  std::string const long_line = told(run(project, "exec cat /dev/zero >&2"));
  CHECK(long_line.starts_with("failed (answer): it writes on stderr without end; it said last: \\x00"));
  CHECK(long_line.size() < 1000);
  CHECK(told(run(project, std::string("yes | head -c 3000000 >&2; ") + fine)) == answered);
}

TEST_CASE("attack: children that hold the streams keep nobody waiting, and end") {
  Project const project;
  CHECK(told(run(project, std::string("sleep 1000 &\necho $! >child\n") + fine)) == answered);
  await_gone(project.text("child"));
  // One that has left the group lives on, unheard.
  CHECK(told(run(project, std::string("setsid sh -c 'echo $$ >child; while sleep 0.01; do echo more; done' &\n"
                                      "until [ -s child ]; do sleep 0.01; done\n") +
                              fine))
            .starts_with("failed (answer)"));
  ::kill(static_cast<pid_t>(std::stoi(project.text("child"))), SIGKILL);
  CHECK(told(run(project, std::string("setsid sh -c 'echo $$ >child; exec sleep 1000' &\n"
                                      "until [ -s child ]; do sleep 0.01; done\n") +
                              fine)) == answered);
  ::kill(static_cast<pid_t>(std::stoi(project.text("child"))), SIGKILL);
}

TEST_CASE("attack: a child writes without end when the program has ended") {
  Project project;
  project.options.drain = 60s;
  CHECK(told(run(project, "yes &\nexit 0")) == "failed (answer): its answer is longer than 4 MB");
}

TEST_CASE("attack: a request that is not read") {
  Project const project;
  hooks::Request const large{.id = "r", .text = std::string(std::size_t{8} << 20, ' ')};
  CHECK(told(run(project, std::string("exec 0<&-\n") + fine, large)) == answered);
  CHECK(told(run(project, std::string("head -c 10 >/dev/null\n") + fine, large)) == answered);
  CHECK(told(run(project, fine, large)) == answered);
  std::signal(SIGPIPE, SIG_DFL);  // as if nobody had cared before the runner
  CHECK(told(run(project, std::string("exec 0<&-\n") + fine, large)) == answered);
}

TEST_CASE("attack: streams that are closed, and one that stays open when all else is closed") {
  Project project;
  CHECK(told(run(project, "exec 0<&- 1>&- 2>&-; exit 4")) ==
        "failed (exit): it ended with exit code 4 and said nothing on stderr");
  manifest::Program const program{.exec = {"./hook.sh"}, .timeout = 300ms};
  project.script("hook.sh", "exec 0<&- 1>&- 2>&-\nexec sleep 1000");
  CHECK(told(run(project, project.find(program).value())) == "failed (timeout): it took longer than 300 ms");
}

TEST_CASE("attack: what is said on stderr controls neither a terminal nor a CI system, and tells no secret") {
  Project project;
  project.granted = {{"TOKEN", "granted-secret"}, {"KEY", "-----BEGIN KEY-----\nMIIEvQIBADAN\n"}};
  project.secrets = {"client-secret-of-cps"};
  std::string printed;
  std::string reason;
  {
    Stderr const captured;
    log::configure({.level = log::Level::info});
    reason = told(run(project,
                      "printf '\\033[2J\\033]0;title\\007::set-output name=x::y\\n##[error]x\\n' >&2\n"
                      "echo \"token $TOKEN, key $KEY, client-secret-of-cps\" >&2\n"
                      "printf '%08000d' 0 >&2; echo \"$TOKEN\" >&2\n"
                      "printf '%08185d%s%s\\n' 0 granted -secret >&2\n"
                      "printf '\\377\\376' >&2; echo \" $TOKEN$TOKEN\" >&2; exit 1",
                      {.id = "r", .text = "{}", .about = "www"}));
    printed = captured.text();
  }
  log::configure({.level = log::Level::error});
  INFO(printed);
  CHECK(printed.find('\x1b') == std::string::npos);
  CHECK(printed.find("info: ca, for www: \\x1b[2J\\x1b]0;title\\x07::set-output name=x::y\n") != std::string::npos);
  CHECK(printed.find("##[error]") == std::string::npos);
  CHECK(printed.find("token [masked], key [masked]\n") != std::string::npos);
  CHECK(printed.find(": , [masked]\n") != std::string::npos);
  for (std::string const& text : {printed, reason})
    for (char const* const secret : {"granted", "MIIE", "client-secret"}) CHECK(text.find(secret) == std::string::npos);
  CHECK(reason.ends_with(" / \\xff\\xfe [masked][masked]"));
}

TEST_CASE("attack: a reference is kept and shown: it holds neither a secret nor control characters") {
  Project project;
  project.granted = {{"TOKEN", "granted-secret"}};
  CHECK(told(run(project, R"(echo "{\"request\":\"r\",\"reference\":\"x $TOKEN\"}"; exit 75)")) ==
        "failed (answer): the reference in its answer holds a secret");
  CHECK(told(run(project, R"(printf '{"request":"r","reference":"\\u001b[2J"}'; exit 75)")) ==
        "failed (answer): the reference in its answer has control characters");
}

TEST_CASE("attack: programs are the project's own, or the machine's") {
  Project project;
  program::Folder const elsewhere;
  fs::permissions(elsewhere.write("evil.sh", "#!/bin/sh\n"), fs::perms::owner_all);
  fs::create_symlink(elsewhere / "evil.sh", project / "link.sh");
  fs::create_directory_symlink(elsewhere.path(), project / "linked");
  fs::create_directory(project / "folder");
  project.script("folder/sign.sh", "true");
  fs::create_symlink("folder/sign.sh", project / "inside.sh");
  project.script("vault", "true");
  fs::permissions(elsewhere.write("shared.sh", "#!/bin/sh\n"), fs::perms::owner_all | fs::perms::others_write);
  project.search_path = "::.:bin:/usr/bin:/bin";
  auto const error = [&](std::string const& word) {
    auto const found = project.find({word});
    return found ? std::string("found ") + found->path : describe(found.error());
  };
  CHECK(error("./inside.sh") == "found " + (project / "inside.sh").string());
  CHECK(error("folder/sign.sh") == "found " + (project / "folder/sign.sh").string());
  CHECK(error((project / "folder/sign.sh").string()) == "found " + (project / "folder/sign.sh").string());
  CHECK(error("env") == "found /usr/bin/env");
  CHECK(error("/usr/bin/env") == "found /usr/bin/env");
  CHECK(error("vault") == "there is no program vault in PATH (while looking for ca)");
  for (std::string const word : {"./link.sh", "linked/evil.sh"})
    CHECK(error(word) == fmt::format("the program {} leads out of the project, to {} (while looking for ca)", word,
                                     (elsewhere / "evil.sh").string()));
  CHECK(error((project / "link.sh").string()).find("leads out of the project") != std::string::npos);
  for (std::string const word : {"../evil.sh", "folder/../../evil.sh", "./../evil.sh"})
    CHECK(error(word) == fmt::format("the program {} lies outside of the project (while looking for ca)", word));
  CHECK(error("./folder") == "the program ./folder is a folder (while looking for ca)");
  CHECK(error("./missing.sh") == "the program ./missing.sh is not there (while looking for ca)");
  CHECK(error("/dev/null") == "the program /dev/null is not a file (while looking for ca)");
  CHECK(error((elsewhere / "evil.sh").string()) == "found " + (elsewhere / "evil.sh").string());
  CHECK(error((elsewhere / "shared.sh").string()).starts_with("somebody else could change the program "));
}

TEST_CASE("attack: an approval covers the program, its arguments and its settings, and no number of machines") {
  Project const project;
  project.script("sign.sh", "true");
  project.folder.write("sign.py", "pass");
  auto const fingerprint = [&](std::vector<std::string> exec, char const* config = "{}") {
    manifest::Program program{.exec = std::move(exec), .config = json::share(json::parse(config, "config").value())};
    return project.find(std::move(program)).value().approved.fingerprint();
  };
  std::string const first = fingerprint({"./sign.sh"});
  CHECK(first.starts_with("sha256:"));
  CHECK(first == fingerprint({"./sign.sh"}));
  CHECK(first != fingerprint({"./sign.sh", "x"}));
  CHECK(first != fingerprint({"./sign.sh"}, R"({"profile":"long"})"));
  std::string const script = fingerprint({"env", "sign.py"});
  project.folder.write("sign.py", "other");
  CHECK(script != fingerprint({"env", "sign.py"}));
  CHECK(first == fingerprint({"./sign.sh"}));
  // The same project elsewhere is the same.
  Project const copy;
  copy.script("sign.sh", "true");
  manifest::Program program{.exec = {"./sign.sh"}, .config = json::share(json::parse("{}", "config").value())};
  CHECK(first == copy.find(std::move(program)).value().approved.fingerprint());
  // A word that is far too long for a path is a word.
  CHECK(fingerprint({"./sign.sh", std::string(1000, 'x')}) != first);
}

#include "hooks/bench.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>

#include <doctest/doctest.h>
#include <unistd.h>

namespace bench {
namespace {

char const* word(hooks::Cause cause) {
  switch (cause) {
    case hooks::Cause::request: return "request";
    case hooks::Cause::start: return "start";
    case hooks::Cause::exit: return "exit";
    case hooks::Cause::signal: return "signal";
    case hooks::Cause::timeout: return "timeout";
    case hooks::Cause::stopped: return "stopped";
    case hooks::Cause::answer: return "answer";
  }
  return "";
}

bool is_gone(std::string const& pid) {
  std::ifstream in("/proc/" + pid + "/stat");
  std::string const stat{std::istreambuf_iterator<char>(in), {}};
  auto const name = stat.rfind(')');
  return name == std::string::npos || stat.compare(name, 3, ") Z") == 0 || stat.compare(name, 3, ") X") == 0;
}

}  // namespace

bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

void await_gone(std::string const& pid) {
  std::string const number = pid.substr(0, pid.find('\n'));
  auto const patience = system_clock().steady() + 20s;
  while (!is_gone(number) && system_clock().steady() < patience) ::usleep(1000);
  CHECK(is_gone(number));
}

Project::Project() {
  log::configure({.level = log::Level::error});
}

void Project::script(std::string const& name, std::string const& lines) const {
  fs::path const file = folder.write(name, "#!/bin/sh\n" + lines + "\n");
  fs::permissions(file, fs::perms::owner_all);
}

Result<hooks::Hook> Project::find(manifest::Program program) const {
  return hooks::find_hook(hooks::Kind::signer, "ca", std::move(program), surroundings().places, system_files());
}

hooks::Surroundings Project::surroundings() const {
  hooks::Surroundings all{.places = {.folder = path().string(), .path = search_path},
                          .environment = {{"PATH", search_path}, {"HOME", "/nowhere"}}};
  for (auto const& [name, value] : granted) all.granted["ca"].emplace(name, Secret(value));
  for (std::string const& secret : secrets) all.secrets.emplace_back(secret);
  return all;
}

hooks::Outcome run(Project const& project, hooks::Hook const& hook, hooks::Request request) {
  std::size_t const before = open_files();
  hooks::Outcome outcome;
  {
    http::Loop loop;
    hooks::Runner runner(loop, system_clock(), system_files(), project.surroundings(), project.options);
    outcome = loop.run(runner.run(hook, std::move(request)));
  }
  CHECK(open_files() == before);
  CHECK_FALSE(has_children());
  return outcome;
}

hooks::Outcome run(Project const& project, std::string const& lines, hooks::Request request) {
  project.script("hook.sh", lines);
  return run(project, project.find({"./hook.sh"}).value(), std::move(request));
}

std::string told(hooks::Outcome const& outcome) {
  if (auto const* const done = std::get_if<hooks::Done>(&outcome)) return "done: " + json::compact(*done->document);
  if (auto const* const later = std::get_if<hooks::Later>(&outcome))
    return "later: " + later->reference + (later->retry_after ? ", " + duration_text(*later->retry_after) : "");
  auto const& failed = std::get<hooks::Failed>(outcome);
  std::string reason = failed.reason;
  std::string const who = "the signer ca failed: ";
  if (reason.starts_with(who)) reason.erase(0, who.size());
  return fmt::format("failed ({}): {}", word(failed.cause), reason);
}

Stderr::Stderr() : file_(folder_.write("stderr", "")), kept_(::dup(STDERR_FILENO)) {
  int const to = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  ::dup2(to, STDERR_FILENO);
  ::close(to);
}

Stderr::~Stderr() {
  ::dup2(kept_, STDERR_FILENO);
  ::close(kept_);
}

}  // namespace bench

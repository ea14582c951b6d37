#pragma once
#include "base/clock.hpp"
#include "base/log.hpp"
#include "hooks/runner.hpp"
#include "program/program.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>

/// Real programs of a real project, run as cpsctl runs them.
namespace bench {

using namespace cpsctl;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

inline std::size_t open_files() {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

/// Is there a child of ours, running or a zombie?
bool has_children();

/// Until nobody runs under this number, but perhaps a zombie that another parent has not buried yet; fails if that
/// takes too long. `pid` is the first line of the text.
void await_gone(std::string const& pid);

class Project {
 public:
  Project();

  fs::path path() const { return folder.path(); }
  fs::path operator/(std::string const& name) const { return folder / name; }
  std::string text(std::string const& name) const { return program::read(folder / name); }

  /// A shell script of the project.
  void script(std::string const& name, std::string const& lines) const;
  Result<hooks::Hook> find(std::vector<std::string> exec) const {
    return find(manifest::Program{.exec = std::move(exec)});
  }
  Result<hooks::Hook> find(manifest::Program program) const;

  hooks::Surroundings surroundings() const;

  program::Folder folder = {};
  std::string search_path = "/usr/bin:/bin";
  std::map<std::string, std::string> granted = {};  ///< to the signer "ca"
  std::vector<std::string> secrets = {};
  hooks::RunnerOptions options = {.grace = 200ms, .drain = 200ms};
};

/// Runs it once, on a loop of its own, and checks that nothing is left: no file, no child.
hooks::Outcome run(Project const& project, hooks::Hook const& hook, hooks::Request request = {.id = "r", .text = "{}"});
/// A script that is not there yet.
hooks::Outcome run(Project const& project, std::string const& lines,
                   hooks::Request request = {.id = "r", .text = "{}"});

/// "done: {…}", "later: REFERENCE", "failed (cause): reason".
std::string told(hooks::Outcome const& outcome);

/// What is written on stderr while it lives.
class Stderr {
 public:
  Stderr();
  ~Stderr();
  Stderr(Stderr const&) = delete;
  Stderr& operator=(Stderr const&) = delete;
  std::string text() const { return program::read(file_); }

 private:
  program::Folder folder_ = {};
  fs::path file_;
  int kept_ = -1;
};

}  // namespace bench

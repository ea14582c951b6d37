#pragma once
#include "base/json.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <sys/types.h>
#include <vector>

/// Runs the cpsctl binary as a user would: arguments, environment and files in; exit code and streams out.
namespace program {

/// A folder that is gone when the test ends.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(Folder const&) = delete;
  Folder& operator=(Folder const&) = delete;

  std::filesystem::path const& path() const { return path_; }
  std::filesystem::path operator/(std::string const& name) const { return path_ / name; }
  /// Writes a file below the folder, making folders as needed.
  std::filesystem::path write(std::string const& name, std::string const& text) const;

 private:
  std::filesystem::path path_;
};

std::string read(std::filesystem::path const& file);
bool says(std::string const& text, std::string const& words);
/// With the first `from` as `to`; fails the test without one.
std::string replaced(std::string text, std::string const& from, std::string const& to);

struct Settings {
  std::filesystem::path program = {};                   ///< empty: cpsctl
  std::filesystem::path folder = {};                    ///< working directory; empty: the test's own
  std::map<std::string, std::string> environment = {};  ///< besides PATH, HOME (none), XDG_STATE_HOME (a temp folder)
  std::string input = {};
  std::optional<rlim_t> file_size = {};  ///< RLIMIT_FSIZE
  std::vector<int> closed = {};          ///< descriptors that it starts without
  bool terminal = false;                 ///< all three streams are one, and what is on its screen comes in `out`
  bool one_stream = false;               ///< 2>&1: what it says on stderr comes in `out`, too
  std::optional<uid_t> user = {};        ///< runs as this user, which takes root
  std::chrono::seconds patience{180};    ///< a process that takes longer is killed and fails the test
};

struct Run {
  int exit = -1;  ///< 128 + n when a signal ended it
  std::string out;
  std::string err;
  cpsctl::json::Document json() const;  ///< of stdout; fails the test when it is not one JSON value
};

/// The folder of cpsctl, for a PATH.
std::filesystem::path program_folder();

/// Runs to the end.
Run run_cpsctl(std::vector<std::string> arguments, Settings settings = {});

/// A process that goes on while the test works.
class Background {
 public:
  explicit Background(std::vector<std::string> arguments, Settings settings = {});
  ~Background();
  Background(Background const&) = delete;
  Background& operator=(Background const&) = delete;

  /// Reads stdout until `text` has come and returns what came so far.
  std::string await(std::string const& text);
  void signal(int number) const;
  /// On a terminal: as if somebody typed it.
  void type(std::string const& text) const;
  pid_t pid() const { return pid_; }
  /// Returns once the process has stopped (SIGSTOP).
  void await_stop() const;
  /// Waits for the end.
  Run finish();

 private:
  std::chrono::seconds patience_;
  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  Run run_ = {};
};

/// The JSON lines of a sandbox's requests.log, as method and target.
std::vector<std::string> requests(std::filesystem::path const& sandbox_folder);

/// A DV manifest that needs nothing else.
std::string dv_manifest(std::string const& name, std::string const& common_name);

}  // namespace program

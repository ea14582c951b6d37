#pragma once
#include "cli/exit.hpp"
#include "cli/flags.hpp"
#include "cli/options.hpp"
#include "cli/world.hpp"

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

/// What a command is: a file of its own says it, and the table in commands.cpp names it. The grammar, the help and the
/// formats follow.
namespace cpsctl::cli {

/// A command line that works as it is printed: each one is run by tests/deploy/commands.sh.
struct Example {
  std::string_view line;
  std::string_view says;
};

/// Does what was asked for. An error is reported by main(), in the format of -o.
using Run = std::function<Result<Exit>(Options const&, World&)>;

/// `run` of what a command takes and keeps to itself.
template <class T, class F>
Run with(std::shared_ptr<T> taken, F run) {
  return [taken = std::move(taken), run](Options const& options, World& world) { return run(*taken, options, world); };
}

/// What a command works with: that says which exit codes it may have (exit_codes.hpp).
enum class Works : std::uint8_t {
  alone,         ///< its command line says it all
  files,         ///< manifests, plans or the state, and it changes none of them
  state,         ///< changes the state, under its lock
  asking_cps,    ///< only asks
  changing_cps,  ///< changes CPS, or what the state has of it
  as_a_server    ///< until a signal ends it
};

struct Command {
  std::string_view name;        ///< its words: "state mv"
  std::string_view what;        ///< its purpose, one line
  std::string_view topic = {};  ///< that says more, if it is not that of its first word
  std::array<Example, 3> examples;
  Document document = Document::own;  ///< what stdout gets
  Works works = Works::changing_cps;
  /// Declares its flags and words. What only this command takes lives in what it returns. None: it only has commands.
  Run (*takes)(Flags& flags, Options& options) = nullptr;
  std::string_view group = {};  ///< of the overview; from the table

  bool nested() const { return name.find(' ') != name.npos; }
  /// "mv" of "state mv".
  std::string_view last_word() const { return name.substr(name.rfind(' ') + 1); }
  /// Of the manual: what says more.
  std::string_view manual() const { return topic.empty() ? name.substr(0, name.find(' ')) : topic; }
};

/// What cpsctl is for, in one sentence.
inline constexpr std::string_view purpose =
    "cpsctl keeps Akamai CPS (Certificate Provisioning System) enrollments as YAML in git.";
inline constexpr Example first_step{"cpsctl plan --sandbox FILES", "To try it, without an account"};

/// The commands, in the order of the overview.
std::span<Command const> commands();
/// Nothing for an unknown one.
Command const* command_named(std::string_view name);
/// "list" and the others below "state"; of "", what stands alone.
std::vector<Command const*> commands_below(std::string_view name);

}  // namespace cpsctl::cli

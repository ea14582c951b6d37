#pragma once
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "sandbox/behaviour.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

/// The command line as values. CLI11 stays behind arguments.cpp and help_format.cpp.
namespace cpsctl::cli {

enum class Command : std::uint8_t {
  validate,
  plan,
  apply,
  show,
  status,
  import_,
  state_list,
  state_show,
  state_log,
  state_forget,
  state_mv,
  state_settle,
  state_unlock,
  state_rebuild,
  sandbox,
  schema,
  version,
  help
};

enum class Colour : std::uint8_t { automatic, always, never };

/// The forms of a command's document.
BOOST_DEFINE_ENUM_CLASS(Format, text, json, md, sarif, github, junit)

/// The formats that a command offers; every one has text.
std::vector<Format> formats_of(Command command);

/// A document to a file as well as to stdout: --out json=plan.json.
struct OutFile {
  Format format = Format::json;
  std::string file = {};
};

/// Flags that every command takes. Unset ones leave the word to the project file and the defaults (settings.hpp).
struct GlobalOptions {
  std::string command = {};  ///< its words, for reports: "state list"
  std::string chdir = {};    ///< -C, where it has been gone to
  std::optional<std::string> config = {};
  std::optional<std::string> edgerc = {};
  std::optional<std::string> section = {};
  std::optional<std::string> account_key = {};
  std::optional<std::string> ca_file = {};
  std::optional<std::string> state = {};
  std::vector<std::string> env = {};  ///< variables that manifests may use
  Format output = Format::text;
  std::vector<OutFile> out = {};
  Colour colour = Colour::automatic;
  bool no_input = false;
  log::Level log_level = log::Level::info;
  log::Format log_format = log::Format::text;
  std::optional<int> rate = {};                  ///< requests a minute
  std::vector<std::string> request_limits = {};  ///< instead of CPS's own
  std::optional<Duration> settle = {};
  std::optional<Duration> create_spacing = {};
  std::optional<std::int64_t> parallelism = {};
  std::optional<Duration> timeout = {};
  std::optional<Duration> deadline = {};
  std::optional<Duration> lock_timeout = {};
  std::optional<std::string> sandbox = {};  ///< --sandbox[=DIR]: the folder
};

struct ImportOptions {
  std::string out_dir = {};
  std::optional<std::string> id = {};  ///< as it was typed
};

struct SandboxOptions {
  std::string folder = ".cpsctl/sandbox";
  std::uint16_t port = 0;
  sandbox::Behaviour behaviour = {};  ///< also of --sandbox
};

/// The guard rails and the selection of one call (design.md §7).
struct GuardOptions {
  bool allow_delete = false;
  std::optional<std::int64_t> max_deletes = {};
  std::optional<std::string> max_changes = {};  ///< "N" or "P%"
  std::vector<std::string> confirm_delete = {};
  std::vector<std::string> recreate = {};
  std::vector<std::string> override_renewal_window = {};
  std::optional<std::string> on_pending = {};
  std::optional<std::string> approved = {};  ///< digest
};

struct SelectionOptions {
  std::vector<std::string> labels = {};  ///< key=value
  std::vector<std::string> names = {};
  std::vector<std::string> contracts = {};
};

struct Options {
  Command command = Command::help;
  GlobalOptions global = {};
  std::vector<std::string> paths = {};        ///< validate, plan, apply
  bool detailed_exitcode = false;             ///< plan, apply
  bool yes = false;                           ///< apply
  std::string name = {};                      ///< state show NAME, state log NAME, schema NAME, help TOPIC, import NAME
  std::string other_name = {};                ///< state mv NAME OTHER
  std::optional<std::string> settle_as = {};  ///< state settle NAME --as ID: it was done, and made this enrollment
  bool settle_not_done = false;               ///< state settle NAME --not-done
  bool force = false;                         ///< state unlock
  std::optional<std::string> plan = {};       ///< apply --plan FILE
  SelectionOptions selection = {};
  GuardOptions guard = {};
  ImportOptions import = {};
  bool unmanaged = false;  ///< status
  SandboxOptions sandbox = {};
};

/// What the arguments ask for: a command, or a text to print (--help of a command).
struct Parsed {
  Options options = {};
  std::optional<std::string> print = {};
};

/// `arguments` without the program's name. -C/--chdir takes effect here. Errors: usage, with the next step.
Result<Parsed> parse_arguments(std::vector<std::string> arguments);

/// The help page of a command ("plan", "state list"), as --help prints it; nothing for an unknown one.
std::optional<std::string> command_help(std::string const& command);

/// The flags that every command takes, for `cpsctl help options`.
std::string global_options_help();

/// A line of the overview.
struct CommandSummary {
  std::string group;
  std::string name;
  std::string what;
};

/// The commands, in the order in which they are declared.
std::vector<CommandSummary> command_summaries();

}  // namespace cpsctl::cli

#pragma once
#include "base/clock.hpp"
#include "base/log.hpp"
#include "hooks/grants.hpp"
#include "sandbox/behaviour.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

/// The command line as values.
namespace cpsctl::cli {

enum class Colour : std::uint8_t { automatic, always, never };

/// The forms of documents (formats.hpp).
BOOST_DEFINE_ENUM_CLASS(Format, text, json, md, csv, sarif, github, junit, zone, nsupdate, octodns)

/// What a command prints: none but text, text and JSON of its own, or what several commands have and formats know.
enum class Document : std::uint8_t { none, own, plan, result, status, findings, challenges };

/// Where the embedded CPS keeps its data.
inline constexpr char const* default_sandbox = ".cpsctl/sandbox";

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
  std::vector<std::string> env = {};           ///< variables that manifests may use
  std::vector<std::string> hook_env = {};      ///< --hook-env, as it was written
  std::vector<hooks::Grant> hook_grants = {};  ///< all of them: of the option and of CPSCTL_HOOK_ENV
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
  std::vector<std::string> allow_hosts = {};    ///< that a project may name to be written to
  std::vector<std::string> dns_resolvers = {};  ///< HOST:PORT; empty: the machine's
  std::optional<std::int64_t> dns_port = {};    ///< of authoritative servers
  std::optional<std::string> sandbox = {};      ///< --sandbox[=DIR]: the folder
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
};

struct SelectionOptions {
  std::vector<std::string> labels = {};  ///< key=value
  std::vector<std::string> names = {};
  std::vector<std::string> contracts = {};
};

/// What several commands take. What only one takes, and it alone reads, is in its file.
struct Options {
  GlobalOptions global = {};
  std::vector<std::string> paths = {};  ///< of manifests
  bool detailed_exitcode = false;
  SelectionOptions selection = {};
  GuardOptions guard = {};
  sandbox::Behaviour behaviour = {};  ///< of the embedded CPS
  std::string_view switched = {};     ///< a switch of it that was given
};

}  // namespace cpsctl::cli

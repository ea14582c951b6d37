#include "cli/global_options.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"
#include "cli/formats.hpp"
#include "cli/option_groups.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

constexpr char const* heading = "Global options";

bool offers(Command const& command, Format format) {
  auto const offered = formats_of(command.document);
  return std::ranges::find(offered, format) != offered.end();
}

Result<Format> format_of(std::string const& word, char const* example, Command const& command) {
  auto const known = fields::enumerator<Format>(word);
  if (known && offers(command, *known)) return *known;
  std::vector<std::string> offered;
  for (Format const one : formats_of(command.document)) offered.push_back(fields::word(one));
  return usage(known ? fmt::format("cpsctl {} has no output format \"{}\"", command.name, word)
                     : fmt::format("unknown output format \"{}\"", word),
               fmt::format("write {}; formats of cpsctl {}: {}", example, command.name, fmt::join(offered, ", ")));
}

/// "20/min", or "20".
Result<int> rate(std::string_view text) {
  if (text.ends_with("/min")) text.remove_suffix(4);
  auto const value = text::number<int>(text);
  if (!value || *value < 1) return usage(fmt::format("invalid rate \"{}\"", text), "write --rate 20/min");
  return *value;
}

/// The words of a variable, between commas or spaces.
std::vector<std::string> words_of(char const* name) {
  char const* const variable = std::getenv(name);
  std::string text = variable == nullptr ? "" : variable;
  std::ranges::replace(text, ',', ' ');
  std::vector<std::string> words;
  for (auto const word : text::split(text, ' '))
    if (!word.empty()) words.emplace_back(word);
  return words;
}

/// CPSCTL_ENV adds to --env, CPSCTL_HOOK_ENV to --hook-env. What manifests may use goes to CPS, what a program may have
/// is its secret: no variable is both.
Result<> take_granted(GlobalOptions& to) {
  for (std::string& name : words_of("CPSCTL_ENV")) to.env.push_back(std::move(name));
  std::vector<std::string> pairs = to.hook_env;
  for (std::string& pair : words_of("CPSCTL_HOOK_ENV")) pairs.push_back(std::move(pair));
  for (std::string const& pair : pairs) {
    CPS_TRY(hooks::Grant grant, hooks::parse_grant(pair));
    if (std::ranges::find(to.env, grant.variable) != to.env.end())
      return usage(
          fmt::format("the variable {} is granted both to manifests and to the program {}", grant.variable, grant.hook),
          "take it out of --env (CPSCTL_ENV) or of --hook-env (CPSCTL_HOOK_ENV); they get variables of "
          "their own");
    to.hook_grants.push_back(std::move(grant));
  }
  return {};
}

}  // namespace

void GlobalFlags::add(CLI::App& app, Options& options, std::vector<Taken>& taken) {
  Flags flags(app, taken, heading);
  GlobalOptions& to = options.global;
  auto const flag = [&flags](char const* name, auto& value, char const* what, char const* type,
                             char const* variable = "", Check check = {}) {
    flags.add({name, what, type, Names::nothing, variable}, value, std::move(check));
  };
  auto const place = [&flags](char const* name, auto& value, char const* what, char const* type, Names names,
                              char const* variable = "") {
    flags.add({name, what, type, names, variable}, value);
  };
  place("-C,--chdir", chdir_, "change to this folder first", "DIR", Names::folders);
  place("--config", to.config, "project file (default: cpsctl.yaml here or above)", "FILE", Names::files,
        "CPSCTL_CONFIG");
  place("--edgerc", to.edgerc, "credentials file (default: ~/.edgerc)", "FILE", Names::files, "AKAMAI_EDGERC");
  flag("--section", to.section, "its section (default: default)", "NAME", "AKAMAI_EDGERC_SECTION");
  flag("--account-key", to.account_key, "account switch key", "KEY", "CPSCTL_ACCOUNT_KEY");
  place("--ca-file", to.ca_file, "trust these CAs instead of the system's", "FILE", Names::files, "CPSCTL_CA_FILE");
  place("--state", to.state, "state file (default: .cpsctl/state.json)", "FILE", Names::files, "CPSCTL_STATE");
  flag("--env", to.env, "manifests may use this variable; repeatable [CPSCTL_ENV]", "NAME");
  flag("--hook-env", to.hook_env, "this program may have this variable; repeatable [CPSCTL_HOOK_ENV]", "HOOK=NAME");
  place("-o,--output", output_, "what stdout gets, text by default: cpsctl help reports [CPSCTL_OUTPUT]", "FORMAT",
        Names::formats);
  place("--out", out_, "also write the document to a file; repeatable", "FORMAT=FILE", Names::reports);
  flag("--color", colour_, "auto, always or never; NO_COLOR works too", "WORD", "CPSCTL_COLOR",
       one_of({"auto", "always", "never"}));
  flag("--no-input", to.no_input, "never ask", "");
  flag("-q,--quiet", quiet_, "only warnings and errors on stderr, and the plan where apply asks", "");
  flag("-v,--verbose", verbose_, "a line on stderr for each request", "");
  flag("--log-format", log_format_, "text or json lines on stderr", "WORD", "CPSCTL_LOG_FORMAT",
       one_of({"text", "json"}));
  flag("--rate", rate_, "requests a minute, as in 20/min", "N/min", "CPSCTL_RATE");
  flag("--request-limit", to.request_limits, "instead of 35/60s and 20/2s; repeatable", "N/DURATION",
       "CPSCTL_REQUEST_LIMIT");
  app.get_option("--request-limit")->delimiter(',');
  flag("--settle", to.settle, "how long CPS's list may lag (default: 300s)", "", "CPSCTL_SETTLE");
  flag("--create-spacing", to.create_spacing, "after a 409 (default: 300s)", "", "CPSCTL_CREATE_SPACING");
  flag("--parallelism", to.parallelism, "requests in flight at once (default: 8)", "N", "CPSCTL_PARALLELISM",
       a_number(1, 64));
  flag("--timeout", to.timeout, "longest wait for one request (default: 60s)", "", "CPSCTL_TIMEOUT");
  flag("--deadline", to.deadline, "end the run in time: save and exit 75", "", "CPSCTL_DEADLINE");
  flag("--lock-timeout", to.lock_timeout, "how long to wait for another run (default: 0s)", "", "CPSCTL_LOCK_TIMEOUT");
  flag("--allow-host", to.allow_hosts, "the project may have this host written to; repeatable", "HOST",
       "CPSCTL_ALLOW_HOST");
  app.get_option("--allow-host")->delimiter(',');
  flag("--dns-resolver", to.dns_resolvers, "ask this one instead of the machine's; repeatable", "ADDRESS:PORT",
       "CPSCTL_DNS_RESOLVER");
  app.get_option("--dns-resolver")->delimiter(',');
  flag("--dns-port", to.dns_port, "port of authoritative name servers (default: 53)", "N", "CPSCTL_DNS_PORT",
       a_number(1, 65535));
  Flag const sandbox{"--sandbox", "use the embedded CPS; its data is in DIR (default: .cpsctl/sandbox)", "DIR",
                     Names::folders};
  flags.maybe(sandbox, sandbox_, default_sandbox);
  take_switches(flags, options, "Switches of the sandbox (cpsctl help sandbox)");
  flag("--version", version_, "print the version", "");
}

Result<> GlobalFlags::finish(Command const& command, Options& options) const {
  GlobalOptions& to = options.global;
  to.command = command.name;
  CPS_CHECK(take_formats(command, to));
  CPS_CHECK(take_granted(to));
  if (!rate_.empty()) {
    CPS_TRY(to.rate, rate(rate_));
  }
  if (!sandbox_.empty()) to.sandbox = sandbox_;
  if (!options.switched.empty() && !to.sandbox && command.name != "sandbox")
    return usage(fmt::format("{} is a switch of the sandbox", options.switched), "add --sandbox, or leave it out");
  to.colour = colour_ == "always" ? Colour::always : colour_ == "never" ? Colour::never : Colour::automatic;
  to.log_format = log_format_ == "json" ? log::Format::json : log::Format::text;
  if (quiet_) to.log_level = log::Level::warning;
  if (verbose_) to.log_level = log::Level::debug;
  to.chdir = chdir_;
  if (chdir_.empty()) return {};
  std::error_code problem;
  std::filesystem::current_path(chdir_, problem);
  if (problem) return usage(fmt::format("cannot change to {}: {}", chdir_, problem.message()), "check -C");
  return {};
}

/// -o, CPSCTL_OUTPUT and --out. The variable speaks to every command: one that lacks its format prints text.
Result<> GlobalFlags::take_formats(Command const& command, GlobalOptions& to) const {
  char const* const variable = std::getenv("CPSCTL_OUTPUT");
  if (output_) {
    CPS_TRY(to.output, format_of(*output_, "-o json", command));
  } else if (variable != nullptr && *variable != '\0') {
    auto const known = fields::enumerator<Format>(variable);
    if (!known)
      return usage(fmt::format("CPSCTL_OUTPUT names an unknown output format \"{}\"", variable),
                   fmt::format("known: {}", fmt::join(fields::words<Format>(), ", ")));
    if (offers(command, *known)) to.output = *known;
  }
  for (std::string const& out : out_) {
    auto const equals = out.find('=');
    if (equals == std::string::npos || equals + 1 == out.size())
      return usage(fmt::format("cannot use --out {}", out), "write --out json=FILE");
    CPS_TRY(Format const wanted, format_of(out.substr(0, equals), "--out json=FILE", command));
    std::string file = out.substr(equals + 1);
    if (file == "-")
      return usage(fmt::format("--out {} is to write a file: \"-\" names none", out),
                   fmt::format("for stdout: -o {}", out.substr(0, equals)));
    if (std::ranges::find(to.out, file, &OutFile::file) != to.out.end())
      return usage(fmt::format("two --out name the file {}", file), "give each its own");
    to.out.push_back({.format = wanted, .file = std::move(file)});
  }
  return {};
}

}  // namespace cpsctl::cli

#include "base/fields.hpp"
#include "base/text.hpp"
#include "cli/flag_values.hpp"
#include "cli/help_format.hpp"
#include "cli/options.hpp"
#include "cli/words.hpp"
#include "sandbox/switches.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

namespace cpsctl::cli {
namespace {

constexpr char const* default_sandbox = ".cpsctl/sandbox";

class Grammar {
 public:
  Grammar() : app_("cpsctl keeps Akamai CPS certificate enrollments as YAML in git.", "cpsctl") {
    app_.fallthrough();
    app_.require_subcommand(0, 1);
    app_.formatter(help_format());
    app_.set_help_flag("-h,--help", "print this help");
    global_flags();
    commands();
  }

  Result<Parsed> parse(std::vector<std::string> arguments) {
    std::ranges::reverse(arguments);  // CLI11 takes them from the back
    try {
      app_.parse(std::move(arguments));
    } catch (CLI::CallForHelp const&) {
      if (app_.get_subcommands().empty()) return overview();
      return Parsed{.options = options_, .print = app_.help()};
    } catch (CLI::ExtrasError const&) {
      return unknown_words();
    } catch (CLI::ParseError const& problem) {
      if (refused_) return std::move(*refused_);
      if (dynamic_cast<CLI::RequiredError const*>(&problem) != nullptr && app_.remaining_size(true) != 0)
        return unknown_words();  // "state rm NAME": CLI11 misses the command before it meets the word
      if (command_words() == "state")
        return usage("cpsctl state needs a command",
                     fmt::format("one of {}; see: cpsctl state --help",
                                 fmt::join(commands_of(app_.get_subcommand("state")), ", ")));
      return Error{.code = Errc::usage, .message = problem.what(), .next = "see: " + help_call()};
    }
    return finish();
  }

  std::optional<std::string> help(std::string const& words) {
    CLI::App* command = &app_;
    for (auto const word : text::split(words, ' ')) {
      auto const subs = command->get_subcommands({});
      auto const found = std::ranges::find(subs, word, [](CLI::App const* sub) { return sub->get_name(); });
      if (found == subs.end()) return std::nullopt;
      command = *found;
    }
    return command->help();
  }

  std::vector<CommandSummary> summaries() {
    std::vector<CommandSummary> all;
    for (CLI::App const* sub : app_.get_subcommands({}))
      all.push_back({.group = sub->get_group(), .name = sub->get_name(), .what = sub->get_description()});
    return all;
  }

  std::string global_options() { return options_help(app_, "Global options"); }

 private:
  void global_flags() {
    GlobalOptions& global = options_.global;
    auto const flag = [&](std::string const& name, auto& to, std::string const& what, char const* env = nullptr) {
      CLI::Option* const option = app_.add_option(name, to, what);
      if (env != nullptr) option->envname(env);
      return option->group("Global options");
    };
    flag("-C,--chdir", chdir_, "change to this folder first")->type_name("DIR");
    flag("--config", global.config, "project file (default: cpsctl.yaml here or above)", "CPSCTL_CONFIG")
        ->type_name("FILE");
    flag("--edgerc", global.edgerc, "credentials file (default: ~/.edgerc)", "AKAMAI_EDGERC")->type_name("FILE");
    flag("--section", global.section, "its section (default: default)", "AKAMAI_EDGERC_SECTION")->type_name("NAME");
    flag("--account-key", global.account_key, "account switch key", "CPSCTL_ACCOUNT_KEY")->type_name("KEY");
    flag("--ca-file", global.ca_file, "trust these CAs instead of the system's", "CPSCTL_CA_FILE")->type_name("FILE");
    flag("--state", global.state, "state file (default: .cpsctl/state.json)", "CPSCTL_STATE")->type_name("FILE");
    flag("--env", global.env, "manifests may use this variable; repeatable [CPSCTL_ENV]")
        ->type_name("NAME")
        ->allow_extra_args(false);
    flag("-o,--output", output_, "what stdout gets, text by default: cpsctl help reports [CPSCTL_OUTPUT]")
        ->type_name("FORMAT");
    flag("--out", out_, "also write the document to a file; repeatable")
        ->type_name("FORMAT=FILE")
        ->allow_extra_args(false);
    flag("--color", colour_, "auto, always or never; NO_COLOR works too", "CPSCTL_COLOR")
        ->type_name("WORD")
        ->check(one_of({"auto", "always", "never"}));
    app_.add_flag("--no-input", global.no_input, "never ask")->group("Global options");
    app_.add_flag("-q,--quiet", quiet_, "only warnings and errors on stderr, and the plan where apply asks")
        ->group("Global options");
    app_.add_flag("-v,--verbose", verbose_, "a line on stderr for each request")->group("Global options");
    flag("--log-format", log_format_, "text or json lines on stderr", "CPSCTL_LOG_FORMAT")
        ->type_name("WORD")
        ->check(one_of({"text", "json"}));
    flag("--rate", rate_, "requests a minute, as in 20/min", "CPSCTL_RATE")->type_name("N/min");
    flag("--request-limit", global.request_limits, "instead of 35/60s and 20/2s; repeatable", "CPSCTL_REQUEST_LIMIT")
        ->type_name("N/DURATION")
        ->delimiter(',')
        ->allow_extra_args(false);
    duration(app_, "--settle", global.settle, "how long CPS's list may lag (default: 300s)")
        ->envname("CPSCTL_SETTLE")
        ->group("Global options");
    duration(app_, "--create-spacing", global.create_spacing, "after a 409 (default: 300s)")
        ->envname("CPSCTL_CREATE_SPACING")
        ->group("Global options");
    flag("--parallelism", global.parallelism, "requests in flight at once (default: 8)", "CPSCTL_PARALLELISM")
        ->type_name("N")
        ->check(a_number(1, 64));
    duration(app_, "--timeout", global.timeout, "longest wait for one request (default: 60s)")
        ->envname("CPSCTL_TIMEOUT")
        ->group("Global options");
    duration(app_, "--deadline", global.deadline, "end the run in time: save and exit 75")
        ->envname("CPSCTL_DEADLINE")
        ->group("Global options");
    duration(app_, "--lock-timeout", global.lock_timeout, "how long to wait for another run (default: 0s)")
        ->envname("CPSCTL_LOCK_TIMEOUT")
        ->group("Global options");
    app_.add_flag(fmt::format("--sandbox{{{}}}", default_sandbox), sandbox_,
                  "use the embedded CPS; its data is in DIR (default: .cpsctl/sandbox)")
        ->group("Global options");
    sandbox_switches(app_, "Switches of the sandbox (cpsctl help sandbox)");
    app_.add_flag("--version", version_, "print the version")->group("Global options");
  }

  void sandbox_switches(CLI::App& app, std::string const& group) {
    for (sandbox::Switch const& chosen : sandbox::switches()) {
      auto const set = [this, &chosen](std::string const& value) {
        switched_ = chosen.name;
        auto const done = chosen.set(options_.sandbox.behaviour, value);
        if (done) return;
        refused_ = done.error();
        refused_->message = fmt::format("{}: {}", chosen.name, refused_->message);
        throw CLI::ValidationError(std::string(chosen.name));
      };
      std::string const name(chosen.name);
      std::string const what(chosen.what);
      if (chosen.value.empty()) {
        app.add_flag_callback(
               name, [set] { set(""); }, what)
            ->group(group);
        continue;
      }
      auto const each = [set](std::vector<std::string> const& values) { std::ranges::for_each(values, set); };
      CLI::Option* const option = chosen.repeatable
                                      ? app.add_option_function<std::vector<std::string>>(name, each, what)
                                      : app.add_option_function<std::string>(name, set, what);
      option->type_name(std::string(chosen.value))->allow_extra_args(false)->group(group);
    }
  }

  CLI::App* command(CLI::App& parent, std::string const& name, Command code, std::string const& what) {
    CLI::App* const sub = parent.add_subcommand(name, what)->group("Commands");
    sub->fallthrough();
    sub->set_help_flag("-h,--help", "print this help");
    sub->callback([this, code] { options_.command = code; });
    return sub;
  }

  /// Groups of the overview, in the order of a newcomer's way.
  void in_group(char const* group, std::initializer_list<char const*> names) {
    for (char const* const name : names) app_.get_subcommand(name)->group(group);
  }

  void commands() {
    auto const paths = [&](CLI::App* sub) {
      sub->add_option("PATH", options_.paths, "files, folders or - (default: the project's, else ./manifests)");
    };
    auto const detailed = [&](CLI::App* sub, char const* means) {
      sub->add_flag("--detailed-exitcode", options_.detailed_exitcode, means);
    };
    constexpr char const* goes_on = "exit 2 while CPS works on a change";
    paths(command(app_, "validate", Command::validate, "Check manifests offline"));
    auto* const plan = command(app_, "plan", Command::plan, "Show what apply would do; writes nothing");
    paths(plan);
    detailed(plan, "exit 2 when there are changes");
    selection(*plan);
    guard_rails(*plan);
    auto* const apply =
        command(app_, "apply", Command::apply, "Make CPS match the manifests, or carry out a saved plan");
    paths(apply);
    apply->add_option("--plan", options_.plan, "carry out this plan, saved with plan --out json=FILE")
        ->type_name("FILE");
    detailed(apply, goes_on);
    selection(*apply);
    guard_rails(*apply);
    apply->add_option("--approved", options_.guard.approved, "go on only if the plan has this digest")
        ->type_name("DIGEST")
        ->check(a_digest())
        ->group("Guard rails");
    apply->add_flag("-y,--yes", options_.yes, "do not ask");
    command(app_, "show", Command::show, "Print a saved plan")
        ->add_option("PLAN", options_.name, "a plan saved with plan --out json=FILE")
        ->required();
    auto* const status = command(app_, "status", Command::status, "Show what CPS has of each enrollment");
    names(*status);
    selection(*status);
    detailed(status, goes_on);
    status->add_flag("--unmanaged", options_.unmanaged, "list enrollments in neither the state nor a manifest");
    auto* const import = command(app_, "import", Command::import_, "Write manifests for what exists at CPS");
    import->add_option("NAME", options_.name, "name for the one enrollment of --id");
    import->add_option("--id", options_.import.id, "only this enrollment")->type_name("ID");
    contracts(*import)->required();
    import->add_option("--out-dir", options_.import.out_dir, "folder for the manifests (default: the project's)")
        ->type_name("DIR");
    state_commands();
    sandbox_command();
    command(app_, "schema", Command::schema, "Print a JSON Schema")->add_option("NAME", options_.name, "schema name");
    command(app_, "version", Command::version, "Print the version");
    command(app_, "help", Command::help, "Explain a topic, a command or a rule")
        ->add_option("TOPIC", words_, "topic, command or rule")
        ->expected(0, 2);
    in_group("Describe enrollments in files", {"validate", "import", "schema"});
    in_group("Compare with CPS, and change it", {"plan", "apply", "show", "status"});
    in_group("What cpsctl remembers", {"state"});
    in_group("Try and learn", {"sandbox", "help", "version"});
  }

  void names(CLI::App& sub) { sub.add_option("NAME", options_.paths, "manifest names (default: all)"); }

  CLI::Option* contracts(CLI::App& sub) {
    return sub.add_option("--contract", options_.selection.contracts, "only this contract; repeatable")
        ->type_name("ID")
        ->allow_extra_args(false);
  }

  /// Which of the manifests a command is about.
  void selection(CLI::App& sub) {
    SelectionOptions& to = options_.selection;
    auto const option = [&](char const* flag, std::vector<std::string>& words, char const* what, char const* type) {
      sub.add_option(flag, words, what)->type_name(type)->allow_extra_args(false)->group("Selection");
    };
    option("-l,--label", to.labels, "only those with this label; repeatable, all must fit", "KEY=VALUE");
    option("--name", to.names, "only these names; repeatable", "GLOB");
    contracts(sub)->group("Selection");
  }

  void guard_rails(CLI::App& sub) {
    GuardOptions& to = options_.guard;
    auto const rail = [&](char const* flag, auto& target, char const* what, char const* type) {
      return sub.add_option(flag, target, what)->type_name(type)->allow_extra_args(false)->group("Guard rails");
    };
    sub.add_flag("--allow-delete", to.allow_delete, "delete enrollments whose removed manifest had deletion: delete")
        ->group("Guard rails");
    rail("--max-deletes", to.max_deletes, "delete at most N, else none (default: 0)", "N")
        ->check(a_number(0, 1'000'000));
    rail("--max-changes", to.max_changes, "update and delete at most so many, or P% of the state", "N|P%");
    rail("--confirm-delete", to.confirm_delete, "delete this one, which serves in production; repeatable", "NAME");
    rail("--recreate", to.recreate, "create this one again, deleted outside cpsctl; repeatable", "NAME");
    rail("--on-pending", to.on_pending, "refuse, wait or cancel where a change is pending", "WORD")
        ->check(one_of({"refuse", "wait", "cancel"}));
    rail("--override-renewal-window", to.override_renewal_window, "allow changes in the renewal window; repeatable",
         "NAME");
  }

  void state_commands() {
    auto* const state = app_.add_subcommand(
        "state", "Inspect and repair the state: list, show, log, forget, mv, settle, unlock, rebuild");
    state->fallthrough();
    state->require_subcommand(1);
    state->set_help_flag("-h,--help", "print this help");
    command(*state, "list", Command::state_list, "List the enrollments in the state");
    command(*state, "show", Command::state_show, "Show one enrollment of the state")
        ->add_option("NAME", options_.name, "manifest name")
        ->required();
    command(*state, "log", Command::state_log, "Show what was done and by whom, newest last")
        ->add_option("NAME", options_.name, "manifest name (default: all)");
    auto* const forget = command(*state, "forget", Command::state_forget, "Stop managing enrollments; CPS keeps them");
    forget->add_option("NAME", options_.paths, "names in the state")->required();
    auto* const move = command(*state, "mv", Command::state_mv, "Give an enrollment of the state another name");
    move->add_option("OLD", options_.name, "name in the state")->required();
    move->add_option("NEW", options_.other_name, "name of the manifest")->required();
    auto* const settle =
        command(*state, "settle", Command::state_settle, "Say what became of a write whose answer never came");
    settle->add_option("NAME", options_.name, "manifest name")->required();
    auto* const as =
        settle->add_option("--as", options_.settle_as, "it was done: this is its enrollment")->type_name("ID");
    auto* const not_done = settle->add_flag("--not-done", options_.settle_not_done, "it was not done");
    as->excludes(not_done);
    command(*state, "unlock", Command::state_unlock, "End the lock of a run that is dead")
        ->add_flag("--force", options_.force, "even of a run on another machine: look there first");
    auto* const rebuild =
        command(*state, "rebuild", Command::state_rebuild, "Rebuild the state from CPS; writes nothing to CPS");
    rebuild->add_option("PATH", options_.paths, "files or folders (default: the project's manifests)");
  }

  void sandbox_command() {
    auto* const sandbox = command(app_, "sandbox", Command::sandbox, "Serve the embedded CPS on loopback");
    sandbox_dir_ = sandbox->add_option("--dir", options_.sandbox.folder, "data, edgerc and ca.pem")
                       ->type_name("DIR")
                       ->capture_default_str();
    sandbox->add_option("--port", options_.sandbox.port, "port on 127.0.0.1 (default: any free one)")
        ->type_name("N")
        ->check(a_number(0, 65'535));
    sandbox_switches(*sandbox, "Switches (cpsctl help sandbox)");
  }

  /// cpsctl alone, or with nothing but -h.
  static Parsed overview() { return Parsed{.options = {.command = Command::help}}; }

  /// The command's own help call, for "see: …".
  std::string help_call() const {
    std::string call = "cpsctl";
    if (std::string const words = command_words(); !words.empty()) call += " " + words;
    return call + " --help";
  }

  static std::vector<std::string> commands_of(CLI::App const* app) {
    std::vector<std::string> names;
    for (CLI::App const* sub : app->get_subcommands({})) names.push_back(sub->get_name());
    return names;
  }

  Error unknown_words() {
    auto const extras = app_.remaining(true);
    std::string const word = extras.empty() ? std::string() : extras.front();
    std::vector<std::string> known;
    auto const* const here = app_.get_subcommands().empty() ? &app_ : app_.get_subcommands().front();
    if (word.starts_with('-')) {
      for (auto const* level : {static_cast<CLI::App const*>(&app_), here})
        for (auto const* option : level->get_options())
          for (auto const& name : option->get_lnames()) known.push_back("--" + name);
    } else {
      known = commands_of(here);
    }
    auto const near = meant(word, known);
    return Error{.code = Errc::usage,
                 .message = fmt::format("unknown {} \"{}\"", word.starts_with('-') ? "option" : "command", word),
                 .next = near ? fmt::format("did you mean {}?", *near) : "see: " + help_call()};
  }

  Result<Parsed> finish() {
    GlobalOptions& global = options_.global;
    if (version_) options_.command = Command::version;
    if (!version_ && app_.get_subcommands().empty()) return overview();
    if (options_.command == Command::help) options_.name = fmt::format("{}", fmt::join(words_, " "));
    global.command = command_words();
    CPS_CHECK(take_formats());
    take_granted();
    if (!rate_.empty()) {
      CPS_TRY(global.rate, rate(rate_));
    }
    CPS_CHECK(take_sandbox());
    if (!switched_.empty() && sandbox_.empty() && options_.command != Command::sandbox)
      return usage(fmt::format("{} is a switch of the sandbox", switched_), "add --sandbox, or leave it out");
    global.colour = colour_ == "always" ? Colour::always : colour_ == "never" ? Colour::never : Colour::automatic;
    global.log_format = log_format_ == "json" ? log::Format::json : log::Format::text;
    if (quiet_) global.log_level = log::Level::warning;
    if (verbose_) global.log_level = log::Level::debug;
    if (!chdir_.empty()) {
      std::error_code problem;
      std::filesystem::current_path(chdir_, problem);
      options_.global.chdir = chdir_;
      if (problem) return usage(fmt::format("cannot change to {}: {}", chdir_, problem.message()), "check -C");
    }
    return Parsed{.options = options_};
  }

  /// --sandbox=DIR says to the command of that name what its --dir says.
  Result<> take_sandbox() {
    if (sandbox_.empty()) return {};
    options_.global.sandbox = sandbox_;
    if (options_.command != Command::sandbox) return {};
    if (!sandbox_dir_->empty() && options_.sandbox.folder != sandbox_)
      return usage(fmt::format("--sandbox={} and --dir {} name two folders", sandbox_, options_.sandbox.folder),
                   "leave one of them out");
    options_.sandbox.folder = sandbox_;
    return {};
  }

  std::string command_words() const {
    if (version_) return "version";
    std::string words;
    for (CLI::App const* at = &app_; !at->get_subcommands().empty();) {
      at = at->get_subcommands().front();
      words += (words.empty() ? "" : " ") + at->get_name();
    }
    return words;
  }

  /// -o, CPSCTL_OUTPUT and --out. The variable speaks to every command: one that lacks its format prints text.
  Result<> take_formats() {
    GlobalOptions& global = options_.global;
    char const* const variable = std::getenv("CPSCTL_OUTPUT");
    if (output_) {
      CPS_TRY(global.output, format(*output_, "-o json"));
    } else if (variable != nullptr && *variable != '\0') {
      auto const known = fields::enumerator<Format>(variable);
      if (!known)
        return usage(fmt::format("CPSCTL_OUTPUT names an unknown output format \"{}\"", variable),
                     fmt::format("known: {}", fmt::join(fields::words<Format>(), ", ")));
      if (offers(*known)) global.output = *known;
    }
    for (std::string const& out : out_) {
      auto const equals = out.find('=');
      if (equals == std::string::npos || equals + 1 == out.size())
        return usage(fmt::format("cannot use --out {}", out), "write --out json=FILE");
      CPS_TRY(Format const wanted, format(out.substr(0, equals), "--out json=FILE"));
      std::string file = out.substr(equals + 1);
      if (std::ranges::find(global.out, file, &OutFile::file) != global.out.end())
        return usage(fmt::format("two --out name the file {}", file), "give each its own");
      global.out.push_back({.format = wanted, .file = std::move(file)});
    }
    return {};
  }

  /// CPSCTL_ENV adds to --env: names between commas or spaces.
  void take_granted() {
    char const* const variable = std::getenv("CPSCTL_ENV");
    if (variable == nullptr) return;
    std::string names = variable;
    std::ranges::replace(names, ',', ' ');
    for (auto const name : text::split(names, ' '))
      if (!name.empty()) options_.global.env.emplace_back(name);
  }

  bool offers(Format format) const {
    auto const offered = formats_of(options_.command);
    return std::ranges::find(offered, format) != offered.end();
  }

  Result<Format> format(std::string const& word, char const* example) const {
    auto const known = fields::enumerator<Format>(word);
    if (known && offers(*known)) return *known;
    std::vector<std::string> offered;
    for (Format const one : formats_of(options_.command)) offered.push_back(fields::word(one));
    std::string const what = known ? "cpsctl {0} has no output format \"{1}\"" : "unknown output format \"{1}\"";
    return usage(
        fmt::format(fmt::runtime(what), options_.global.command, word),
        fmt::format("write {}; formats of cpsctl {}: {}", example, options_.global.command, fmt::join(offered, ", ")));
  }

  static Error usage(std::string message, std::string next) {
    return Error{.code = Errc::usage, .message = std::move(message), .next = std::move(next)};
  }

  /// "20/min", or "20".
  static Result<int> rate(std::string text) {
    if (auto const slash = text.find("/min"); slash != std::string::npos && slash + 4 == text.size())
      text.resize(slash);
    int value = 0;
    if (!CLI::detail::lexical_cast(text, value) || value < 1)
      return usage(fmt::format("invalid rate \"{}\"", text), "write --rate 20/min");
    return value;
  }

  CLI::App app_;
  Options options_;
  CLI::Option* sandbox_dir_ = nullptr;
  std::optional<std::string> output_ = {};
  std::vector<std::string> out_ = {}, words_ = {};
  std::string chdir_ = {}, colour_ = "auto", log_format_ = "text", rate_ = {}, sandbox_ = {};
  std::optional<Error> refused_ = {};  ///< what a switch of the sandbox said about its value
  std::string_view switched_ = {};     ///< a switch of the sandbox that was given
  bool quiet_ = false, verbose_ = false, version_ = false;
};

/// What is written down must be readable again. Errors: usage.
Result<> check_utf8(std::vector<std::string> const& arguments) {
  auto const refused = [](std::string const& what) {
    return Error{.code = Errc::usage,
                 .message = what + " is not UTF-8",
                 .next = "cpsctl writes such texts into files that are UTF-8: use another name"};
  };
  for (std::string const& argument : arguments)
    if (text::invalid_utf8(argument)) return refused("the argument " + argument);
  for (char* const* variable = environ; *variable != nullptr; ++variable)
    if (std::string_view const text(*variable); text.starts_with("CPSCTL_") && text::invalid_utf8(text))
      return refused("the environment variable " + std::string(text.substr(0, text.find('='))));
  return {};
}

}  // namespace

Result<Parsed> parse_arguments(std::vector<std::string> arguments) {
  CPS_CHECK(check_utf8(arguments));
  CPS_TRY(Parsed parsed, Grammar().parse(std::move(arguments)));
  std::error_code ignored;
  if (text::invalid_utf8(std::filesystem::current_path(ignored).string()))
    return Error{.code = Errc::usage,
                 .message = "the name of the working directory is not UTF-8",
                 .next = "run cpsctl in a folder of another name"};
  return parsed;
}

std::optional<std::string> command_help(std::string const& command) {
  return Grammar().help(command);
}

std::string global_options_help() {
  return Grammar().global_options();
}

std::vector<CommandSummary> command_summaries() {
  return Grammar().summaries();
}

}  // namespace cpsctl::cli

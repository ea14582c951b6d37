#include "cli/arguments.hpp"

#include "base/text.hpp"
#include "cli/complete.hpp"
#include "cli/global_options.hpp"
#include "cli/help_format.hpp"
#include "cli/refusal.hpp"
#include "cli/words.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

namespace cpsctl::cli {
namespace {

class Grammar {
 public:
  Grammar() : app_(std::string(purpose), "cpsctl") {
    app_.fallthrough();
    app_.require_subcommand(0, 1);
    app_.formatter(help_format());
    app_.set_help_flag("-h,--help", "print this help");
    syntax_.everywhere.push_back(
        {.flag = {"-h,--help", "print this help"}, .heading = "Global options", .value = Taken::Value::none});
    global_.add(app_, options_, syntax_.everywhere);
    for (Command const& command : commands()) add(command);
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
    } catch (Refusal const& refusal) {
      return refusal.error;
    } catch (CLI::ParseError const& problem) {
      if (dynamic_cast<CLI::RequiredError const*>(&problem) != nullptr && app_.remaining_size(true) != 0)
        return unknown_words();  // "state rm NAME": CLI11 misses the command before it meets the word
      if (Command const* const named = command_named(command_words()); named != nullptr && named->takes == nullptr)
        return usage(fmt::format("cpsctl {} needs a command", named->name),
                     fmt::format("one of {}; see: {}", fmt::join(commands_of(app_.get_subcommands().front()), ", "),
                                 help_call()));
      return usage(problem.what(), "see: " + help_call());
    }
    if (!global_.version() && app_.get_subcommands().empty()) return overview();
    Command const& command = *command_named(command_words());
    CPS_CHECK(global_.finish(command, options_));
    return Parsed{.options = options_, .run = runs_.at(command.name)};
  }

  std::optional<std::string> help(std::string const& words) {
    if (command_named(words) == nullptr) return std::nullopt;
    CLI::App* command = &app_;
    for (auto const word : text::split(words, ' ')) command = command->get_subcommand(std::string(word));
    return command->help();
  }

  Syntax const& syntax() const { return syntax_; }

  std::string global_options() { return options_help(app_, "Global options"); }

 private:
  void add(Command const& command) {
    std::string const name(command.name);
    auto const space = name.find(' ');
    CLI::App* const parent = command.nested() ? app_.get_subcommand(name.substr(0, space)) : &app_;
    CLI::App* const sub =
        parent->add_subcommand(command.nested() ? name.substr(space + 1) : name, std::string(command.what));
    sub->group("Commands")->fallthrough();
    sub->set_help_flag("-h,--help", "print this help");
    if (command.takes == nullptr) {
      sub->require_subcommand(1);
      return;
    }
    Flags flags(*sub, syntax_.of[command.name]);
    runs_.emplace(command.name, command.takes(flags, options_));
  }

  /// cpsctl alone, or with nothing but -h.
  Parsed overview() const { return Parsed{.run = runs_.at("help")}; }

  /// The command's own help call, for "see: …".
  std::string help_call() const {
    std::string const words = command_words();
    return words.empty() ? "cpsctl --help" : fmt::format("cpsctl {} --help", words);
  }

  std::string command_words() const {
    if (global_.version()) return "version";
    std::string words;
    for (CLI::App const* at = &app_; !at->get_subcommands().empty();) {
      at = at->get_subcommands().front();
      words += (words.empty() ? "" : " ") + at->get_name();
    }
    return words;
  }

  static std::vector<std::string> commands_of(CLI::App const* app) {
    std::vector<std::string> names;
    for (CLI::App const* sub : app->get_subcommands({})) names.push_back(sub->get_name());
    return names;
  }

  Error unknown_words() const {
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
    return usage(fmt::format("unknown {} \"{}\"", word.starts_with('-') ? "option" : "command", word),
                 near ? fmt::format("did you mean {}?", *near) : "see: " + help_call());
  }

  CLI::App app_;
  Options options_;
  GlobalFlags global_;
  Syntax syntax_ = {};
  std::map<std::string_view, Run> runs_;  ///< by the words of the command
};

/// What is written down must be readable again. Errors: usage.
Result<> check_utf8(std::vector<std::string> const& arguments) {
  auto const refused = [](std::string const& what) {
    return usage(what + " is not UTF-8", "cpsctl writes such texts into files that are UTF-8: use another name");
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
  if (!arguments.empty() && arguments.front() == completing)
    return Parsed{.run = completes({arguments.begin() + 1, arguments.end()})};
  CPS_CHECK(check_utf8(arguments));
  CPS_TRY(Parsed parsed, Grammar().parse(std::move(arguments)));
  std::error_code ignored;
  if (text::invalid_utf8(std::filesystem::current_path(ignored).string()))
    return usage("the name of the working directory is not UTF-8", "run cpsctl in a folder of another name");
  return parsed;
}

Syntax syntax() {
  return Grammar().syntax();
}

std::optional<std::string> command_help(std::string const& command) {
  return Grammar().help(command);
}

std::string global_options_help() {
  return Grammar().global_options();
}

}  // namespace cpsctl::cli

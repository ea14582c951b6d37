#include "cli/help_format.hpp"

#include "cli/command.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace cpsctl::cli {
namespace {

class HelpFormat : public CLI::Formatter {
 public:
  HelpFormat();
  std::string make_help(CLI::App const* app, std::string name, CLI::AppFormatMode mode) const override;
  std::string make_option_name(CLI::Option const* option, bool positional) const override;
  std::string make_option_opts(CLI::Option const* option) const override;
  std::string make_option_desc(CLI::Option const* option) const override;
  std::string options(CLI::App const& app, std::string const& group) const;
};

/// "state mv".
std::string words_of(CLI::App const* app) {
  CLI::App const* const parent = app->get_parent();
  if (parent == nullptr || parent->get_parent() == nullptr) return app->get_name();
  return words_of(parent) + ' ' + app->get_name();
}

HelpFormat::HelpFormat() {
  column_width(34);
  label("Positionals", "Arguments");
  label("SUBCOMMAND", "COMMAND");
}

std::string HelpFormat::make_help(CLI::App const* app, std::string /*name*/, CLI::AppFormatMode mode) const {
  std::string const command = words_of(app);
  std::string page = app->get_description() + "\n\n" + make_usage(app, "cpsctl " + command);
  Command const* const text = command_named(command);
  if (text != nullptr) {
    page += "\nExamples:\n";
    auto const width =
        std::ranges::max(text->examples, {}, [](Example const& one) { return one.line.size(); }).line.size();
    for (Example const& one : text->examples) page += fmt::format("  {:<{}}  # {}\n", one.line, width, one.says);
  }
  page += make_subcommands(app, mode);
  page += make_positionals(app);
  for (std::string const& group : app->get_groups())
    if (std::string const part = options(*app, group); !part.empty()) page += part;
  page += "\nOptions of every command: cpsctl help options.";
  if (text != nullptr) page += fmt::format(" More: cpsctl help {}", text->manual());
  return page + '\n';
}

std::string HelpFormat::options(CLI::App const& app, std::string const& group) const {
  auto const of_group = app.get_options([&](CLI::Option const* option) {
    return option->get_group() == group && option->nonpositional() && option != app.get_help_ptr();
  });
  return group.empty() || of_group.empty() ? std::string() : make_group(group, false, of_group);
}

/// "--sandbox{.cpsctl/sandbox}" is CLI11's way to say that a value may be missing.
std::string HelpFormat::make_option_name(CLI::Option const* option, bool positional) const {
  std::string const name = Formatter::make_option_name(option, positional);
  auto const brace = name.find('{');
  return brace == std::string::npos ? name : name.substr(0, brace) + fmt::format("[={}]", option->get_type_name());
}

/// The value's name. The option's description has what else CLI11 knows of it.
std::string HelpFormat::make_option_opts(CLI::Option const* option) const {
  bool const in_name = Formatter::make_option_name(option, false).find('{') != std::string::npos;
  if (option->get_positional() || option->get_type_size() == 0 || in_name) return {};
  std::string const name = option->get_type_name();
  return ' ' + name.substr(0, name.find(':'));
}

std::string HelpFormat::make_option_desc(CLI::Option const* option) const {
  std::string words = option->get_description();
  if (option->get_positional()) return words;
  if (!option->get_envname().empty()) words += fmt::format(" [{}]", option->get_envname());
  return words;
}

}  // namespace

std::shared_ptr<CLI::FormatterBase> help_format() {
  return std::make_shared<HelpFormat>();
}

std::string options_help(CLI::App const& app, std::string const& group) {
  return HelpFormat().options(app, group);
}

}  // namespace cpsctl::cli

#pragma once
#include "cli/command.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

/// The command line, read: commands.cpp says which commands there are.
namespace cpsctl::cli {

/// What the arguments ask for: to run a command, or to print a text (--help of a command).
struct Parsed {
  Options options = {};
  Run run = {};
  std::optional<std::string> print = {};
};

/// What the command line may have, as it was declared to what reads it.
struct Syntax {
  std::vector<Taken> everywhere = {};                      ///< of every command
  std::map<std::string_view, std::vector<Taken>> of = {};  ///< by a command's words: its own
};

Syntax syntax();

/// `arguments` without the program's name. -C/--chdir takes effect here. Errors: usage, with the next step.
Result<Parsed> parse_arguments(std::vector<std::string> arguments);

/// The help page of a command ("plan", "state list"), as --help prints it; nothing for an unknown one.
std::optional<std::string> command_help(std::string const& command);

/// The flags that every command takes, for `cpsctl help options`.
std::string global_options_help();

}  // namespace cpsctl::cli

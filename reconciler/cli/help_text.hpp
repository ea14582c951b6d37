#pragma once
#include <span>
#include <string_view>

/// What the help of a command shows apart from its options.
namespace cpsctl::cli {

/// A command line that works as it is printed: each one is run by tests/deploy/commands.sh.
struct Example {
  std::string_view line;
  std::string_view says;
};

struct CommandText {
  std::string_view command;  ///< its words: "state mv"
  std::string_view topic;    ///< the topic that says more
  std::span<Example const> examples;
};

/// Nothing for an unknown command.
CommandText const* text_of(std::string_view command);

}  // namespace cpsctl::cli

#pragma once
#include <memory>
#include <string>

namespace CLI {
class App;
class FormatterBase;
}  // namespace CLI

/// How the help of a command looks. For arguments.cpp alone: CLI11 goes no further.
namespace cpsctl::cli {

/// Purpose, usage, examples, its own options, its topic; no line is wider than 100 columns.
std::shared_ptr<CLI::FormatterBase> help_format();

/// One group of an app's options; empty when it has none of that group.
std::string options_help(CLI::App const& app, std::string const& group);

}  // namespace cpsctl::cli

#pragma once
#include "cli/command.hpp"

#include <span>
#include <string>
#include <vector>

/// The table of `cpsctl help exit-codes`, and what of it concerns a command. The words stand there alone.
namespace cpsctl::cli {

struct ExitRow {
  std::vector<int> codes = {};  ///< one, or two that mean the same
  std::string text = {};        ///< the row in Markdown
};
std::vector<ExitRow> exit_rows();

/// The codes that a command may end with, by what it works with and takes.
std::vector<Exit> exits_of(Command const& command, std::span<Taken const> taken);
/// Their rows as a table in Markdown.
std::string exit_table(Command const& command, std::span<Taken const> taken);

}  // namespace cpsctl::cli

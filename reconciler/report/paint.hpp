#pragma once
#include "base/screen.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cpsctl::report {

/// Meaning never hangs on colour: the symbols + ~ - ! ? carry it.
struct Style {
  bool colour = false;
  std::size_t width = 100;
  std::string flags = {};  ///< of this run: the commands that a next step names need them, too
};

enum class Ink : std::uint8_t { plain, good, change, bad, warn, faint, strong };

/// `text`, printable, in a colour, or without when the style has none.
screen::Painted paint(std::string_view text, Ink ink, Style const& style);

/// A next step: what it names as a command of ours has the run's flags, so that it can be copied.
std::string next_step(std::string_view text, Style const& style);

/// Columns that `text` takes on a terminal: characters, not bytes.
std::size_t columns(std::string_view text);
/// `text`, printable, with spaces behind it up to `width` columns.
std::string padded(std::string_view text, std::size_t width);

}  // namespace cpsctl::report

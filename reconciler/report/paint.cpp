#include "report/paint.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace cpsctl::report {

screen::Painted paint(std::string_view text, Ink ink, Style const& style) {
  if (!style.colour || ink == Ink::plain || text.empty()) return {text::printable(text)};
  char const* code = "0";
  switch (ink) {
    case Ink::plain: break;
    case Ink::good: code = "32"; break;
    case Ink::change: code = "33"; break;
    case Ink::bad: code = "31"; break;
    case Ink::warn: code = "35"; break;
    case Ink::faint: code = "2"; break;
    case Ink::strong: code = "1"; break;
  }
  return {fmt::format("\x1b[{}m{}\x1b[0m", code, text::printable(text))};
}

namespace {

/// Where the command that a sentence begins with ends: at a stop, or where the sentence goes on.
std::size_t command_end(std::string_view text) {
  constexpr std::array stops{",",        ";",        ": ",     " (",      " again",   " and ",  " finds ", " first",
                             " prints ", " proves ", " says ", " takes ", " writes ", " once ", " when ",  "`"};
  std::size_t end = text.size();
  for (std::string_view const stop : stops) end = std::min(end, text.find(stop));
  return end;
}

}  // namespace

std::string next_step(std::string_view text, Style const& style) {
  constexpr std::string_view program = "cpsctl ";
  constexpr std::array commands{"ack", "apply", "cancel", "csr", "import", "plan", "state", "status", "upload"};
  std::string step;
  for (auto at = text.find(program); at != std::string_view::npos; at = text.find(program)) {
    std::size_t const begin = at + program.size();
    std::string_view const rest = text.substr(begin);
    std::string_view const word = rest.substr(0, rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz"));
    bool const looks = std::ranges::find(commands, word) != commands.end();
    std::size_t const end = begin + (looks ? command_end(rest) : 0);
    step += text.substr(0, end);
    if (looks) step += style.flags;
    text.remove_prefix(end);
  }
  return step.append(text);
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(std::string_view text, std::size_t width) {
  std::string const shown = text::printable(text);
  std::size_t const used = columns(shown);
  return shown + std::string(used < width ? width - used : 0, ' ');
}

}  // namespace cpsctl::report

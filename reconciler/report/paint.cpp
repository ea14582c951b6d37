#include "report/paint.hpp"

#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::report {

screen::Painted paint(std::string_view text, Ink ink, Style style) {
  if (!style.colour || ink == Ink::plain) return {text::printable(text)};
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

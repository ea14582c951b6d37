#include "report/paint.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::report {

std::string paint(std::string_view text, Ink ink, Style style) {
  if (!style.colour || ink == Ink::plain) return std::string(text);
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
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(std::string_view text, std::size_t width) {
  std::size_t const used = columns(text);
  return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

}  // namespace cpsctl::report

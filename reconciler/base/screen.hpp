#pragma once
#include "base/text.hpp"

#include <concepts>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

/// The one way of words to a terminal and to the log of a CI job.
namespace cpsctl::screen {

/// Text of ours with colour codes of ours: what is in it has been made printable.
struct Painted {
  std::string text;
};

/// `line`, shown so that no CI runner takes it for a command: no "::" at its beginning, no "##[", "##vso[" or
/// "##teamcity[" anywhere.
std::string inert(std::string_view line);

/// Writes `line`, inert, and a line break. What it holds is printable already: see line().
void write(std::ostream& out, std::string_view line);

/// What an argument of line() becomes: texts printable, Painted and numbers as they are.
template <class Argument>
auto safe(Argument const& argument) {
  if constexpr (std::same_as<Argument, Painted>) {
    return std::string(argument.text);
  } else if constexpr (std::convertible_to<Argument const&, std::string_view>) {
    return text::printable(argument);
  } else {
    static_assert(std::is_arithmetic_v<Argument>, "print texts, numbers and Painted");
    return argument;
  }
}

/// One line, whatever the arguments hold; the line break is added.
template <class... Arguments>
void line(std::ostream& out, fmt::format_string<decltype(safe(std::declval<Arguments const&>()))...> format,
          Arguments const&... arguments) {
  write(out, [&]<class... Safe>(Safe const&... values) {
    return fmt::vformat(format, fmt::make_format_args(values...));
  }(safe(arguments)...));
}

}  // namespace cpsctl::screen

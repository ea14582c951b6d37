#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

/// What the fuzz targets share. A target is one function that holds for every input; a violation ends the process, and
/// libFuzzer keeps the input that showed it.
namespace fuzz {

inline std::string_view text(std::uint8_t const* bytes, std::size_t size) {
  return {reinterpret_cast<char const*>(bytes), size};
}

inline void holds(bool condition, char const* what, std::string_view shown = {}) {
  if (condition) return;
  std::fprintf(stderr, "does not hold: %s\n%.*s\n", what, static_cast<int>(shown.size()), shown.data());
  std::abort();
}

/// The text in pieces, as a network may deliver it: their lengths come from the text itself.
inline std::vector<std::string_view> pieces(std::string_view text) {
  std::vector<std::string_view> all;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t const length = 1 + static_cast<unsigned char>(text[at]) % 13;
    all.push_back(text.substr(at, length));
    at += length;
  }
  return all;
}

/// Can be printed on one line of a terminal: no control characters.
inline bool is_printable(std::string_view text) {
  for (char const c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  return true;
}

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size);

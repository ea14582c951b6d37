#pragma once
#include <string_view>

/// What globs mean, tried one way after the other: short to read, and exponential. The measure for text::glob_matches.
inline bool slow_glob(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return path.empty();
  if (pattern.starts_with("**/")) {
    if (slow_glob(pattern.substr(3), path)) return true;
    auto const slash = path.find('/');
    return slash != std::string_view::npos && slow_glob(pattern, path.substr(slash + 1));
  }
  if (pattern == "**") return true;
  if (pattern.front() == '*') {
    for (std::size_t i = 0;; ++i) {
      if (slow_glob(pattern.substr(1), path.substr(i))) return true;
      if (i == path.size() || path[i] == '/') return false;
    }
  }
  if (path.empty()) return false;
  bool const same = pattern.front() == '?' ? path.front() != '/' : pattern.front() == path.front();
  return same && slow_glob(pattern.substr(1), path.substr(1));
}

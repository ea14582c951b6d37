#pragma once
#include "manifest/load.hpp"

#include <sstream>
#include <string>

#include <fmt/format.h>

/// What the tests of manifest/ share: loading a text, and findings as lines.
namespace cpsctl::manifest {

/// "file:line:col: severity rule path: message; hint"
inline std::string line(Finding const& f) {
  std::string text = fmt::format("{}:{}:{}: {} {}", f.mark.file, f.mark.line, f.mark.column,
                                 f.severity == Severity::error ? "error" : "warning", f.rule);
  if (!f.path.empty()) text += " " + f.path;
  text += ": " + f.message;
  if (!f.hint.empty()) text += "; " + f.hint;
  return text;
}

inline std::string lines(std::vector<Finding> const& findings) {
  std::string text;
  for (Finding const& finding : findings) text += line(finding) + "\n";
  return text;
}

/// Loads a text as the standard input, so that no file is needed.
inline Loaded load_text(std::string const& text, LoadOptions options = {}) {
  std::istringstream in(text);
  options.paths = {"-"};
  options.input = &in;
  return load(options, system_files());
}

}  // namespace cpsctl::manifest

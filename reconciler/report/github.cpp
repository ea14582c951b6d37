#include "base/screen.hpp"
#include "base/text.hpp"
#include "report/findings.hpp"

#include <fmt/format.h>

namespace cpsctl::report {
namespace {

/// The data of a workflow command; its line breaks are the only ones that may be in it.
std::string escaped_data(std::string_view text) {
  std::string escaped;
  for (char const c : text) {
    switch (c) {
      case '%': escaped += "%25"; break;
      case '\r': escaped += "%0D"; break;
      case '\n': escaped += "%0A"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

/// A property of a workflow command: what ends a property is escaped, too.
std::string property(std::string_view text) {
  std::string escaped;
  for (char const c : escaped_data(text)) {
    if (c == ':')
      escaped += "%3A";
    else if (c == ',')
      escaped += "%2C";
    else
      escaped += c;
  }
  return escaped;
}

std::string command_of(Finding const& finding, Surroundings const& around, SourceLines& lines) {
  Mark place = finding.mark;
  place.column = lines.character(finding.mark);
  if (place.file == "-")
    place = {.file = "", .line = 0};
  else if (around.path_in_repository)
    place.file = around.path_in_repository(place.file);
  std::string words = finding.path.empty() ? "" : text::printable(finding.path) + ": ";
  words += text::printable(finding.message);
  if (!finding.hint.empty()) words += "\nhint: " + text::printable(finding.hint);
  return github_command(finding.severity, place, finding.rule.empty() ? "cpsctl" : "cpsctl " + finding.rule, words);
}

}  // namespace

std::string github_command(Severity severity, Mark const& place, std::string_view title, std::string_view message) {
  std::string command = severity == Severity::error ? "::error " : "::warning ";
  if (!place.file.empty()) command += fmt::format("file={},", property(screen::inert(text::printable(place.file))));
  if (!place.file.empty() && place.line > 0) command += fmt::format("line={},col={},", place.line, place.column);
  return command + fmt::format("title={}::{}\n", property(screen::inert(text::printable(title))),
                               escaped_data(screen::inert(message)));
}

std::string findings_github(std::span<Finding const> findings, Surroundings const& around) {
  SourceLines lines(around.source);
  std::string commands;
  for (Severity const severity : {Severity::error, Severity::warning})
    for (Finding const& finding : findings)
      if (finding.severity == severity) commands += command_of(finding, around, lines);
  return commands;
}

}  // namespace cpsctl::report

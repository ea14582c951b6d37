#pragma once
#include "base/json.hpp"
#include "report/findings.hpp"

#include <string>
#include <string_view>

/// What takes the place of a command's document when the command ended before it had one.
namespace cpsctl::report {

struct Failure {
  std::string_view command;  ///< "plan"
  Error const& error;
  std::string_view kind;  ///< "unauthorized"
  int exit = 1;
};

/// "error: …" with its next step, for stderr.
void error_text(Error const& error, Style const& style, std::ostream& out);

/// {format_version, error: {kind, exitCode, message, next}}.
json::Document failure_document(Failure const& failure);
/// With the same marker as the command's comment, so that it takes that comment's place.
std::string failure_markdown(Failure const& failure);
/// One record below a header of its own: nobody takes it for an enrollment.
std::string failure_csv(Failure const& failure);
/// One case, in error.
std::string failure_junit(Failure const& failure);
/// A run without results that was not successful.
json::Document failure_sarif(Failure const& failure, Surroundings const& around);
/// One annotation.
std::string failure_github(Failure const& failure, Surroundings const& around);

/// Comment lines, of formats that know nothing else that no tool acts on. `mark` begins a comment.
std::string failure_comment(Failure const& failure, std::string_view mark);

}  // namespace cpsctl::report

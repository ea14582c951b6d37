#pragma once
#include "base/finding.hpp"
#include "base/json.hpp"
#include "report/paint.hpp"

#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Findings for people, for code scanning and for the annotations of a pull request.
namespace cpsctl::report {

/// Gives a file's text; nothing when it cannot be read again.
using SourceText = std::function<std::optional<std::string>(std::string const& file)>;

/// The lines of the files that findings point at, each file read and split once.
class SourceLines {
 public:
  explicit SourceLines(SourceText source) : source_(std::move(source)) {}

  /// Nothing for the whole file, for what is not a file, and behind its end.
  std::optional<std::string_view> line(Mark const& mark);
  /// The mark's column in characters instead of bytes.
  int character(Mark const& mark);

 private:
  struct Text {
    std::string bytes = {};
    std::vector<std::size_t> starts = {};
  };
  SourceText source_;
  std::map<std::string, Text> texts_ = {};
};

/// With the source line and a caret under each finding; closes with a count.
void findings_text(std::span<Finding const> findings, SourceText const& source, Style const& style, std::ostream& out);
/// {format_version, valid, files, enrollments, findings}.
json::Document findings_document(std::span<Finding const> findings, std::size_t files, std::size_t enrollments);

/// A rule as code scanning shows it.
struct RuleText {
  std::string_view id;
  Severity severity = Severity::error;
  std::string_view demands;
};

/// What the formats for other programs need apart from the findings.
struct Surroundings {
  SourceText source = {};
  /// A file's name as its repository knows it; empty: as it is.
  std::function<std::string(std::string const&)> path_in_repository = {};
  std::vector<RuleText> rules = {};
  std::string version = {};  ///< of cpsctl
};

/// SARIF 2.1.0 with one run; columns count characters.
json::Document findings_sarif(std::span<Finding const> findings, Surroundings const& around);
/// Workflow commands of GitHub Actions, a line each, errors first (GitHub shows the first ten).
std::string findings_github(std::span<Finding const> findings, Surroundings const& around);
/// A test case for each file: those of `files`, and those that findings name.
std::string findings_junit(std::span<Finding const> findings, std::set<std::string> files);

/// "::error title=…::message": one workflow command, its parts escaped. `place` without a line is the whole file,
/// without a file none.
std::string github_command(Severity severity, Mark const& place, std::string_view title, std::string_view message);

/// SARIF's envelope, with a run of no results.
json::Document sarif_run(Surroundings const& around, bool successful);
/// A message of it, and the next step if there is one: printable, and without what SARIF would read as a link.
json::Value sarif_message(std::string_view text, std::string_view next, json::Pool& pool);

}  // namespace cpsctl::report

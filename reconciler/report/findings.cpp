#include "report/findings.hpp"

#include "base/fields.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"
#include "report/junit.hpp"

#include <algorithm>

#include <fmt/ranges.h>

namespace cpsctl::report {
namespace {

constexpr std::size_t longest_line = 160;

char const* word(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

/// The source line behind its number, and a caret under the column. Tabs become single spaces in both, so that they
/// stay aligned.
void caret_text(std::string_view line, Mark const& mark, Style const& style, std::ostream& out) {
  auto const at = static_cast<std::size_t>(std::max(mark.column, 1) - 1);
  if (line.empty() || at > line.size() || at >= longest_line) return;
  std::string source(line.substr(0, longest_line));
  std::ranges::replace(source, '\t', ' ');
  std::string const before = text::printable(source.substr(0, at));
  screen::line(out, "{:>5} | {}", mark.line, source);
  screen::line(out, "      | {}{}", std::string(columns(before), ' '), paint("^", Ink::bad, style));
}

std::string place(Mark const& mark) {
  if (mark.line == 0) return mark.file;
  return fmt::format("{}:{}:{}", mark.file, mark.line, mark.column);
}

}  // namespace

void findings_text(std::span<Finding const> findings, SourceText const& source, Style const& style, std::ostream& out) {
  SourceLines lines(source);
  std::set<std::string> files;
  for (Finding const& finding : findings) {
    bool const error = finding.severity == Severity::error;
    files.insert(finding.mark.file);
    std::string const path = finding.path.empty() ? "" : text::printable(finding.path) + ": ";
    std::string const rule = finding.rule.empty() ? "" : fmt::format(" [{}]", finding.rule);
    screen::line(out, "{}: {}{}: {}{}", text::printable(place(finding.mark)),
                 paint(word(finding.severity), error ? Ink::bad : Ink::warn, style), rule, path,
                 text::printable(finding.message));
    if (auto const line = lines.line(finding.mark)) caret_text(*line, finding.mark, style, out);
    if (!finding.hint.empty()) screen::line(out, "    hint: {}", text::printable(finding.hint));
  }
  if (findings.empty()) return;
  std::size_t const errors = counted(findings, Severity::error);
  std::size_t const warnings = counted(findings, Severity::warning);
  std::string count;
  if (errors > 0) count = text::counted(errors, "error");
  if (warnings > 0) count += (count.empty() ? "" : ", ") + text::counted(warnings, "warning");
  screen::line(out, "{} in {}{}", count, text::counted(files.size(), "file"),
               errors > 0 ? "; nothing was sent to CPS" : "");
}

namespace {

/// How the document is made; schemas/findings.v1.schema.json describes it.
struct FindingView {
  std::string file = {};
  int line = 0;
  int column = 0;
  std::string severity = {};
  std::string rule = {};
  std::string path = {};
  std::string message = {};
  std::string hint = {};
};
BOOST_DESCRIBE_STRUCT(FindingView, (), (file, line, column, severity, rule, path, message, hint))
struct FindingsDocument {
  bool valid = true;
  std::size_t files = 0;
  std::size_t enrollments = 0;
  std::vector<FindingView> findings = {};
};
BOOST_DESCRIBE_STRUCT(FindingsDocument, (), (valid, files, enrollments, findings))

}  // namespace

json::Document findings_document(std::span<Finding const> findings, std::size_t files, std::size_t enrollments) {
  FindingsDocument document{.valid = !has_errors(findings), .files = files, .enrollments = enrollments};
  for (Finding const& finding : findings)
    document.findings.push_back({.file = finding.mark.file,
                                 .line = finding.mark.line,
                                 .column = finding.mark.column,
                                 .severity = word(finding.severity),
                                 .rule = finding.rule,
                                 .path = finding.path,
                                 .message = finding.message,
                                 .hint = finding.hint});
  return fields::versioned(document);
}

std::string findings_junit(std::span<Finding const> findings, std::set<std::string> files) {
  struct Said {
    std::size_t errors = 0;
    std::string first = {};
    std::vector<std::string> all = {};
  };
  std::map<std::string, Said> by_file;
  for (std::string const& file : files) by_file.try_emplace(file);
  for (Finding const& finding : findings) {
    Said& said = by_file[finding.mark.file];
    std::string const rule = finding.rule.empty() ? "" : fmt::format(" [{}]", finding.rule);
    std::string const path = finding.path.empty() ? "" : finding.path + ": ";
    std::string const hint = finding.hint.empty() ? "" : "; " + finding.hint;
    said.all.push_back(fmt::format("{}: {}{}: {}{}{}", place(finding.mark), word(finding.severity), rule, path,
                                   finding.message, hint));
    if (finding.severity != Severity::error) continue;
    if (said.errors == 0) said.first = path + finding.message;
    said.errors += finding.count;
  }
  std::vector<junit::Case> cases;
  for (auto const& [file, said] : by_file) {
    bool const valid = said.errors == 0;
    std::string const more = said.errors > 1 ? fmt::format(", and {} more", said.errors - 1) : std::string();
    cases.push_back({.name = file,
                     .verdict = valid ? junit::Verdict::passed : junit::Verdict::failed,
                     .kind = valid ? "" : "invalid",
                     .message = valid ? "" : said.first + more,
                     .text = fmt::format("{}", fmt::join(said.all, "\n"))});
  }
  return junit::document("validate", cases);
}

}  // namespace cpsctl::report

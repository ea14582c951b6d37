#include "base/text.hpp"
#include "report/paint.hpp"
#include "report/report.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/ostream.h>

namespace cpsctl::report {
namespace {

constexpr std::size_t longest_line = 160;

char const* word(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

std::string_view line_of(std::string_view text, int number) {
  for (int i = 1; i < number; ++i) {
    auto const end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// The source line and a caret under the column. Tabs become single spaces in both, so that they stay aligned.
void caret_text(std::string_view line, int column, Style style, std::ostream& out) {
  auto const at = static_cast<std::size_t>(std::max(column, 1) - 1);
  if (line.empty() || at > line.size() || at >= longest_line) return;
  std::string source(line.substr(0, longest_line));
  std::ranges::replace(source, '\t', ' ');
  std::string const before = text::printable(source.substr(0, at));
  fmt::print(out, "    {}\n    {}{}\n", text::printable(source), std::string(columns(before), ' '),
             paint("^", Ink::bad, style));
}

std::string place(Mark const& mark) {
  if (mark.line == 0) return mark.file;
  return fmt::format("{}:{}:{}", mark.file, mark.line, mark.column);
}

}  // namespace

void findings_text(std::span<Finding const> findings, SourceText const& source, Style style, std::ostream& out) {
  std::map<std::string, std::optional<std::string>> texts;
  std::set<std::string> files;
  std::size_t errors = 0;
  for (Finding const& finding : findings) {
    bool const error = finding.severity == Severity::error;
    errors += error ? 1 : 0;
    files.insert(finding.mark.file);
    std::string const path = finding.path.empty() ? "" : text::printable(finding.path) + ": ";
    std::string const rule = finding.rule.empty() ? "" : fmt::format(" [{}]", finding.rule);
    fmt::print(out, "{}: {}{}: {}{}\n", text::printable(place(finding.mark)),
               paint(word(finding.severity), error ? Ink::bad : Ink::warn, style), rule, path,
               text::printable(finding.message));
    auto const [text, added] = texts.try_emplace(finding.mark.file);
    if (added && source && finding.mark.line > 0) text->second = source(finding.mark.file);
    if (text->second) caret_text(line_of(*text->second, finding.mark.line), finding.mark.column, style, out);
    if (!finding.hint.empty()) fmt::print(out, "    hint: {}\n", text::printable(finding.hint));
  }
  if (findings.empty()) return;
  std::size_t const warnings = findings.size() - errors;
  std::string count;
  if (errors > 0) count = text::counted(errors, "error");
  if (warnings > 0) count += (count.empty() ? "" : ", ") + text::counted(warnings, "warning");
  fmt::print(out, "{} in {}{}\n", count, text::counted(files.size(), "file"),
             errors > 0 ? "; nothing was sent to CPS" : "");
}

json::Document findings_document(std::span<Finding const> findings, std::size_t files, std::size_t enrollments) {
  json::Document document(rapidjson::kObjectType);
  auto& pool = document.GetAllocator();
  json::Value list(rapidjson::kArrayType);
  for (Finding const& finding : findings) {
    json::Value one(rapidjson::kObjectType);
    auto const set_text = [&](char const* name, std::string const& value) {
      json::set(one, name, json::string(value, pool), pool);
    };
    set_text("file", finding.mark.file);
    json::set(one, "line", json::Value(finding.mark.line), pool);
    json::set(one, "column", json::Value(finding.mark.column), pool);
    set_text("severity", word(finding.severity));
    set_text("rule", finding.rule);
    set_text("path", finding.path);
    set_text("message", finding.message);
    set_text("hint", finding.hint);
    list.PushBack(one, pool);
  }
  json::set(document, "format_version", json::string("1.0", pool), pool);
  json::set(document, "valid", json::Value(!has_errors(findings)), pool);
  json::set(document, "files", json::Value(static_cast<std::uint64_t>(files)), pool);
  json::set(document, "enrollments", json::Value(static_cast<std::uint64_t>(enrollments)), pool);
  json::set(document, "findings", std::move(list), pool);
  return document;
}

void error_text(Error const& error, Style style, std::ostream& out) {
  fmt::print(out, "{} {}\n", paint("error:", Ink::bad, style), text::printable(describe(error)));
  if (!error.next.empty()) fmt::print(out, "  next: {}\n", text::printable(error.next));
}

}  // namespace cpsctl::report

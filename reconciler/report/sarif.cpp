#include "base/text.hpp"
#include "report/findings.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::report {
namespace {

constexpr char const* from_stdin = "-";

char const* level(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

json::Value object() {
  return json::Value(rapidjson::kObjectType);
}

/// A line, printable, and without what SARIF would read as a link.
std::string plain_line(std::string_view text) {
  std::string shown = text::printable(text);
  for (auto at = shown.find("]("); at != std::string::npos; at = shown.find("](", at + 3)) shown.insert(at, "\\");
  return shown;
}

/// A path as a URI reference (RFC 3986); a colon would make its first part a scheme.
std::string uri(std::string_view path) {
  std::string text = path.starts_with('/') ? "file://" : "";
  for (char const c : path) {
    bool const unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '.' || c == '_' || c == '~' || c == '/';
    text += unreserved ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return text;
}

json::Value rule_value(RuleText const& rule, json::Pool& pool) {
  json::Value value = object();
  json::Value configuration = object();
  json::set(configuration, "level", json::string(level(rule.severity), pool), pool);
  json::set(value, "id", json::string(rule.id, pool), pool);
  json::set(value, "shortDescription", sarif_message(rule.demands, "", pool), pool);
  json::set(value, "help", sarif_message(fmt::format("{} All rules: cpsctl help rules.", rule.demands), "", pool),
            pool);
  json::set(value, "defaultConfiguration", std::move(configuration), pool);
  return value;
}

/// Where the finding is: file, place in it, and the field's path.
json::Value location(Finding const& finding, Surroundings const& around, SourceLines& lines, json::Pool& pool) {
  std::string const& file = finding.mark.file;
  json::Value artifact = object();
  json::set(artifact, "uri",
            json::string(uri(around.path_in_repository ? around.path_in_repository(file) : file), pool), pool);
  json::Value place = object();
  json::set(place, "artifactLocation", std::move(artifact), pool);
  if (finding.mark.line > 0) {
    json::Value region = object();
    json::set(region, "startLine", json::Value(finding.mark.line), pool);
    json::set(region, "startColumn", json::Value(std::max(lines.character(finding.mark), 1)), pool);
    json::set(place, "region", std::move(region), pool);
  }
  json::Value value = object();
  json::set(value, "physicalLocation", std::move(place), pool);
  if (!finding.path.empty()) {
    json::Value field = object();
    json::set(field, "fullyQualifiedName", json::string(text::printable(finding.path), pool), pool);
    json::Value fields(rapidjson::kArrayType);
    fields.PushBack(field, pool);
    json::set(value, "logicalLocations", std::move(fields), pool);
  }
  return value;
}

json::Value result(Finding const& finding, Surroundings const& around, SourceLines& lines, json::Pool& pool) {
  json::Value value = object();
  auto const rule = std::ranges::find(around.rules, std::string_view(finding.rule), &RuleText::id);
  if (!finding.rule.empty()) json::set(value, "ruleId", json::string(text::printable(finding.rule), pool), pool);
  if (rule != around.rules.end())
    json::set(value, "ruleIndex", json::Value(static_cast<std::int64_t>(rule - around.rules.begin())), pool);
  json::set(value, "level", json::string(level(finding.severity), pool), pool);
  std::string words = finding.path.empty() ? finding.message : fmt::format("{}: {}", finding.path, finding.message);
  if (!finding.hint.empty()) words += "; " + finding.hint;
  json::set(value, "message", sarif_message(words, "", pool), pool);
  json::Value locations(rapidjson::kArrayType);
  if (finding.mark.file != from_stdin && !finding.mark.file.empty())
    locations.PushBack(location(finding, around, lines, pool), pool);
  json::set(value, "locations", std::move(locations), pool);
  return value;
}

}  // namespace

json::Value sarif_message(std::string_view text, std::string_view next, json::Pool& pool) {
  json::Value value = object();
  std::string words = plain_line(text);
  if (!next.empty()) words += "\nnext: " + plain_line(next);
  json::set(value, "text", json::string(words, pool), pool);
  return value;
}

json::Document sarif_run(Surroundings const& around, bool successful) {
  json::Document document(rapidjson::kObjectType);
  auto& pool = document.GetAllocator();
  json::Value rules(rapidjson::kArrayType);
  for (RuleText const& rule : around.rules) rules.PushBack(rule_value(rule, pool), pool);
  json::Value driver = object();
  json::set(driver, "name", json::string("cpsctl", pool), pool);
  json::set(driver, "semanticVersion", json::string(around.version, pool), pool);
  json::set(driver, "rules", std::move(rules), pool);
  json::Value tool = object();
  json::set(tool, "driver", std::move(driver), pool);
  json::Value invocation = object();
  json::set(invocation, "executionSuccessful", json::Value(successful), pool);
  json::Value invocations(rapidjson::kArrayType);
  invocations.PushBack(invocation, pool);
  json::Value run = object();
  json::set(run, "tool", std::move(tool), pool);
  json::set(run, "columnKind", json::string("unicodeCodePoints", pool), pool);
  json::set(run, "invocations", std::move(invocations), pool);
  json::set(run, "results", json::Value(rapidjson::kArrayType), pool);
  json::Value runs(rapidjson::kArrayType);
  runs.PushBack(run, pool);
  json::set(document, "$schema", json::string("https://json.schemastore.org/sarif-2.1.0.json", pool), pool);
  json::set(document, "version", json::string("2.1.0", pool), pool);
  json::set(document, "runs", std::move(runs), pool);
  return document;
}

json::Document findings_sarif(std::span<Finding const> findings, Surroundings const& around) {
  json::Document document = sarif_run(around, true);
  auto& pool = document.GetAllocator();
  SourceLines lines(around.source);
  json::Value& results = *json::find((*json::find(document, "runs"))[0], "results");
  for (Finding const& finding : findings) results.PushBack(result(finding, around, lines, pool), pool);
  return document;
}

}  // namespace cpsctl::report

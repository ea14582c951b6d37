#include "report/result.hpp"

#include "base/fields.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"
#include "report/paint.hpp"
#include "report/wording.hpp"

#include <map>

#include <fmt/ranges.h>

namespace cpsctl::report {
namespace {

/// What became of a row, behind its name.
std::string after(ResultRow const& row) {
  std::vector<std::string> facts = facts_of(row);
  if (!row.message.empty()) facts.push_back(text::printable(row.message));
  return facts.empty() ? outcome_of(row) : fmt::format("{}: {}", outcome_of(row), fmt::join(facts, ", "));
}

std::map<std::string, std::size_t> counted_outcomes(std::vector<ResultRow> const& rows) {
  std::map<std::string, std::size_t> counts;
  for (ResultRow const& row : rows) ++counts[row.outcome == "done" ? row.action : row.outcome];
  return counts;
}

}  // namespace

void progress_line(ResultRow const& row, Style const& style, std::ostream& out) {
  Sign const sign = sign_of(row);
  screen::line(out, "{} {} {}", paint(sign.symbol, sign.ink, style), row.name, after(row));
}

void result_text(std::vector<ResultRow> const& rows, ResultFacts const& facts, Style const& style, std::ostream& out) {
  for (ResultRow const& row : rows) {
    if (row.outcome == "done") continue;
    if (facts.plan_above && row.in_plan) {
      Sign const sign = sign_of(row);
      screen::line(out, "{} {} {}: see the plan above", paint(sign.symbol, sign.ink, style), row.name, outcome_of(row));
      continue;
    }
    progress_line(row, style, out);
    if (!row.next.empty()) screen::line(out, "    next: {}", text::printable(next_step(row.next, style)));
  }
  screen::line(out, "{} {} ({}).", paint(facts.title + ":", Ink::strong, style), counts(rows), cost_words(facts));
}

json::Document result_document(std::vector<ResultRow> const& rows, ResultFacts const& facts) {
  json::Document document(rapidjson::kObjectType);
  auto& pool = document.GetAllocator();
  json::Value items(rapidjson::kArrayType);
  for (ResultRow const& row : rows) {
    json::Value one(rapidjson::kObjectType);
    json::set(one, "name", json::string(row.name, pool), pool);
    json::set(one, "action", json::string(row.action, pool), pool);
    json::set(one, "outcome", json::string(row.outcome, pool), pool);
    json::set(one, "id", row.id == 0 ? json::Value() : json::Value(row.id), pool);
    json::set(one, "changes", fields::to_json(row.changes, pool), pool);
    json::set(one, "message", json::string(row.message, pool), pool);
    json::set(one, "next", json::string(row.next, pool), pool);
    items.PushBack(one, pool);
  }
  json::Value summary(rapidjson::kObjectType);
  for (auto const& [outcome, count] : counted_outcomes(rows))
    json::set(summary, outcome, json::Value(static_cast<std::uint64_t>(count)), pool);
  json::set(document, "format_version", json::string("1.0", pool), pool);
  json::set(document, "realm", json::string(facts.realm, pool), pool);
  json::set(document, "items", std::move(items), pool);
  json::set(document, "summary", std::move(summary), pool);
  json::set(document, "requests", json::Value(static_cast<std::uint64_t>(facts.requests)), pool);
  json::set(document, "throttles", json::Value(static_cast<std::uint64_t>(facts.throttles)), pool);
  json::set(document, "retries", json::Value(static_cast<std::uint64_t>(facts.retries)), pool);
  auto const waited = std::chrono::duration<double>(facts.waited).count();
  json::set(document, "waitedSeconds", json::Value(waited), pool);
  json::set(document, "stopped", json::Value(facts.stopped), pool);
  json::Value error;
  if (facts.error) {
    error.SetObject();
    json::set(error, "message", json::string(describe(*facts.error), pool), pool);
    json::set(error, "next", json::string(facts.error->next, pool), pool);
  }
  json::set(document, "error", std::move(error), pool);
  return document;
}

}  // namespace cpsctl::report

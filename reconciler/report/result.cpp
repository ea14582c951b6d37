#include "report/result.hpp"

#include "base/fields.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"
#include "report/paint.hpp"
#include "report/wording.hpp"

#include <map>

#include <fmt/ranges.h>

namespace cpsctl::report {

using plan::Outcome;

namespace {

/// What became of a row, behind its name.
std::string after(ResultRow const& row) {
  std::vector<std::string> facts = facts_of(row);
  if (!row.message.empty()) facts.push_back(text::printable(row.message));
  return facts.empty() ? outcome_of(row) : fmt::format("{}: {}", outcome_of(row), fmt::join(facts, ", "));
}

std::map<std::string, std::size_t> counted_outcomes(std::vector<ResultRow> const& rows) {
  std::map<std::string, std::size_t> counts;
  for (ResultRow const& row : rows)
    ++counts[row.outcome == Outcome::done ? fields::word(row.action) : fields::word(row.outcome)];
  return counts;
}

}  // namespace

void progress_line(ResultRow const& row, Style const& style, std::ostream& out) {
  Sign const sign = sign_of(row);
  screen::line(out, "{} {} {}", paint(sign.symbol, sign.ink, style), row.name, after(row));
}

void result_text(std::vector<ResultRow> const& rows, ResultFacts const& facts, Style const& style, std::ostream& out) {
  for (ResultRow const& row : rows) {
    if (row.outcome == Outcome::done) continue;
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

namespace {

/// How the document is made; schemas/result.v1.schema.json describes it.
struct Broken {
  std::string message = {};
  std::string next = {};
};
BOOST_DESCRIBE_STRUCT(Broken, (), (message, next))
struct ResultDocument {
  std::string realm = {};
  std::vector<ResultRow> items = {};
  std::map<std::string, std::size_t> summary = {};
  std::size_t requests = 0;
  std::size_t throttles = 0;
  std::size_t retries = 0;
  double waited_seconds = 0;
  bool stopped = false;
  std::optional<Broken> error = {};
};
BOOST_DESCRIBE_STRUCT(ResultDocument, (),
                      (realm, items, summary, requests, throttles, retries, waited_seconds, stopped, error))

}  // namespace

json::Document result_document(std::vector<ResultRow> const& rows, ResultFacts const& facts) {
  ResultDocument result{.realm = facts.realm,
                        .items = rows,
                        .summary = counted_outcomes(rows),
                        .requests = facts.requests,
                        .throttles = facts.throttles,
                        .retries = facts.retries,
                        .waited_seconds = std::chrono::duration<double>(facts.waited).count(),
                        .stopped = facts.stopped};
  if (facts.error) result.error = Broken{.message = describe(*facts.error), .next = facts.error->next};
  json::Document document = fields::versioned(result);
  for (json::Value& item : json::find(document, "items")->GetArray())
    if (json::Value* const id = json::find(item, "id"); id->GetInt64() == 0) id->SetNull();
  return document;
}

}  // namespace cpsctl::report

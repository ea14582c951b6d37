#include "report/markdown.hpp"
#include "report/mask.hpp"
#include "report/wording.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::report {
namespace {

using markdown::code;
using markdown::prose;
using plan::Outcome;

/// In the order in which they matter.
constexpr std::array sections{Outcome::failed,  Outcome::doubt,     Outcome::stale,   Outcome::blocked, Outcome::due,
                              Outcome::waiting, Outcome::under_way, Outcome::skipped, Outcome::done};

/// What follows is said where the outcome's word does not say it.
std::string title_of(Outcome outcome) {
  std::string title = outcome_words(outcome);
  if (outcome == Outcome::waiting) title += ", a later run goes on";
  if (outcome == Outcome::under_way) title += " at CPS";
  return title;
}

std::string row_of(ResultRow const& whole, plan::ByKey const& items) {
  ResultRow const row = masked(whole, items.find(whole.key()));
  std::vector<std::string> facts{prose(outcome_of(row))};
  for (std::string const& fact : facts_of(row)) facts.push_back(prose(fact));
  std::string text = fmt::format("- `{}` **{}** · {}", sign_of(row).symbol, code(row.name), fmt::join(facts, " · "));
  if (!row.message.empty()) text += "\n  because: " + prose(row.message);
  if (!row.next.empty()) text += "\n  next: " + prose(row.next);
  return text;
}

}  // namespace

std::string result_markdown(std::vector<ResultRow> const& rows, ResultFacts const& facts, plan::PlanView const& plan) {
  plan::ByKey const items(plan);
  std::map<Outcome, std::vector<ResultRow const*>> sorted;
  for (ResultRow const& row : rows) sorted[row.outcome].push_back(&row);
  markdown::Comment comment{
      .marker = marker("apply"),
      .head = fmt::format("### cpsctl apply: {}{}{}", counts(rows),
                          facts.stopped ? "\n\n**Stopped before everything was tried; run it again to go on.**" : "",
                          facts.error ? fmt::format("\n\n**{}**", prose(describe(*facts.error))) : ""),
      .foot = fmt::format("Realm {}. {}.", code(facts.realm), cost_words(facts)),
      .whole = "This is shortened to fit a comment; `cpsctl apply -o json` tells everything."};
  for (Outcome const outcome : sections) {
    auto const& mine = sorted[outcome];
    comment.sections.push_back({.title = fmt::format("{} {}", mine.size(), title_of(outcome)),
                                .first_look = outcome != Outcome::done,
                                .size = mine.size(),
                                .row = [&mine, &items](std::size_t at) { return row_of(*mine[at], items); }});
  }
  return markdown::compose(comment);
}

}  // namespace cpsctl::report

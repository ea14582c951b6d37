#include "report/markdown.hpp"
#include "report/mask.hpp"
#include "report/wording.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::report {
namespace {

using markdown::code;
using markdown::prose;
using plan::Outcome;

struct Part {
  Outcome outcome;
  char const* title;
};
constexpr std::array parts{Part{Outcome::failed, "failed"},
                           Part{Outcome::doubt, "in doubt"},
                           Part{Outcome::stale, "moved since the plan"},
                           Part{Outcome::blocked, "blocked"},
                           Part{Outcome::waiting, "waiting, a later run goes on"},
                           Part{Outcome::under_way, "under way at CPS"},
                           Part{Outcome::skipped, "not done"},
                           Part{Outcome::done, "done"}};

std::string row_of(ResultRow const& whole, plan::ByName const& items) {
  ResultRow const row = masked(whole, items.find(whole.name));
  std::vector<std::string> facts{prose(outcome_of(row))};
  for (std::string const& fact : facts_of(row)) facts.push_back(prose(fact));
  std::string text = fmt::format("- `{}` **{}** · {}", sign_of(row).symbol, code(row.name), fmt::join(facts, " · "));
  if (!row.message.empty()) text += "\n  because: " + prose(row.message);
  if (!row.next.empty()) text += "\n  next: " + prose(row.next);
  return text;
}

}  // namespace

std::string result_markdown(std::vector<ResultRow> const& rows, ResultFacts const& facts, plan::PlanView const& plan) {
  plan::ByName const items(plan);
  std::array<std::vector<ResultRow const*>, parts.size()> sorted;
  for (ResultRow const& row : rows) {
    auto const part = std::ranges::find(parts, row.outcome, &Part::outcome);
    sorted.at(part == parts.end() ? 0 : static_cast<std::size_t>(part - parts.begin())).push_back(&row);
  }
  markdown::Comment comment{
      .marker = marker("apply"),
      .head = fmt::format("### cpsctl apply: {}{}{}", counts(rows),
                          facts.stopped ? "\n\n**Stopped before everything was tried; run it again to go on.**" : "",
                          facts.error ? fmt::format("\n\n**{}**", prose(describe(*facts.error))) : ""),
      .foot = fmt::format("Realm {}. {}.", code(facts.realm), cost_words(facts)),
      .whole = "This is shortened to fit a comment; `cpsctl apply -o json` tells everything."};
  for (std::size_t i = 0; i < parts.size(); ++i)
    comment.sections.push_back(
        {.title = fmt::format("{} {}", sorted[i].size(), parts[i].title),
         .first_look = parts[i].outcome != Outcome::done,
         .size = sorted[i].size(),
         .row = [&mine = sorted[i], &items](std::size_t at) { return row_of(*mine[at], items); }});
  return markdown::compose(comment);
}

}  // namespace cpsctl::report

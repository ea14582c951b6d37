#include "report/junit.hpp"

#include "base/fields.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"
#include "report/mask.hpp"
#include "report/wording.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::report {
namespace junit {
namespace {

/// U+FFFE and U+FFFF are well-formed UTF-8, but no characters of XML.
bool is_noncharacter(std::string_view rest) {
  return rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF");
}

/// On one line: XML makes a space of a line break in an attribute.
std::string attribute(std::string_view text) {
  return escaped(text::printable(text));
}

std::string case_text(std::string const& suite, std::string const& name, Case const& one) {
  std::string const open = fmt::format("    <testcase classname=\"{}\" name=\"{}\"", attribute(suite), attribute(name));
  std::string const attributes =
      fmt::format(" message=\"{}\" type=\"{}\"", attribute(one.message), attribute(one.kind));
  switch (one.verdict) {
    case Verdict::passed:
      if (one.text.empty()) return open + "/>\n";
      return fmt::format("{}><system-out>{}</system-out></testcase>\n", open, escaped(one.text));
    case Verdict::skipped:
      return fmt::format("{}><skipped message=\"{}\"/></testcase>\n", open, attribute(one.message));
    case Verdict::failed:
      return fmt::format("{}><failure{}>{}</failure></testcase>\n", open, attributes, escaped(one.text));
    case Verdict::error: return fmt::format("{}><error{}>{}</error></testcase>\n", open, attributes, escaped(one.text));
  }
  return {};
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string xml;
  std::string const lines = [text] {
    std::vector<std::string> printable;
    for (std::string_view const line : text::split(text, '\n'))
      printable.push_back(screen::inert(text::printable(line)));
    return fmt::format("{}", fmt::join(printable, "\n"));
  }();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    switch (lines[i]) {
      case '&': xml += "&amp;"; break;
      case '<': xml += "&lt;"; break;
      case '>': xml += "&gt;"; break;
      case '"': xml += "&quot;"; break;
      default:
        if (is_noncharacter(std::string_view(lines).substr(i))) {
          xml += "\xEF\xBF\xBD";
          i += 2;
        } else {
          xml += lines[i];
        }
    }
  }
  return xml;
}

std::string document(std::string_view command, std::vector<Case> const& cases) {
  auto const count = [&](Verdict verdict) { return std::ranges::count(cases, verdict, &Case::verdict); };
  std::string const suite = fmt::format("cpsctl {}", command);
  std::string const totals =
      fmt::format("name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"", attribute(suite),
                  cases.size(), count(Verdict::failed), count(Verdict::error), count(Verdict::skipped));
  std::string xml =
      fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {0}>\n  <testsuite {0}>\n", totals);
  std::map<std::string, int> seen;
  for (Case const& one : cases) {
    int const number = ++seen[one.name];
    xml += case_text(suite, number == 1 ? one.name : fmt::format("{} ({})", one.name, number), one);
  }
  return xml + "  </testsuite>\n</testsuites>\n";
}

}  // namespace junit

namespace {

using junit::Case;
using junit::Verdict;

std::string lines(std::vector<std::string> const& all) {
  return fmt::format("{}", fmt::join(all, "\n"));
}

Case case_of(plan::ItemView const& item, plan::PlanView const& plan) {
  bool const blocked = item.action == plan::Action::blocked;
  std::vector<std::string> said{
      fmt::format("{} {}: {}", sign_of(item).symbol, item.name, fmt::join(facts_of(item, plan), " · "))};
  for (ChangeLine const& line : change_lines(item.changes))
    said.push_back(fmt::format("{} {}  {}  ({})", line.sign.symbol, line.field, line.value, line.effect));
  for (OrderLine const& line : order_of(item))
    said.push_back(fmt::format("{}: {}", line.what, fmt::join(line.values, ", ")));
  if (!item.reason.empty()) said.push_back(held_word(item) + item.reason);
  if (!item.next.empty()) said.push_back("next: " + item.next);
  for (std::string const& step : item.steps) said.push_back(step);
  for (std::string const& note : notes_of(item)) said.push_back(note);
  return {.name = item.name,
          .verdict = !blocked     ? Verdict::passed
                     : item.waits ? Verdict::skipped
                                  : Verdict::failed,
          .kind = blocked ? "blocked" : "",
          .message = blocked ? item.reason : "",
          .text = lines(said)};
}

Verdict verdict_of(ResultRow const& row) {
  using plan::Outcome;
  if (row.outcome == Outcome::done || row.outcome == Outcome::under_way || row.outcome == Outcome::due)
    return Verdict::passed;
  bool const later = row.outcome == Outcome::skipped || row.outcome == Outcome::waiting;
  return later ? Verdict::skipped : Verdict::failed;
}

/// A suite without a case is taken for a run that never was.
void add_unchanged(std::vector<Case>& cases, std::int64_t unchanged) {
  if (cases.empty() || unchanged > 0)
    cases.push_back({.name = "unchanged enrollments", .text = std::to_string(unchanged)});
}

}  // namespace

std::string plan_junit(plan::PlanView const& plan) {
  std::vector<Case> cases;
  cases.reserve(plan.items.size());
  for (plan::ItemView const& item : plan.items) cases.push_back(case_of(masked(item), plan));
  add_unchanged(cases, plan.summary.unchanged);
  return junit::document("plan", cases);
}

std::string result_junit(std::vector<ResultRow> const& rows, ResultFacts const& facts, plan::PlanView const& plan) {
  std::vector<Case> cases;
  plan::ByKey const items(plan);
  for (ResultRow const& whole : rows) {
    ResultRow const row = masked(whole, items.find(whole.key()));
    std::vector<std::string> said{fmt::format("{} {} {}", sign_of(row).symbol, row.name, outcome_of(row))};
    for (std::string const& fact : facts_of(row)) said.push_back(fact);
    if (!row.message.empty()) said.push_back(row.message);
    if (!row.next.empty()) said.push_back("next: " + row.next);
    cases.push_back({.name = row.name,
                     .verdict = verdict_of(row),
                     .kind = verdict_of(row) == Verdict::passed ? "" : fields::word(row.outcome),
                     .message = row.message,
                     .text = lines(said)});
  }
  if (facts.error)
    cases.push_back({.name = "the run as a whole",
                     .verdict = Verdict::failed,
                     .kind = "broken",
                     .message = describe(*facts.error),
                     .text = facts.error->next.empty() ? "" : "next: " + facts.error->next});
  add_unchanged(cases, plan.summary.unchanged);
  return junit::document("apply", cases);
}

}  // namespace cpsctl::report

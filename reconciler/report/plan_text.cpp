#include "base/screen.hpp"
#include "base/text.hpp"
#include "plan/document.hpp"
#include "report/paint.hpp"
#include "report/report.hpp"
#include "report/wording.hpp"

#include <algorithm>

#include <fmt/ranges.h>

namespace cpsctl::report {
namespace {

/// More names than this that one change adds, or takes away, are counted in one line, and written one after another
/// below it: none is hidden, and what else the plan says is not lost among them.
constexpr std::size_t most_lines = 12;
constexpr std::size_t text_width = 100;

struct ChangeRow {
  ChangeLine line;
  std::vector<std::string> names = {};
};

std::vector<ChangeRow> change_rows(std::vector<ChangeLine> const& lines) {
  std::vector<ChangeRow> rows;
  for (auto first = lines.begin(); first != lines.end();) {
    std::string_view const symbol = first->sign.symbol;
    auto const other = [&](ChangeLine const& line) {
      return symbol == "~" || line.sign.symbol != symbol || line.field != first->field || line.effect != first->effect;
    };
    auto const end = std::find_if(first + 1, lines.end(), other);
    auto const count = static_cast<std::size_t>(end - first);
    if (count <= most_lines) {
      for (; first != end; ++first) rows.push_back({.line = *first});
      continue;
    }
    ChangeRow row{.line = *first};
    row.line.value = fmt::format("{} {}", count, symbol == "+" ? "added" : "removed");
    for (; first != end; ++first) row.names.push_back(first->value);
    rows.push_back(std::move(row));
  }
  return rows;
}

void names_text(std::vector<std::string> const& names, std::ostream& out) {
  std::string row;
  for (std::string const& name : names) {
    if (!row.empty() && columns(row) + columns(name) > text_width) {
      screen::line(out, "        {},", row);
      row.clear();
    }
    row += (row.empty() ? "" : ", ") + name;
  }
  if (!row.empty()) screen::line(out, "        {}", row);
}

void changes_text(std::vector<diff::Change> const& changes, Style const& style, std::ostream& out) {
  std::vector<ChangeRow> const rows = change_rows(change_lines(changes));
  std::size_t field = 0;
  std::size_t value = 0;
  for (ChangeRow const& row : rows) {
    field = std::max(field, columns(row.line.field));
    value = std::max(value, std::min<std::size_t>(columns(row.line.value), 48));
  }
  for (auto const& [line, names] : rows) {
    screen::line(out, "    {} {}  {}  {}", paint(line.sign.symbol, line.sign.ink, style), padded(line.field, field),
                 padded(line.value, value), paint(line.effect, Ink::faint, style));
    names_text(names, out);
  }
}

std::string headline(plan::ItemView const& item, plan::PlanView const& plan) {
  return text::printable(fmt::format("{}", fmt::join(facts_of(item, plan), " · ")));
}

void item_text(plan::ItemView const& item, plan::PlanView const& plan, std::size_t width, Style const& style,
               std::ostream& out) {
  Sign const sign = sign_of(item);
  screen::line(out, "{} {}  {}", paint(sign.symbol, sign.ink, style),
               paint(padded(item.name, width), Ink::strong, style), paint(headline(item, plan), Ink::faint, style));
  changes_text(item.changes, style, out);
  for (OrderLine const& line : order_of(item))
    screen::line(out, "    {}: {}", line.what, fmt::format("{}", fmt::join(line.values, ", ")));
  if (!item.reason.empty())
    screen::line(out, "    {}{}", paint(held_word(item), Ink::bad, style), text::printable(item.reason));
  if (!item.next.empty()) screen::line(out, "    next: {}", text::printable(next_step(item.next, style)));
  for (std::string const& step : telling_steps(item))
    screen::line(out, "    {}", paint(text::printable(step), Ink::faint, style));
  for (std::string const& note : notes_of(item))
    screen::line(out, "    {}", paint(text::printable(note), Ink::faint, style));
}

void items_text(plan::PlanView const& plan, Style const& style, std::ostream& out) {
  std::size_t width = 0;
  for (plan::ItemView const& item : plan.items) width = std::max(width, std::min<std::size_t>(item.name.size(), 40));
  for (plan::ItemView const& item : plan.items) item_text(item, plan, width, style, out);
  if (!plan.items.empty()) screen::line(out, "");
}

void whom_text(plan::PlanView const& plan, Cost const& cost, std::ostream& out) {
  if (std::string const whom = whom_words(plan, cost); !whom.empty())
    screen::line(out, "For: {}.", text::printable(whom));
}

}  // namespace

void by_hand_text(plan::PlanView const& plan, Cost const& cost, Style const& style, std::ostream& out) {
  items_text(plan, style, out);
  whom_text(plan, cost, out);
  screen::line(out, "Cost: {}.", cost_words(cost));
}

void plan_text(plan::PlanView const& plan, Cost const& cost, Style const& style, std::ostream& out) {
  items_text(plan, style, out);
  screen::line(out, "{} {}.", paint(quiet(plan) ? "No changes:" : "Plan:", Ink::strong, style), counts(plan.summary));
  if (cost.outside > 0) {
    screen::line(out, "The state has {} from manifests outside the paths of this run ({}), such as {}.",
                 text::counted(cost.outside, "enrollment"), fmt::format("{}", fmt::join(plan.paths, ", ")),
                 cost.outside_example);
    screen::line(out, "  next: add their path; without a PATH the project's manifests are read, else ./manifests");
  }
  if (std::string const partial = partial_words(plan); !partial.empty())
    screen::line(out, "{} {}.", paint("Partial:", Ink::warn, style), text::printable(partial));
  if (!plan.settings.empty())
    screen::line(out, "{} {}.", paint("Settings:", Ink::warn, style),
                 text::printable(fmt::format("{}", fmt::join(plan.settings, ", "))));
  whom_text(plan, cost, out);
  if (plan.changes()) screen::line(out, "Digest: {}", plan::digest(plan));
  if (cost.used > 0) screen::line(out, "Cost: {}.", cost_words(cost));
}

}  // namespace cpsctl::report

#include "base/text.hpp"
#include "plan/document.hpp"
#include "report/paint.hpp"
#include "report/report.hpp"
#include "report/wording.hpp"

#include <algorithm>

#include <fmt/ostream.h>
#include <fmt/ranges.h>

namespace cpsctl::report {
namespace {

void changes_text(std::vector<diff::Change> const& changes, Style style, std::ostream& out) {
  std::vector<ChangeLine> const lines = change_lines(changes);
  std::size_t field = 0;
  std::size_t value = 0;
  for (ChangeLine const& line : lines) {
    field = std::max(field, columns(line.field));
    value = std::max(value, std::min<std::size_t>(columns(line.value), 48));
  }
  for (ChangeLine const& line : lines)
    fmt::print(out, "    {} {}  {}  {}\n", paint(line.sign.symbol, line.sign.ink, style), padded(line.field, field),
               padded(line.value, value), paint(line.effect, Ink::faint, style));
}

std::string headline(plan::Item const& item) {
  return text::printable(fmt::format("{}", fmt::join(facts_of(item), " · ")));
}

void item_text(plan::Item const& item, std::size_t width, Style style, std::ostream& out) {
  Sign const sign = sign_of(item);
  fmt::print(out, "{} {}  {}\n", paint(sign.symbol, sign.ink, style),
             paint(padded(item.name, width), Ink::strong, style), paint(headline(item), Ink::faint, style));
  changes_text(item.changes, style, out);
  bool const blocked = item.action == plan::Action::blocked;
  if (!item.reason.empty())
    fmt::print(out, "    {}{}\n", blocked ? paint("blocked: ", Ink::bad, style) : "", text::printable(item.reason));
  if (!item.next.empty()) fmt::print(out, "    next: {}\n", text::printable(item.next));
  for (std::string const& step : telling_steps(item))
    fmt::print(out, "    {}\n", paint(text::printable(step), Ink::faint, style));
  for (std::string const& note : item.notes)
    fmt::print(out, "    {}\n", paint(text::printable(note), Ink::faint, style));
}

}  // namespace

void plan_text(plan::Plan const& plan, Cost const& cost, Style style, std::ostream& out) {
  std::size_t width = 0;
  for (plan::Item const& item : plan.items) width = std::max(width, std::min<std::size_t>(item.name.size(), 40));
  for (plan::Item const& item : plan.items) item_text(item, width, style, out);
  if (!plan.items.empty()) fmt::print(out, "\n");
  fmt::print(out, "{} {}.\n", paint(quiet(plan) ? "No changes:" : "Plan:", Ink::strong, style), counts(plan.summary));
  if (std::string const partial = partial_words(plan); !partial.empty())
    fmt::print(out, "{} {}.\n", paint("Partial:", Ink::warn, style), text::printable(partial));
  if (plan.changes()) fmt::print(out, "Digest: {}\n", plan::digest(plan));
  if (cost.used > 0) fmt::print(out, "Cost: {}.\n", cost_words(cost));
}

}  // namespace cpsctl::report

#include "base/text.hpp"
#include "report/paint.hpp"
#include "report/report.hpp"

#include <algorithm>

#include <fmt/ostream.h>
#include <fmt/ranges.h>

namespace cpsctl::report {
namespace {

constexpr std::size_t longest_value = 60;

struct Mark {
  char const* symbol;
  Ink ink;
};

Mark mark_of(plan::Item const& item) {
  switch (item.action) {
    case plan::Action::create: return {"+", Ink::good};
    case plan::Action::update: return {"~", Ink::change};
    case plan::Action::adopt: return {"=", Ink::good};
    case plan::Action::advance: return {"?", Ink::warn};
    case plan::Action::delete_: return {"-", Ink::bad};
    case plan::Action::orphan:
    case plan::Action::forget: return {"-", Ink::faint};
    case plan::Action::blocked: return {"!", Ink::bad};
    case plan::Action::none: return {" ", Ink::faint};
  }
  return {" ", Ink::plain};
}

char const* words_for(schema::Effect effect) {
  switch (effect) {
    case schema::Effect::metadata: return "stored, no deployment";
    case schema::Effect::deployment: return "deployment, same certificate";
    case schema::Effect::certificate: return "issues a new certificate";
    case schema::Effect::immutable: return "cannot be changed in place";
  }
  return "";
}

std::string shown(json::Ref const& value) {
  return value ? text::shortened(text::printable(json::compact(*value)), longest_value) : std::string("(not set)");
}

struct Line {
  char const* symbol;
  Ink ink;
  std::string field;
  std::string value;
  std::string effect;
};

/// A set shows what comes and what goes, a line each; any other field its two values.
std::vector<Line> lines_of(std::vector<diff::Change> const& changes) {
  std::vector<Line> lines;
  for (diff::Change const& change : changes) {
    std::string const field = text::printable(json::dotted(change.pointer));
    char const* const effect = words_for(change.effect);
    if (!change.set) {
      lines.push_back(
          {"~", Ink::change, field, fmt::format("{} → {}", shown(change.live), shown(change.desired)), effect});
      continue;
    }
    for (std::string const& name : change.added)
      lines.push_back({"+", Ink::good, field, text::printable(name), effect});
    for (std::string const& name : change.removed)
      lines.push_back({"-", Ink::bad, field, text::printable(name), effect});
  }
  return lines;
}

void changes_text(std::vector<diff::Change> const& changes, Style style, std::ostream& out) {
  std::vector<Line> const lines = lines_of(changes);
  std::size_t field = 0;
  std::size_t value = 0;
  for (Line const& line : lines) {
    field = std::max(field, columns(line.field));
    value = std::max(value, std::min<std::size_t>(columns(line.value), 48));
  }
  for (Line const& line : lines)
    fmt::print(out, "    {} {}  {}  {}\n", paint(line.symbol, line.ink, style), padded(line.field, field),
               padded(line.value, value), paint(line.effect, Ink::faint, style));
}

std::string headline(plan::Item const& item) {
  std::vector<std::string> facts;
  if (item.id != 0) facts.push_back(fmt::format("id {}", item.id));
  facts.push_back("contract " + item.contract);
  if (!item.validation_type.empty()) facts.push_back(item.validation_type);
  if (!item.common_name.empty()) facts.push_back(item.common_name);
  if (item.state_only) facts.emplace_back("nothing is sent");
  return text::printable(fmt::format("{}", fmt::join(facts, " · ")));
}

void item_text(plan::Item const& item, std::size_t width, Style style, std::ostream& out) {
  Mark const mark = mark_of(item);
  fmt::print(out, "{} {}  {}\n", paint(mark.symbol, mark.ink, style),
             paint(padded(item.name, width), Ink::strong, style), paint(headline(item), Ink::faint, style));
  changes_text(item.changes, style, out);
  bool const blocked = item.action == plan::Action::blocked;
  if (!item.reason.empty())
    fmt::print(out, "    {}{}\n", blocked ? paint("blocked: ", Ink::bad, style) : "", text::printable(item.reason));
  if (blocked && !item.next.empty()) fmt::print(out, "    next: {}\n", text::printable(item.next));
  if (item.steps.size() > 1)
    for (std::string const& step : item.steps) fmt::print(out, "    {}\n", paint(step, Ink::faint, style));
  for (std::string const& note : item.notes)
    fmt::print(out, "    {}\n", paint(text::printable(note), Ink::faint, style));
}

std::string counts(plan::Summary const& summary) {
  std::vector<std::string> parts;
  auto const add = [&](std::int64_t count, char const* words) {
    if (count != 0) parts.push_back(fmt::format("{} {}", count, words));
  };
  add(summary.create, "to create");
  add(summary.update, "to update");
  add(summary.adopt, "to adopt");
  add(summary.delete_, "to delete");
  add(summary.advance, "waiting for you");
  add(summary.orphan + summary.forget, "no longer managed");
  add(summary.blocked, "blocked");
  add(summary.unchanged, "unchanged");
  return parts.empty() ? "nothing is managed" : fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

void plan_text(plan::Plan const& plan, Cost const& cost, Style style, std::ostream& out) {
  std::size_t width = 0;
  for (plan::Item const& item : plan.items) width = std::max(width, std::min<std::size_t>(item.name.size(), 40));
  for (plan::Item const& item : plan.items) item_text(item, width, style, out);
  if (!plan.items.empty()) fmt::print(out, "\n");
  bool const nothing = !plan.work() && plan.summary.blocked == 0;
  fmt::print(out, "{} {}.\n", paint(nothing ? "No changes:" : "Plan:", Ink::strong, style), counts(plan.summary));
  std::string more;
  if (cost.to_apply > 0) {
    more = fmt::format("; {} more to apply", cost.to_apply);
    if (cost.estimate && *cost.estimate > Duration{})
      more += fmt::format(" (at least {} at {})", duration_text(*cost.estimate), cost.limit);
  }
  fmt::print(out, "Cost: {} used{}.\n", text::counted(cost.used, "request"), more);
}

}  // namespace cpsctl::report

#include "base/text.hpp"
#include "plan/document.hpp"
#include "report/markdown.hpp"
#include "report/mask.hpp"
#include "report/report.hpp"
#include "report/wording.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::report {
namespace {

using markdown::code;
using markdown::literal;
using markdown::prose;

constexpr std::size_t most_lines = 60;   ///< of one item's details
constexpr std::size_t most_names = 100;  ///< that it orders
constexpr std::size_t whole = 600;       ///< room for the longest host name, twice

/// The sections in the order of their danger.
enum class Kind : std::uint8_t {
  deletion,
  cancel,
  window,
  certificate,
  blocked,
  advance,
  answer,
  waits,
  create,
  update,
  adopt,
  orphan,
  forget,
  news
};

struct KindInfo {
  Kind kind;
  char const* symbol;
  char const* title;
  bool first_look;
};

constexpr std::array kinds{KindInfo{Kind::deletion, "-", "to delete", true},
                           KindInfo{Kind::cancel, "!", "to update by cancelling pending changes", true},
                           KindInfo{Kind::window, "!", "to update inside the renewal window", true},
                           KindInfo{Kind::certificate, "~", "to update with a new certificate", true},
                           KindInfo{Kind::blocked, "!", "blocked", true},
                           KindInfo{Kind::advance, "?", "waiting for you", false},
                           KindInfo{Kind::answer, "~", "to answer at CPS", false},
                           KindInfo{Kind::waits, "?", "blocked for now, a later run goes on", false},
                           KindInfo{Kind::create, "+", "to create", false},
                           KindInfo{Kind::update, "~", "to update without a new certificate", false},
                           KindInfo{Kind::adopt, "=", "to adopt", false},
                           KindInfo{Kind::orphan, "?", "without a manifest", false},
                           KindInfo{Kind::forget, "=", "to forget", false},
                           KindInfo{Kind::news, "", "unchanged, with news from CPS", false}};

Kind kind_of(plan::ItemView const& item) {
  switch (item.action) {
    case plan::Action::delete_: return Kind::deletion;
    case plan::Action::blocked: return item.waits ? Kind::waits : Kind::blocked;
    case plan::Action::create: return Kind::create;
    case plan::Action::advance: return item.steps.empty() ? Kind::advance : Kind::answer;
    case plan::Action::adopt:
    case plan::Action::update:
      if (!item.cancels.empty()) return Kind::cancel;
      if (item.overrides_renewal_window) return Kind::window;
      if (plan::issues_certificate(item.changes)) return Kind::certificate;
      return item.action == plan::Action::update ? Kind::update : Kind::adopt;
    case plan::Action::orphan: return Kind::orphan;
    case plan::Action::forget: return Kind::forget;
    case plan::Action::none: return Kind::news;
  }
  return Kind::news;
}

/// "+2 -1 csr.sans, networkConfiguration.ocspStapling": which fields, in a word each.
std::string fields_of(plan::ItemView const& item) {
  constexpr std::size_t most = 4;
  std::vector<std::string> fields;
  for (diff::Change const& change : item.changes) {
    if (fields.size() == most) break;
    std::string const counted =
        change.set ? fmt::format(" (+{} -{})", change.added.size(), change.removed.size()) : std::string();
    fields.push_back(code(json::dotted(change.pointer)) + counted);
  }
  if (item.changes.size() > most) fields.push_back(fmt::format("{} more", item.changes.size() - most));
  return fmt::format("{}", fmt::join(fields, ", "));
}

std::string row_of(plan::ItemView const& item, plan::PlanView const& plan) {
  std::vector<std::string> facts;
  for (std::string const& fact : facts_of(item, plan)) facts.push_back(prose(fact));
  bool const none = item.action == plan::Action::none;
  std::string row = fmt::format("- {}**{}** · {}", none ? "" : fmt::format("`{}` ", sign_of(item).symbol),
                                code(item.name), fmt::join(facts, " · "));
  auto const line = [&](char const* word, std::string const& words) {
    if (!words.empty()) row += fmt::format("\n  {}{}", word, words);
  };
  bool const blocked = item.action == plan::Action::blocked;
  line(blocked ? "would change " : "changes ", fields_of(item));
  line("cancels change ", prose(fmt::format("{}", fmt::join(item.cancels, ", "))));
  line(blocked ? held_word(item) : "because: ", prose(item.reason));
  line("next: ", prose(item.next));
  // What is indented is to be written as it stands.
  for (std::string const& note : notes_of(item))
    line("note: ", note.starts_with("  ") ? code(note.substr(2)) : prose(note));
  return row;
}

/// One value next to its word, several below it.
std::string order_text(OrderLine const& line) {
  if (line.values.size() == 1) return fmt::format("  {}: {}\n", line.what, literal(line.values.front(), whole));
  std::string text = fmt::format("  {}:\n", line.what);
  std::size_t const shown = std::min(line.values.size(), most_names);
  for (std::size_t i = 0; i < shown; ++i) text += fmt::format("    {}\n", literal(line.values[i], whole));
  if (shown < line.values.size()) text += fmt::format("    … {} more not shown\n", line.values.size() - shown);
  return text;
}

/// The item's changes and writes as lines of a diff.
std::string detail_of(plan::ItemView const& item) {
  auto const lines = change_lines(item.changes);
  auto const steps = telling_steps(item);
  auto const order = order_of(item);
  if (lines.empty() && steps.empty() && order.empty()) return {};
  std::string text = fmt::format("@@ {} @@\n", literal(item.name));
  std::size_t field = 0;
  std::size_t value = 0;
  for (ChangeLine const& line : lines) {
    field = std::max(field, columns(literal(line.field)));
    value = std::max(value, std::min<std::size_t>(columns(literal(line.value, whole)), 48));
  }
  for (std::size_t i = 0; i < std::min(lines.size(), most_lines); ++i)
    text += fmt::format("{} {}  {}  {}\n", lines[i].sign.symbol, padded(literal(lines[i].field), field),
                        padded(literal(lines[i].value, whole), value), lines[i].effect);
  if (lines.size() > most_lines) text += fmt::format("  … {} more lines not shown\n", lines.size() - most_lines);
  for (OrderLine const& line : order) text += order_text(line);
  for (std::string const& step : steps) text += fmt::format("  {}\n", literal(step, 200));
  return text;
}

std::string head_of(plan::PlanView const& plan, std::vector<markdown::Section> const& sections) {
  std::string head = fmt::format("### cpsctl plan: {}{}", quiet(plan) ? "no changes, " : "", counts(plan.summary));
  std::vector<std::string> careful;
  for (markdown::Section const& section : sections)
    if (section.first_look && section.size > 0) careful.push_back(section.title);
  if (std::string const partial = partial_words(plan); !partial.empty())
    head += fmt::format("\n\n**Partial:** {}.", prose(partial));
  if (!plan.settings.empty())
    head += fmt::format("\n\n**Settings:** {}.", prose(fmt::format("{}", fmt::join(plan.settings, ", "))));
  if (!careful.empty()) head += fmt::format("\n\n**Look here first:** {}.", fmt::join(careful, ", "));
  return head;
}

/// What the comment is about, and what an approval names.
std::string foot_of(plan::PlanView const& plan, Cost const& cost) {
  std::string const costs = cost.used > 0 ? fmt::format(" {}.", cost_words(cost)) : std::string();
  return fmt::format("For {}; state {}, digest {}.{}", prose(whom_words(plan, cost)), plan.serial,
                     code(plan::digest(plan)), costs);
}

}  // namespace

std::string plan_markdown(plan::PlanView const& plan, Cost const& cost) {
  std::array<std::vector<plan::ItemView const*>, kinds.size()> items;
  for (plan::ItemView const& item : plan.items) items.at(static_cast<std::size_t>(kind_of(item))).push_back(&item);

  markdown::Comment comment{.marker = marker("plan"),
                            .foot = foot_of(plan, cost),
                            .whole = "This is shortened to fit a comment; `cpsctl plan` shows everything."};
  for (KindInfo const& info : kinds) {
    auto const& mine = items.at(static_cast<std::size_t>(info.kind));
    comment.sections.push_back(
        {.title = fmt::format("{}{}{} {}", code(info.symbol), *info.symbol != '\0' ? " " : "", mine.size(), info.title),
         .first_look = info.first_look,
         .size = mine.size(),
         .row = [&mine, &plan](std::size_t i) { return row_of(masked(*mine[i]), plan); },
         .detail = [&mine](std::size_t i) { return detail_of(masked(*mine[i])); }});
  }
  comment.head = head_of(plan, comment.sections);
  return markdown::compose(comment);
}

}  // namespace cpsctl::report

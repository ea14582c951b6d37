#include "report/markdown.hpp"
#include "report/status.hpp"
#include "report/wording.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::report {
namespace {

using markdown::code;
using markdown::prose;

std::string condition_cell(StatusRow const& row) {
  std::string cell = words(row.condition);
  for (Condition const other : row.also) cell += fmt::format("; {}", words(other));
  if (!row.since.empty()) cell += fmt::format("<br>since {}", prose(without_fraction(row.since)));
  return cell;
}

/// What is known beside the condition, a line each.
std::string told_cell(StatusRow const& row) {
  std::vector<std::string> lines;
  auto const say = [&lines](char const* word, std::string const& text) {
    if (!text.empty()) lines.push_back(word + prose(text));
  };
  for (ChangeRow const& change : row.changes) {
    for (std::string const& line : {fmt::format("change {}: {}", change.id, due_words(change)), change.error})
      say("", line);
    for (std::string const& reason : change.because) say("", reason);
    if (change.history && !change.history->order.empty()) say("order at the CA: ", change.history->order);
    for (std::string const& next : change.next) say("next: ", next);
  }
  say("", row.reason);
  say("next: ", row.next);
  for (std::string const& note : row.notes) say("", note);
  return fmt::format("{}", fmt::join(lines, "<br>"));
}

std::string row_of(StatusRow const& row, WallTime now) {
  return fmt::format("| {} | {} | {} | {} | {} |", code(called(row)), condition_cell(row), code(row.common_name),
                     prose(expiry_words(row, now)), told_cell(row));
}

markdown::Section section(std::string title, std::vector<StatusRow const*> const& rows, WallTime now) {
  return {.title = fmt::format("{} {}", rows.size(), title),
          .first_look = true,
          .head = "| enrollment | condition | common name | certificate | what is known |\n|---|---|---|---|---|\n",
          .size = rows.size(),
          .row = [&rows, now](std::size_t i) { return row_of(*rows[i], now); }};
}

}  // namespace

std::string status_markdown(Status const& status) {
  std::vector<StatusRow const*> yours, others;
  for (StatusRow const& row : status.enrollments) (waits_for_person(row) ? yours : others).push_back(&row);
  markdown::Comment comment{.marker = marker("status"),
                            .head = fmt::format("### cpsctl status: {}", prose(summary(status))),
                            .whole = "This is shortened to fit a comment; `cpsctl status` shows everything."};
  comment.sections.push_back(section("waiting for you", yours, status.now));
  comment.sections.push_back(section(yours.empty() ? "in all" : "others", others, status.now));
  std::string const unknown = unknown_words(status);
  comment.foot = unknown.empty() ? fmt::format("As CPS had it at {}.", prose(without_fraction(timestamp(status.now))))
                                 : prose(unknown);
  return markdown::compose(comment);
}

}  // namespace cpsctl::report

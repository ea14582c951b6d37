#include "report/status.hpp"

#include "base/fields.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"
#include "report/paint.hpp"
#include "report/wording.hpp"

#include <algorithm>
#include <map>

#include <fmt/ranges.h>

namespace cpsctl::report {
namespace {

Ink ink_of(Condition condition) {
  switch (condition) {
    case Condition::in_sync: return Ink::good;
    case Condition::in_progress:
    case Condition::differs: return Ink::change;
    case Condition::unmanaged: return Ink::faint;
    case Condition::waits_for_input:
    case Condition::missing:
    case Condition::to_be_recorded:
    case Condition::blocked:
    case Condition::waiting:
    case Condition::orphan:
    case Condition::gone:
    case Condition::to_be_deleted:
    case Condition::being_deleted:
    case Condition::managed: break;
  }
  return Ink::warn;
}

/// "2 waiting for input", where a row of its own says "waits for input".
std::string counted_word(std::string const& word) {
  if (word == words(Condition::differs)) return "different";
  if (word == words(Condition::waits_for_input)) return "waiting for input";
  return word;
}

std::string slots_text(std::vector<std::int64_t> const& slots) {
  return fmt::format("{} {}", slots.size() == 1 ? "slot" : "slots", fmt::join(slots, ", "));
}

/// "  (since 2026-11-23T10:15:00Z; production: slot 9001; expires 2027-01-17)": since when it is so, where it is
/// deployed, and until when. Staging is named where it has something else.
std::string facts_text(StatusRow const& row, WallTime now) {
  std::vector<std::string> parts;
  if (!row.since.empty()) parts.push_back("since " + without_fraction(row.since));
  if (!row.production_slots.empty())
    parts.push_back("production: " + slots_text(row.production_slots));
  else if (row.production)
    parts.emplace_back("production");
  if (!row.staging_slots.empty() && row.staging_slots != row.production_slots)
    parts.push_back("staging: " + slots_text(row.staging_slots));
  if (std::string expiry = expiry_words(row, now); !expiry.empty()) parts.push_back(std::move(expiry));
  if (!row.renewal_start.empty()) parts.push_back("CPS renews it from " + row.renewal_start.substr(0, 10));
  return parts.empty() ? std::string() : fmt::format("  ({})", fmt::join(parts, "; "));
}

/// Nothing when all are of one account: then nobody asks.
std::size_t account_width(std::vector<StatusRow> const& rows) {
  auto const other = [&](StatusRow const& row) { return row.account != rows.front().account; };
  if (std::ranges::none_of(rows, other)) return 0;
  std::size_t width = 7;
  for (StatusRow const& row : rows) width = std::max(width, columns(row.account));
  return width;
}

}  // namespace

bool waits_for_person(StatusRow const& row) {
  return std::ranges::count(row.changes, lifecycle::Who::person, &ChangeRow::who) > 0;
}

void settle_condition(StatusRow& row) {
  if (!waits_for_person(row) || row.condition == Condition::waits_for_input) return;
  if (!is_quiet(row.condition)) row.also.push_back(row.condition);
  row.condition = Condition::waits_for_input;
}

void keep_expiring(Duration within, Status& status) {
  WallTime const until = status.now + within;
  Expiring expiring{.within = within};
  auto const stays = [&](StatusRow const& row) {
    if (!row.production) return false;
    if (auto const ends = parse_timestamp(row.expires)) return *ends <= until;
    if (auto const renewed = parse_timestamp(row.renewal_start); renewed && *renewed > until) return false;
    expiring.unknown.push_back(called(row));
    return false;
  };
  std::erase_if(status.enrollments, [&](StatusRow const& row) { return !stays(row); });
  status.expiring = std::move(expiring);
}

std::string called(StatusRow const& row) {
  return row.name.empty() ? fmt::format("id {}", row.id) : row.name;
}

std::string summary(Status const& status) {
  std::map<std::string, std::size_t> counts;
  for (StatusRow const& row : status.enrollments) ++counts[words(row.condition)];
  std::vector<std::string> parts;
  for (auto const& [word, count] : counts) parts.push_back(fmt::format("{} {}", count, counted_word(word)));
  std::string text = text::counted(status.enrollments.size(), "enrollment");
  if (status.expiring) text += fmt::format(" whose certificate ends within {}", duration_text(status.expiring->within));
  if (!parts.empty()) text += fmt::format(": {}", fmt::join(parts, ", "));
  auto const yours = std::ranges::count_if(status.enrollments, waits_for_person);
  if (yours == 1) text += ". 1 waits for you.";
  if (yours > 1) text += fmt::format(". {} wait for you.", yours);
  return text;
}

std::string unknown_words(Status const& status) {
  if (!status.expiring || status.expiring->unknown.empty()) return {};
  constexpr std::size_t most = 5;
  std::vector<std::string> some = status.expiring->unknown;
  std::size_t const more = some.size() - std::min(some.size(), most);
  some.resize(some.size() - more);
  return fmt::format("Not known of {}: {}{}. Name them, and their dates are read: cpsctl status NAME --expiring {}",
                     text::counted(status.expiring->unknown.size(), "enrollment"), fmt::join(some, ", "),
                     more == 0 ? "" : fmt::format(" and {} more", more), written_duration(status.expiring->within));
}

std::string expiry_words(StatusRow const& row, WallTime now) {
  auto const ends = parse_timestamp(row.expires);
  if (!ends) return {};
  return fmt::format("{} {}", *ends <= now ? "EXPIRED" : "expires", day_text(day_of(*ends)));
}

void status_text(Status const& status, Style const& style, std::ostream& out) {
  std::vector<StatusRow> const& rows = status.enrollments;
  std::size_t name = 4;
  std::size_t condition = 9;
  std::size_t const account = account_width(rows);
  auto const account_cell = [account](std::string const& text) {
    return account == 0 ? std::string() : padded(text, account) + "  ";
  };
  for (StatusRow const& row : rows) {
    name = std::max(name, std::min<std::size_t>(columns(row.name), 48));
    condition = std::max(condition, columns(words(row.condition)));
  }
  if (!rows.empty())
    screen::line(out, "{}",
                 paint(fmt::format("{}  {:<10}  {}{}  {:<12}  {}", padded("NAME", name), "ID", account_cell("ACCOUNT"),
                                   padded("CONDITION", condition), "KIND", "COMMON NAME"),
                       Ink::strong, style));
  for (StatusRow const& row : rows) {
    screen::line(out, "{}  {:<10}  {}{}  {:<12}  {}{}", padded(row.name.empty() ? "-" : row.name, name),
                 row.id == 0 ? "-" : std::to_string(row.id), account_cell(row.account.empty() ? "-" : row.account),
                 paint(padded(words(row.condition), condition), ink_of(row.condition), style), row.kind,
                 text::printable(row.common_name), facts_text(row, status.now));
    auto const below = [&](std::string const& text, Ink ink) {
      screen::line(out, "{}  {}", std::string(name, ' '), paint(text::printable(next_step(text, style)), ink, style));
    };
    for (ChangeRow const& change : row.changes)
      for (std::string const& line : change_lines(change))
        below(line, change.who == lifecycle::Who::person ? Ink::warn : Ink::faint);
    std::string also;
    for (Condition const other : row.also) also += words(other) + ": ";
    if (!also.empty() || !row.reason.empty())
      below(row.reason.empty() ? also.substr(0, also.size() - 2) : also + row.reason, Ink::faint);
    if (!row.next.empty()) below("next: " + row.next, Ink::faint);
    for (std::string const& note : row.notes) below(note, Ink::faint);
  }
  screen::line(out, "{}", summary(status));
  if (std::string const unknown = unknown_words(status); !unknown.empty())
    screen::line(out, "{}", next_step(unknown, style));
}

json::Document status_document(Status const& status) {
  return fields::versioned(status, "1.1");
}

}  // namespace cpsctl::report

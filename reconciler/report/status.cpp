#include "report/status.hpp"

#include "base/fields.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"
#include "report/paint.hpp"

#include <algorithm>
#include <map>

#include <fmt/ranges.h>

namespace cpsctl::report {
namespace {

Ink ink_of(std::string const& condition) {
  if (condition == "in sync") return Ink::good;
  if (condition == "in progress" || condition == "differs") return Ink::change;
  return condition == "unmanaged" ? Ink::faint : Ink::warn;
}

std::string slots_text(std::vector<std::int64_t> const& slots) {
  return fmt::format("{} {}", slots.size() == 1 ? "slot" : "slots", fmt::join(slots, ", "));
}

/// "  (production: slot 9001; CPS renews it from 2027-01-17)": where it is deployed, and until when. Staging is named
/// where it has something else.
std::string deployment_text(StatusRow const& row) {
  std::vector<std::string> parts;
  if (!row.production_slots.empty())
    parts.push_back("production: " + slots_text(row.production_slots));
  else if (row.production)
    parts.emplace_back("production");
  if (!row.staging_slots.empty() && row.staging_slots != row.production_slots)
    parts.push_back("staging: " + slots_text(row.staging_slots));
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

void status_text(std::vector<StatusRow> const& rows, Style const& style, std::ostream& out) {
  std::size_t name = 4;
  std::size_t condition = 9;
  std::size_t const account = account_width(rows);
  auto const account_cell = [account](std::string const& text) {
    return account == 0 ? std::string() : padded(text, account) + "  ";
  };
  for (StatusRow const& row : rows) {
    name = std::max(name, std::min<std::size_t>(columns(row.name), 48));
    condition = std::max(condition, columns(row.condition));
  }
  if (!rows.empty())
    screen::line(out, "{}",
                 paint(fmt::format("{}  {:<10}  {}{}  {:<12}  {}", padded("NAME", name), "ID", account_cell("ACCOUNT"),
                                   padded("CONDITION", condition), "KIND", "COMMON NAME"),
                       Ink::strong, style));
  std::map<std::string, std::size_t> counts;
  for (StatusRow const& row : rows) {
    ++counts[row.condition];
    screen::line(out, "{}  {:<10}  {}{}  {:<12}  {}{}", padded(row.name.empty() ? "-" : row.name, name),
                 row.id == 0 ? "-" : std::to_string(row.id), account_cell(row.account.empty() ? "-" : row.account),
                 paint(padded(row.condition, condition), ink_of(row.condition), style), row.kind,
                 text::printable(row.common_name), deployment_text(row));
    auto const below = [&](std::string const& text, Ink ink) {
      screen::line(out, "{}  {}", std::string(name, ' '), paint(text::printable(next_step(text, style)), ink, style));
    };
    for (ChangeRow const& change : row.changes)
      for (std::string const& line : change_lines(change))
        below(line, change.who == lifecycle::Who::person ? Ink::warn : Ink::faint);
    for (std::string const& note : row.notes) below(note, Ink::faint);
  }
  std::vector<std::string> parts;
  for (auto const& [word, count] : counts)
    parts.push_back(fmt::format("{} {}", count, word == "differs" ? "different" : word));
  auto const yours = std::ranges::count_if(rows, waits_for_person);
  screen::line(out, "{}{}{}", text::counted(rows.size(), "enrollment"),
               parts.empty() ? "" : fmt::format(": {}", fmt::join(parts, ", ")),
               yours == 0
                   ? ""
                   : fmt::format(". {} by you at CPS.",
                                 yours == 1 ? "1 has to be answered" : fmt::format("{} have to be answered", yours)));
}

namespace {

struct StatusDocument {
  std::vector<StatusRow> enrollments = {};
};
BOOST_DESCRIBE_STRUCT(StatusDocument, (), (enrollments))

}  // namespace

json::Document status_document(std::vector<StatusRow> const& rows) {
  return fields::versioned(StatusDocument{rows});
}

}  // namespace cpsctl::report

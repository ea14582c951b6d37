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

}  // namespace

void status_text(std::vector<StatusRow> const& rows, Style const& style, std::ostream& out) {
  std::size_t name = 4;
  std::size_t condition = 9;
  for (StatusRow const& row : rows) {
    name = std::max(name, std::min<std::size_t>(columns(row.name), 48));
    condition = std::max(condition, columns(row.condition));
  }
  if (!rows.empty())
    screen::line(out, "{}",
                 paint(fmt::format("{}  {:<10}  {}  {:<12}  {}", padded("NAME", name), "ID",
                                   padded("CONDITION", condition), "KIND", "COMMON NAME"),
                       Ink::strong, style));
  std::map<std::string, std::size_t> counts;
  for (StatusRow const& row : rows) {
    ++counts[row.condition];
    screen::line(out, "{}  {:<10}  {}  {:<12}  {}{}", padded(row.name.empty() ? "-" : row.name, name),
                 row.id == 0 ? "-" : std::to_string(row.id),
                 paint(padded(row.condition, condition), ink_of(row.condition), style), row.kind,
                 text::printable(row.common_name), row.production ? "  (production)" : "");
    for (std::string const& note : row.notes)
      screen::line(out, "{}  {}", std::string(name, ' '), paint(text::printable(note), Ink::faint, style));
  }
  std::vector<std::string> parts;
  for (auto const& [word, count] : counts)
    parts.push_back(fmt::format("{} {}", count, word == "differs" ? "different" : word));
  screen::line(out, "{}{}", text::counted(rows.size(), "enrollment"),
               parts.empty() ? "" : fmt::format(": {}", fmt::join(parts, ", ")));
}

json::Document status_document(std::vector<StatusRow> const& rows) {
  json::Document document(rapidjson::kObjectType);
  auto& pool = document.GetAllocator();
  json::set(document, "format_version", json::string("1.0", pool), pool);
  json::set(document, "enrollments", fields::to_json(rows, pool), pool);
  return document;
}

}  // namespace cpsctl::report

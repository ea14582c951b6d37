#include "report/status.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace cpsctl::report {
namespace {

using Rows = std::map<std::pair<std::string, std::int64_t>, StatusRow const*>;

Rows by_key(Status const& status) {
  Rows rows;
  for (StatusRow const& row : status.enrollments) rows[{row.name, row.name.empty() ? row.id : std::int64_t{0}}] = &row;
  return rows;
}

ChangeRow const* find(StatusRow const& row, std::int64_t id) {
  auto const found = std::ranges::find(row.changes, id, &ChangeRow::id);
  return found == row.changes.end() ? nullptr : &*found;
}

/// Of an enrollment that was there before.
void compare(StatusRow const& before, StatusRow const& after, std::vector<std::string>& lines) {
  auto const say = [&](std::string const& text) { lines.push_back(fmt::format("{}: {}", called(after), text)); };
  if (before.condition != after.condition) say(fmt::format("{} → {}", words(before.condition), words(after.condition)));
  for (ChangeRow const& change : after.changes) {
    ChangeRow const* const earlier = find(before, change.id);
    if (earlier == nullptr || due_words(*earlier) != due_words(change)) say(change_lines(change).front());
  }
  for (ChangeRow const& change : before.changes)
    if (find(after, change.id) == nullptr) say(fmt::format("change {} has ended", change.id));
  if (before.expires != after.expires && !after.expires.empty()) say(expiry_words(after, {}));
}

}  // namespace

std::vector<std::string> news(Status const& before, Status const& after) {
  std::vector<std::string> lines;
  Rows const earlier = by_key(before);
  Rows const now = by_key(after);
  for (auto const& [key, row] : now) {
    auto const found = earlier.find(key);
    if (found != earlier.end())
      compare(*found->second, *row, lines);
    else
      lines.push_back(fmt::format("{}: {}", called(*row), words(row->condition)));
  }
  for (auto const& [key, row] : earlier)
    if (!now.contains(key)) lines.push_back(fmt::format("{}: not among them any more", called(*row)));
  return lines;
}

}  // namespace cpsctl::report

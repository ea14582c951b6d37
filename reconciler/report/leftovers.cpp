#include "report/leftovers.hpp"

#include "base/screen.hpp"
#include "base/text.hpp"
#include "report/challenges.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::report {
namespace {

/// "published for shop, change 10002, by corp-dns"
std::string story(LeftoverRow const& row) {
  std::string const of = text::excerpt(fmt::format("{}", fmt::join(row.domains, ", ")), 200);
  if (row.origin == Origin::published)
    return fmt::format("published for {}, change {}, by {}", row.name, row.change, row.publisher);
  std::string const writer = row.publisher.empty() ? "" : fmt::format("; {} writes there", row.publisher);
  return fmt::format("found where the challenges of {} lead{}", of, writer);
}

std::string heading(LeftoverRow const& row) {
  return fmt::format("; {}\n", text::printable(story(row)));
}

}  // namespace

void leftovers_text(std::vector<LeftoverRow> const& rows, Style const& style, std::ostream& out) {
  for (LeftoverRow const& row : rows) {
    if (row.record.empty()) {
      screen::line(out, "{}", paint(row.url, Ink::strong, style));
      screen::line(out, "    file with the content  {}", row.value);
    } else {
      screen::line(out, "{}", paint(row.record, Ink::strong, style));
      screen::line(out, "    TXT   \"{}\"", row.value);
    }
    screen::line(out, "    {}", text::printable(story(row)));
  }
}

std::string leftovers_zone(std::vector<LeftoverRow> const& rows) {
  std::string text;
  for (LeftoverRow const& row : rows)
    if (!row.record.empty())
      text += heading(row) + fmt::format("{} {} IN TXT \"{}\"\n", row.record, token_ttl, row.value);
  return text;
}

std::string leftovers_nsupdate(std::vector<LeftoverRow> const& rows) {
  std::string text;
  for (LeftoverRow const& row : rows)
    if (!row.record.empty())
      text += heading(row) + fmt::format("update delete {} TXT \"{}\"\nsend\n", row.record, row.value);
  return text;
}

}  // namespace cpsctl::report

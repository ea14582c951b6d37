#include "report/delegations.hpp"

#include "base/screen.hpp"
#include "base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::report {
namespace {

Ink ink_of(DelegationStanding standing) {
  switch (standing) {
    case DelegationStanding::right: return Ink::good;
    case DelegationStanding::missing: return Ink::warn;
    case DelegationStanding::elsewhere: return Ink::bad;
    case DelegationStanding::unknown: return Ink::bad;
  }
  return Ink::plain;
}

std::string words_of(DelegationRow const& row) {
  switch (row.standing) {
    case DelegationStanding::right:
      if (row.zone.empty()) return fmt::format("right: {} takes it wherever it ends", row.publisher);
      return fmt::format("right: it {} {}, in {}, which {} writes", row.aliases.empty() ? "lies at" : "ends at",
                         row.target, row.zone, row.publisher);
    case DelegationStanding::missing: return "missing: no CNAME is there";
    case DelegationStanding::elsewhere:
      return fmt::format("elsewhere: it ends at {}, which no publisher writes", row.target);
    case DelegationStanding::unknown: return "unknown: " + row.reason;
  }
  return {};
}

/// "shop-example-com: elsewhere: …", as a comment.
std::string heading(DelegationRow const& row) {
  return fmt::format("; {}: {}\n", text::printable(fmt::format("{}", fmt::join(row.names, ", "))),
                     text::printable(words_of(row)));
}

}  // namespace

void delegations_text(std::vector<DelegationRow> const& rows, Style const& style, std::ostream& out) {
  for (DelegationRow const& row : rows) {
    screen::line(out, "{}  {}", paint(row.record, Ink::strong, style), fmt::format("{}", fmt::join(row.names, ", ")));
    screen::line(out, "    {}", paint(words_of(row), ink_of(row.standing), style));
    if (!row.cname.empty()) screen::line(out, "    set once: {} CNAME {}", row.record, row.cname);
    bool const nowhere = row.cname.empty() && !row.reason.empty() && row.standing != DelegationStanding::unknown;
    if (nowhere) screen::line(out, "    {}", text::printable(row.reason));
  }
}

std::string delegations_zone(std::vector<DelegationRow> const& rows) {
  std::string text;
  for (DelegationRow const& row : rows)
    if (!row.cname.empty()) text += heading(row) + fmt::format("{} {} IN CNAME {}\n", row.record, cname_ttl, row.cname);
  return text;
}

std::string delegations_nsupdate(std::vector<DelegationRow> const& rows) {
  std::string text;
  for (DelegationRow const& row : rows) {
    if (row.cname.empty()) continue;
    text += heading(row);
    // Its first step is the record itself; the second one, else the target, is what it says now.
    std::string const now = row.aliases.size() > 1 ? row.aliases[1] + "." : row.target;
    if (row.standing == DelegationStanding::elsewhere)
      text += fmt::format("prereq yxrrset {0} CNAME {1}\nupdate delete {0} CNAME\n", row.record, now);
    text += fmt::format("update add {} {} CNAME {}\nsend\n", row.record, cname_ttl, row.cname);
  }
  return text;
}

}  // namespace cpsctl::report

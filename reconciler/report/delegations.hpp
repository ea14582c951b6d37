#pragma once
#include "report/paint.hpp"

#include <ostream>
#include <string>
#include <vector>

#include <boost/describe.hpp>
#include <boost/describe/enum.hpp>

/// CNAMEs that bring challenges into zones that publishers write (`cpsctl challenges --delegations`).
namespace cpsctl::report {

// right: it ends where a publisher writes. missing: there is no CNAME. elsewhere: it ends where none writes. unknown:
// it could not be looked up.
BOOST_DEFINE_ENUM_CLASS(DelegationStanding, right, missing, elsewhere, unknown)

struct DelegationRow {
  std::vector<std::string> names = {};    ///< the enrollments
  std::vector<std::string> domains = {};  ///< their host names with this record: "*.example.com" and "example.com"
  std::string record = {};                ///< "_acme-challenge.example.com."
  DelegationStanding standing = DelegationStanding::unknown;
  std::string target = {};                ///< where it ends now, with its last dot; empty: unknown
  std::vector<std::string> aliases = {};  ///< the names on the way there, without the last dot
  std::string publisher = {};             ///< that writes at the target, or where `cname` leads
  std::string zone = {};                  ///< of that publisher
  std::string cname = {};   ///< what to set, with its last dot; empty: nothing, or no publisher has a zone
  std::string reason = {};  ///< why it is unknown, or why nothing can be said to set
};
BOOST_DESCRIBE_STRUCT(DelegationRow, (),
                      (names, domains, record, standing, target, aliases, publisher, zone, cname, reason))

/// A CNAME is set once.
inline constexpr int cname_ttl = 3600;

void delegations_text(std::vector<DelegationRow> const& rows, Style const& style, std::ostream& out);
/// Those to set, as lines of a zone file.
std::string delegations_zone(std::vector<DelegationRow> const& rows);
/// Those to set, as commands of nsupdate: one that is elsewhere is replaced, if it still leads there.
std::string delegations_nsupdate(std::vector<DelegationRow> const& rows);

}  // namespace cpsctl::report

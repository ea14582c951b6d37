#pragma once
#include "report/paint.hpp"

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include <boost/describe.hpp>
#include <boost/describe/enum.hpp>

/// Values that stand where a CA looks, and that no pending change needs (`cpsctl challenges --leftovers`).
namespace cpsctl::report {

// published: by cpsctl, as the state has it. found: it stands in DNS, whoever put it there.
BOOST_DEFINE_ENUM_CLASS(Origin, published, found)

struct LeftoverRow {
  Origin origin = Origin::found;
  std::string name = {};    ///< of published: the enrollment's that it was for
  std::int64_t change = 0;  ///< of published: that it was for
  std::string record = {};  ///< where a TXT value stands: the end of the CNAMEs, with its last dot; of a file: empty
  std::string url = {};     ///< of a file
  std::string value = {};
  std::string zone = {};                  ///< that the record lies in
  std::vector<std::string> domains = {};  ///< the host names whose challenges lead there
  std::string publisher = {};             ///< of the project, that writes there; empty: none
};
BOOST_DESCRIBE_STRUCT(LeftoverRow, (), (origin, name, change, record, url, value, zone, domains, publisher))

void leftovers_text(std::vector<LeftoverRow> const& rows, Style const& style, std::ostream& out);
/// The records as lines of a zone file: those to take out.
std::string leftovers_zone(std::vector<LeftoverRow> const& rows);
/// Deletions of these values alone; a `send` after each, as they may lie in several zones.
std::string leftovers_nsupdate(std::vector<LeftoverRow> const& rows);

}  // namespace cpsctl::report

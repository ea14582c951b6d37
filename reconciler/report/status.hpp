#pragma once
#include "base/json.hpp"
#include "report/changes.hpp"
#include "report/report.hpp"

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include <boost/describe.hpp>

/// What CPS has of each enrollment, for people and for pipelines.
namespace cpsctl::report {

struct StatusRow {
  std::string name = {};  ///< empty: nobody manages it
  std::int64_t id = 0;    ///< 0: CPS does not have it
  std::string contract = {};
  std::string account = {};
  std::string common_name = {};
  std::string kind = {};       ///< dv, ov, ev, third-party
  std::string condition = {};  ///< in sync, differs, in progress, blocked, missing, gone, unmanaged …
  bool production = false;
  std::vector<std::int64_t> production_slots = {};
  std::vector<std::int64_t> staging_slots = {};
  std::string renewal_start = {};  ///< when CPS begins to renew it, if CPS says: RFC 3339
  std::vector<std::string> notes = {};
  std::vector<ChangeRow> changes = {};  ///< that are pending at CPS
};
BOOST_DESCRIBE_STRUCT(StatusRow, (),
                      (name, id, contract, account, common_name, kind, condition, production, production_slots,
                       staging_slots, renewal_start, notes, changes))

/// Is one of its changes to be answered by a person?
bool waits_for_person(StatusRow const& row);

void status_text(std::vector<StatusRow> const& rows, Style const& style, std::ostream& out);
/// schemas/status.v1.schema.json.
json::Document status_document(std::vector<StatusRow> const& rows);

}  // namespace cpsctl::report

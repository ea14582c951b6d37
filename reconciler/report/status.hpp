#pragma once
#include "base/clock.hpp"
#include "base/json.hpp"
#include "report/changes.hpp"
#include "report/condition.hpp"
#include "report/report.hpp"

#include <cstdint>
#include <optional>
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
  std::string kind = {};  ///< dv, ov, ev, third-party
  Condition condition = Condition::in_sync;
  std::vector<Condition> also = {};  ///< what holds as well, and yields to a condition that needs a person
  std::string reason = {};           ///< why, one clause
  std::string next = {};             ///< what to do about it
  std::string since = {};            ///< since when, as far as that is known: RFC 3339
  bool production = false;
  std::vector<std::int64_t> production_slots = {};
  std::vector<std::int64_t> staging_slots = {};
  std::string expires = {};        ///< the earliest end of a certificate in production: RFC 3339; empty: not known
  std::string renewal_start = {};  ///< when CPS begins to renew it, if CPS says: RFC 3339
  std::vector<std::string> notes = {};
  std::vector<ChangeRow> changes = {};  ///< that are pending at CPS
};
BOOST_DESCRIBE_STRUCT(StatusRow, (),
                      (name, id, contract, account, common_name, kind, condition, also, reason, next, since, production,
                       production_slots, staging_slots, expires, renewal_start, notes, changes))

/// Of --expiring: what was asked for, and of what nobody knows.
struct Expiring {
  Duration within = {};
  std::vector<std::string> unknown = {};  ///< enrollments in production whose certificate's end is not known
};
BOOST_DESCRIBE_STRUCT(Expiring, (), (within, unknown))

struct Status {
  std::vector<StatusRow> enrollments = {};
  std::optional<Expiring> expiring = {};
  WallTime now = {};  ///< CPS's time, when it was asked
};
BOOST_DESCRIBE_STRUCT(Status, (), (enrollments, expiring))

/// Is one of its changes to be answered by a person?
bool waits_for_person(StatusRow const& row);

/// A condition that needs a person goes before one that does not; what it displaces holds as well.
void settle_condition(StatusRow& row);

/// Leaves what ends within the time, or has ended. What begins to be renewed only later ends later, too.
void keep_expiring(Duration within, Status& status);

/// Its name in the manifests, else "id 10001".
std::string called(StatusRow const& row);

/// "4 enrollments: 2 in sync, 2 waiting for input".
std::string summary(Status const& status);
/// What --expiring could not tell, and how it can; empty: nothing.
std::string unknown_words(Status const& status);
/// "expires 2027-01-17", or that it has.
std::string expiry_words(StatusRow const& row, WallTime now);

void status_text(Status const& status, Style const& style, std::ostream& out);
/// schemas/status.v1.schema.json.
json::Document status_document(Status const& status);
/// RFC 4180, a row for each enrollment. No cell is a formula to a spreadsheet.
std::string status_csv(Status const& status);
/// A comment: what waits for a person first.
std::string status_markdown(Status const& status);

/// What has become different, a line each: "www-example-com: in progress → in sync".
std::vector<std::string> news(Status const& before, Status const& after);

}  // namespace cpsctl::report

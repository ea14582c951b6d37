#include "report/status.hpp"

#include "base/text.hpp"
#include "golden.hpp"
#include "report/csv.hpp"
#include "schema/schema.hpp"

#include <algorithm>
#include <sstream>

#include <boost/mp11.hpp>
#include <doctest/doctest.h>

using namespace cpsctl;
using report::Condition;
using report::testing::golden;

namespace {

WallTime at(char const* time) {
  return parse_timestamp(time).value();
}

report::ChangeRow change(lifecycle::Who who, std::string what) {
  return {.id = 10002, .type = "renewal", .owner = lifecycle::Owner::ours, .who = who, .what = std::move(what)};
}

/// One of each kind of thing that a report says.
report::Status everything() {
  report::ChangeRow waits = change(lifecycle::Who::person, "the acknowledgement of warnings");
  waits.begun = "2026-11-20T08:00:00Z";
  waits.history = report::HistoryRow{
      .action = "Renew Certificate", .by = "mrossi", .at = "2026-11-20T08:00:03Z", .order = "abcdefM6Gw3WvN2p12345"};
  waits.warnings = {{.id = "UNEXPECTED_TRUST_CHAIN",
                     .class_ = lifecycle::WarningClass::review,
                     .text = "Unexpected trust chain.",
                     .digest = "sha256:5f0c"},
                    {.text = "Something new."}};
  waits.because = {"your acknowledgement of UNEXPECTED_TRUST_CHAIN ended on 2026-11-01"};
  waits.next = {"cpsctl status api"};
  report::ChangeRow unread{.id = 7, .what = "it could not be read", .error = "GET was answered with 503"};
  return {.enrollments =
              {{.name = "api",
                .id = 10001,
                .contract = "1-A",
                .common_name = "api.example.com",
                .kind = "third-party",
                .condition = Condition::waits_for_input,
                .also = {Condition::blocked},
                .reason = "change 10002 is pending at CPS",
                .next = "wait until it has ended",
                .since = "2026-11-23T10:15:00.123Z",
                .production = true,
                .production_slots = {9001},
                .staging_slots = {9002, 9003},
                .expires = "2026-11-01T00:00:00Z",
                .renewal_start = "2026-10-01T00:00:00Z",
                .notes = {"on hold: =SUM(A1), \"quoted\""},
                .changes = {waits}},
               {.name = "shop",
                .id = 10003,
                .contract = "1-A",
                .common_name = "shop.example.com",
                .kind = "dv",
                .condition = Condition::in_progress,
                .changes = {unread}},
               {.id = 10009, .contract = "1-A", .common_name = "x.example.com", .condition = Condition::unmanaged}},
          .now = at("2026-11-23T12:00:00Z")};
}

}  // namespace

TEST_CASE("status: what text, CSV and Markdown say of the same") {
  report::Status status = everything();
  std::ostringstream out;
  report::status_text(status, {}, out);
  golden("status.txt", out.str());
  golden("status.csv", report::status_csv(status));
  status.expiring = report::Expiring{.within = std::chrono::hours(24 * 30), .unknown = {"a", "b", "c", "d", "e", "f"}};
  golden("status.md", report::status_markdown(status));
}

TEST_CASE("status: the words of the conditions are those that the schema of the document names") {
  auto const schema = schema::named("status.v1").value();
  auto const* const field = schema->root().child("enrollments")->items->child("condition");
  REQUIRE(field != nullptr);
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Condition>>([&](auto enumerator) {
    std::string const word = report::words(enumerator.value);
    CAPTURE(word);
    CHECK(word.find('_') == std::string::npos);
    CHECK(field->title.find(word) != std::string::npos);
  });
}

TEST_CASE("a condition that needs a person goes before one that does not, which still holds") {
  struct Case {
    char const* title;
    Condition condition;
    lifecycle::Who who;
    Condition expect;
    std::vector<Condition> also;
  };
  Case const cases[] = {
      {"nothing else to say", Condition::in_progress, lifecycle::Who::person, Condition::waits_for_input, {}},
      {"blocked", Condition::blocked, lifecycle::Who::person, Condition::waits_for_input, {Condition::blocked}},
      {"to be recorded",
       Condition::to_be_recorded,
       lifecycle::Who::person,
       Condition::waits_for_input,
       {Condition::to_be_recorded}},
      {"CPS is at work", Condition::blocked, lifecycle::Who::cps, Condition::blocked, {}},
      {"said already", Condition::waits_for_input, lifecycle::Who::person, Condition::waits_for_input, {}},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      report::StatusRow row{.condition = c.condition, .changes = {change(c.who, "x")}};
      report::settle_condition(row);
      CHECK(row.condition == c.expect);
      CHECK(row.also == c.also);
    }
  }
}

TEST_CASE("expiring: what ends within the time, or has ended; and what nobody knows") {
  struct Case {
    char const *title, *expires, *renewal;
    bool production, stays, unknown;
  };
  Case const cases[] = {
      {"it has ended", "2026-11-01T00:00:00Z", "", true, true, false},
      {"it ends in time", "2026-12-01T00:00:00Z", "", true, true, false},
      {"at the last moment", "2026-12-23T12:00:00Z", "", true, true, false},
      {"it ends later", "2026-12-23T12:00:01Z", "", true, false, false},
      {"no date, and CPS renews it only later", "", "2026-12-24T00:00:00Z", true, false, false},
      {"no date, and CPS renews it by then", "", "2026-12-01T00:00:00Z", true, false, true},
      {"no date at all", "", "", true, false, true},
      {"it is not in production", "", "", false, false, false},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      report::Status status{.enrollments = {{.name = "www",
                                             .production = c.production,
                                             .expires = c.expires,
                                             .renewal_start = c.renewal}},
                            .now = at("2026-11-23T12:00:00Z")};
      report::keep_expiring(std::chrono::hours(24 * 30), status);
      CHECK(status.enrollments.size() == (c.stays ? 1 : 0));
      CHECK(status.expiring->unknown == (c.unknown ? std::vector<std::string>{"www"} : std::vector<std::string>{}));
      CHECK(report::unknown_words(status).empty() != c.unknown);
    }
  }
}

TEST_CASE("CSV: quotes, one line a record, and no cell that a spreadsheet calculates") {
  struct Case {
    char const *title, *text, *cell;
  };
  Case const cases[] = {
      {"plain", "www", "www"},
      {"nothing", "", ""},
      {"a comma", "a,b", "\"a,b\""},
      {"quotes", "a \"b\"", "\"a \"\"b\"\"\""},
      {"a line break", "a\nb", "a\\nb"},
      {"a formula", "=HYPERLINK(\"http://x\",1)", "\"'=HYPERLINK(\"\"http://x\"\",1)\""},
      {"plus", "+1", "'+1"},
      {"minus", "-1", "'-1"},
      {"at", "@SUM(A1)", "'@SUM(A1)"},
      {"a tab before it", "\t=1", "\\t=1"},
      {"in the middle", "a=b", "a=b"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      CHECK(report::csv::cell(c.text) == c.cell);
    }
  }
  CHECK(report::csv::record({"a", "", "b,c"}) == "a,,\"b,c\"\r\n");
}

TEST_CASE("news: a line for each thing that has become different, and none for what has not") {
  struct Case {
    char const* title;
    void (*then)(report::Status& status);
    std::vector<std::string> expect;
  };
  Case const cases[] = {
      {"nothing", [](report::Status&) {}, {}},
      {"only the time", [](report::Status& status) { status.now += std::chrono::hours(1); }, {}},
      {"a condition",
       [](report::Status& status) { status.enrollments[1].condition = Condition::in_sync; },
       {"shop: in progress → in sync"}},
      {"what a change waits for",
       [](report::Status& status) {
         status.enrollments[0].changes[0].who = lifecycle::Who::cps;
         status.enrollments[0].changes[0].what = "CPS works on it";
       },
       {"api: change 10002 (renewal), ours: CPS works on it · CPS to act"}},
      {"a change that has ended",
       [](report::Status& status) { status.enrollments[0].changes.clear(); },
       {"api: change 10002 has ended"}},
      {"a new one",
       [](report::Status& status) { status.enrollments[1].changes.push_back({.id = 8, .what = "x"}); },
       {"shop: change 8, another party's: x"}},
      {"a new certificate",
       [](report::Status& status) { status.enrollments[0].expires = "2027-02-01T00:00:00Z"; },
       {"api: expires 2027-02-01"}},
      {"an enrollment more, and one less",
       [](report::Status& status) { status.enrollments[2].id = 10010; },
       {"id 10010: unmanaged", "id 10009: not among them any more"}},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      report::Status after = everything();
      c.then(after);
      CHECK(report::news(everything(), after) == c.expect);
    }
  }
}

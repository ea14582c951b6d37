#include "report/report.hpp"

#include "base/fields.hpp"
#include "golden.hpp"
#include "plan/document.hpp"
#include "plans.hpp"
#include "report/paint.hpp"
#include "report/result.hpp"
#include "report/state.hpp"
#include "report/status.hpp"
#include "report/wording.hpp"

#include <map>
#include <set>
#include <sstream>

#include <boost/mp11.hpp>
#include <doctest/doctest.h>

using namespace cpsctl;
using report::testing::every_row;
using report::testing::golden;

namespace {

std::string plan_text(plan::PlanView const& plan, report::Style style = {}) {
  std::ostringstream out;
  report::plan_text(plan,
                    {.used = 1,
                     .to_apply = static_cast<std::size_t>(plan.requests_to_apply),
                     .estimate = std::chrono::seconds(120),
                     .limit = "35 a minute"},
                    style, out);
  return out.str();
}

}  // namespace

TEST_CASE("plan text: every kind of row") {
  golden("plan.txt", plan_text(every_row()));
}

TEST_CASE("plan text: many names of one change are counted in a line, and all of them are shown below it") {
  auto const with = [](int count) {
    diff::Change change{.pointer = "/csr/sans", .effect = schema::Effect::certificate, .set = true};
    for (int i = 0; i < count; ++i) change.added.push_back("s" + std::to_string(i) + ".many.example.com");
    change.removed = {"old.example.com"};
    return plan_text({.items = {{.name = "many", .action = plan::Action::update, .changes = {change}}}});
  };
  CHECK(with(12).find("    + csr.sans  s11.many.example.com  issues a new certificate\n") != std::string::npos);
  std::string const text = with(70);
  CHECK(text.find("    + csr.sans  70 added         issues a new certificate\n        s0.many") != std::string::npos);
  CHECK(text.find("    - csr.sans  old.example.com  issues a new certificate\n") != std::string::npos);
  for (int i = 0; i < 70; ++i) CHECK(text.find("s" + std::to_string(i) + ".many.example.com") != std::string::npos);
  std::istringstream lines(text);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) CHECK(line.size() <= 120);
  CHECK(count < 25);
}

TEST_CASE("plan text: nothing to do, and nothing at all") {
  CHECK(plan_text({.summary = {.unchanged = 3}}) == "No changes: 3 unchanged.\nCost: 1 request used.\n");
  CHECK(plan_text({}) == "No changes: nothing is managed here.\nCost: 1 request used.\n");
}

TEST_CASE("plan text: the text says when it covers a part of the manifests") {
  CHECK(plan_text({.selection = {.labels = {{"team", "web"}}}, .summary = {.unchanged = 3, .left_out = 12}}) ==
        "No changes: 3 unchanged.\nPartial: only -l team=web was looked at; 12 enrollments were left out.\n"
        "Cost: 1 request used.\n");
}

TEST_CASE("colour changes no word: without its codes the text is the same") {
  std::string coloured = plan_text(every_row(), {.colour = true});
  CHECK(coloured.find("\x1b[") != std::string::npos);
  for (auto at = coloured.find('\x1b'); at != std::string::npos; at = coloured.find('\x1b'))
    coloured.erase(at, coloured.find('m', at) - at + 1);
  CHECK(coloured == plan_text(every_row()));
}

TEST_CASE("findings: place, rule, caret and hint") {
  std::vector<Finding> const findings = {
      {.mark = {.file = "a.yaml", .line = 2, .column = 3},
       .path = "spec.sanz",
       .message = "unknown key \"sanz\"",
       .hint = "did you mean \"sans\"?",
       .rule = "CPS001"},
      {.mark = {.file = "a.yaml", .line = 3, .column = 10}, .severity = Severity::warning, .message = "odd"},
      {.mark = {.file = "b.yaml", .line = 0, .column = 0}, .message = "the file has no manifest"}};
  std::ostringstream out;
  report::findings_text(
      findings,
      [](std::string const& file) -> std::optional<std::string> {
        if (file != "a.yaml") return std::nullopt;
        return "first\n\té\tsanz: [x]\nö: \"\x1b[2J\" x\n";
      },
      {}, out);
  golden("findings.txt", out.str());
  CHECK(json::text_or(json::at(report::findings_document(findings, 2, 0), "/findings/0/rule"), "") == "CPS001");
}

TEST_CASE("result: what was not done has its next step, what was done is counted") {
  auto const rows = report::testing::every_outcome();
  std::ostringstream out;
  report::result_text(rows, {.requests = 5, .throttles = 1, .plan_above = true}, {}, out);
  for (auto const& row : rows) report::progress_line(row, {}, out);
  golden("result.txt", out.str());
  auto const document = report::result_document(rows, {.realm = "sandbox", .requests = 5});
  CHECK(json::at(document, "/summary/create")->GetInt() == 1);
  CHECK(json::at(document, "/items/1/id")->IsNull());
}

TEST_CASE("documents fit the schemas that describe them, member by member") {
  std::vector<Finding> const findings{
      {.mark = {.file = "a.yaml", .line = 2, .column = 3}, .path = "spec", .message = "is missing", .rule = "CPS001"}};
  report::StatusRow const status{.name = "www",
                                 .id = 1,
                                 .also = {report::Condition::blocked},
                                 .production_slots = {9},
                                 .changes = {{.id = 2, .names = {"a.example.com"}, .warnings = {{.id = "X"}}}}};
  Error const error{.code = Errc::io, .message = "the disk is full", .next = "make room"};
  std::map<std::string, json::Document> documents;
  documents["plan.v1"] = plan::document(report::testing::every_row());
  documents["result.v1"] =
      report::result_document(report::testing::every_outcome(), {.realm = "sandbox", .error = error});
  documents["status.v1"] = report::status_document(
      {.enrollments = {status}, .expiring = report::Expiring{.within = std::chrono::hours(24), .unknown = {"api"}}});
  documents["findings.v1"] = report::findings_document(findings, 1, 0);
  for (auto const& [name, document] : documents) {
    CAPTURE(name);
    auto const schema = schema::named(name).value();
    for (auto const& problem : schema::check(document, schema->root(), {.direction = schema::Direction::any}))
      FAIL_CHECK(problem.pointer, ": ", problem.message);
    for (auto const& member : document.GetObject())
      CHECK_MESSAGE(schema->root().properties.contains(std::string(json::view(member.name))), json::view(member.name));
  }
}

TEST_CASE("result: every outcome that apply knows has words of its own") {
  std::set<std::string> words;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<plan::Outcome>>([&](auto enumerator) {
    report::ResultRow const row{.name = "a", .action = plan::Action::update, .outcome = enumerator.value};
    std::string const said = report::outcome_of(row);
    CAPTURE(said);
    CHECK((said == "failed") == (enumerator.value == plan::Outcome::failed));
    words.insert(said);
    std::vector<report::ResultRow> const rows{row};
    bool const fine = enumerator.value == plan::Outcome::done || enumerator.value == plan::Outcome::under_way;
    if (fine) CHECK(report::result_junit(rows, {}, {}).find("<failure") == std::string::npos);
    CHECK(report::result_markdown(rows, {}, {}).find(said) != std::string::npos);
  });
  CHECK(words.size() == 9);
}

TEST_CASE("state: a table, open writes, and an entry member by member") {
  report::Entries const entries = {{"www",
                                    {.name = "www",
                                     .contract = "1-A",
                                     .id = 10001,
                                     .source = "www.yaml",
                                     .common_name = "www.example.com",
                                     .written = "2026-11-23T10:00:00.123Z",
                                     .open_steps = {"/clientMutualAuthentication"},
                                     .changes = {10002, 10003},
                                     .removal = {10004}}}};
  std::ostringstream out;
  report::state_text(entries, {{.name = "lost", .at = "2026-11-23T10:00:00Z"}}, {}, out);
  report::entry_text(entries.at("www"), out);
  golden("state.txt", out.str());
  SUBCASE("a state that does not say when says nothing") {
    report::Entries unsaid = entries;
    unsaid.at("www").written.clear();
    std::ostringstream table;
    report::state_text(unsaid, {}, {}, table);
    CHECK(table.str().find("1-A" + std::string(5 + 2 + 20 + 2, ' ') + "www.example.com  (removal") !=
          std::string::npos);
  }
}

TEST_CASE("state: the history tells what was done and by whom, newest last, and what is in doubt") {
  state::Author const ana{.user = "ana", .host = "build-1"};
  state::Author const pipeline{.user = "octocat", .host = "runner", .job = "https://ci.example/jobs/7"};
  std::vector<state::Event> const history{
      {.at = "2026-11-20T10:00:00Z", .what = state::Happened::adopted, .name = "www", .enrollment = 10001},
      {.at = "2026-11-21T10:00:00.123Z",
       .what = state::Happened::created,
       .name = "api",
       .enrollment = 10002,
       .changes = {501, 502},
       .run = "34c0aed1-ea6f-42b6-a42e-c353612716d5",
       .by = pipeline},
      {.at = "2026-11-22T10:00:00Z",
       .what = state::Happened::refused,
       .name = "api",
       .step = state::WriteKind::update,
       .enrollment = 10002,
       .reason = "a person settled it:\n::error::it was not done",
       .run = "6f1d",
       .by = ana},
      {.at = "2026-11-23T10:00:00Z", .what = state::Happened::renamed, .name = "web", .old_name = "www", .by = ana},
      {.what = state::Happened::forgotten, .name = "::warning::x", .by = {.job = "Jenkins"}}};
  std::vector<state::Record> const doubts{{.name = "lost", .at = "2026-11-23T10:00:00Z", .by = ana}};
  std::ostringstream out;
  report::log_text(history, doubts, {}, out);
  report::log_text({}, {}, {}, out);
  golden("log.txt", out.str());
  json::Document const document = report::log_document("sandbox", history, doubts);
  CHECK(json::text_or(json::at(document, "/events/1/what"), "") == "created");
  CHECK(json::text_or(json::at(document, "/events/1/by/job"), "") == "https://ci.example/jobs/7");
  CHECK(json::text_or(json::at(document, "/openIntents/0/by/user"), "") == "ana");
}

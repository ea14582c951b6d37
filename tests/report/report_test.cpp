#include "report/report.hpp"

#include "report/paint.hpp"
#include "report/result.hpp"
#include "report/state.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

using namespace cpsctl;

namespace {

/// Compares with tests/report/data/<name>; CPS_ACCEPT=1 rewrites the file and fails, so that it never passes for a run.
void golden(std::string const& name, std::string const& text) {
  std::string const path = std::string(CPS_TEST_DATA) + "/" + name;
  if (std::getenv("CPS_ACCEPT") != nullptr) {
    std::ofstream(path) << text;
    FAIL_CHECK("accepted ", name);
    return;
  }
  std::ifstream file(path);
  std::ostringstream expect;
  expect << file.rdbuf();
  CHECK(text == expect.str());
}

json::Ref value(std::string const& text) {
  return json::share(json::parse(text, "value").value());
}

plan::Plan every_row() {
  plan::Plan plan{.realm = "sandbox"};
  plan.items = {
      {.name = "adopted",
       .action = plan::Action::adopt,
       .contract = "1-A",
       .id = 7,
       .common_name = "adopted.example.com",
       .validation_type = "dv",
       .reason = "exists already and is identical",
       .state_only = true},
      {.name = "blocked",
       .action = plan::Action::blocked,
       .wanted = plan::Action::update,
       .contract = "1-A",
       .id = 8,
       .common_name = "blocked.example.com",
       .validation_type = "ov",
       .changes = {{.pointer = "/csr/sans",
                    .live = value(R"(["a"])"),
                    .desired = value(R"(["b"])"),
                    .added = {"new.example.com"},
                    .removed = {"old.example.com"},
                    .effect = schema::Effect::certificate,
                    .set = true},
                   {.pointer = "/networkConfiguration/ocspStapling",
                    .live = value(R"("off")"),
                    .desired = value(R"("on")"),
                    .effect = schema::Effect::deployment},
                   {.pointer = "/techContact/phone", .live = value("null"), .desired = value(R"("617-555-0113")")},
                   {.pointer = "/networkConfiguration/secureNetwork",
                    .live = value(R"("standard-tls")"),
                    .desired = value(R"("enhanced-tls")"),
                    .effect = schema::Effect::immutable}},
       .reason = "networkConfiguration.secureNetwork cannot be changed in place",
       .next = "set it back",
       .notes = {"in progress at CPS: change 5 (renewal)"}},
      {.name = "created",
       .action = plan::Action::create,
       .contract = "1-A",
       .common_name = "c\x1b[2J.example.com",
       .validation_type = "third-party",
       .steps = {"POST /enrollments", "GET /enrollments/{id}", "PUT /enrollments/{id}"}},
      {.name = "quiet",
       .contract = "1-A",
       .id = 9,
       .common_name = "quiet.example.com",
       .validation_type = "dv",
       .notes = {"in progress at CPS: change 6"}}};
  plan.summary = {.create = 1, .adopt = 1, .blocked = 1, .unchanged = 213};
  plan.requests_to_apply = 3;
  return plan;
}

std::string plan_text(plan::Plan const& plan, report::Style style = {}) {
  std::ostringstream out;
  report::plan_text(
      plan,
      {.used = 1, .to_apply = plan.requests_to_apply, .estimate = std::chrono::seconds(120), .limit = "35 a minute"},
      style, out);
  return out.str();
}

}  // namespace

TEST_CASE("plan text: every kind of row") {
  golden("plan.txt", plan_text(every_row()));
}

TEST_CASE("plan text: nothing to do, and nothing at all") {
  CHECK(plan_text({.summary = {.unchanged = 3}}) == "No changes: 3 unchanged.\nCost: 1 request used.\n");
  CHECK(plan_text({}) == "No changes: nothing is managed.\nCost: 1 request used.\n");
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
  std::vector<report::ResultRow> const rows = {
      {.name = "a", .action = "create", .outcome = "done", .id = 10001, .changes = {10002}},
      {.name = "b", .action = "create", .outcome = "failed", .message = "refused", .next = "mend it"},
      {.name = "c", .action = "create", .outcome = "doubt", .message = "lost", .next = "run again"},
      {.name = "d", .action = "blocked", .outcome = "blocked", .id = 4, .message = "in the way", .next = "do it"},
      {.name = "e", .action = "create", .outcome = "skipped", .message = "not begun"},
      {.name = "f", .action = "adopt", .outcome = "done", .id = 6}};
  std::ostringstream out;
  report::result_text(rows, {.requests = 5, .throttles = 1}, {}, out);
  for (auto const& row : rows) report::progress_line(row, {}, out);
  golden("result.txt", out.str());
  auto const document = report::result_document(rows, {.realm = "sandbox", .requests = 5});
  CHECK(json::at(document, "/summary/create")->GetInt() == 1);
  CHECK(json::at(document, "/items/1/id")->IsNull());
}

TEST_CASE("state: a table, open writes, and an entry member by member") {
  report::Entries const entries = {{"www",
                                    {.name = "www",
                                     .contract = "1-A",
                                     .id = 10001,
                                     .source = "www.yaml",
                                     .common_name = "www.example.com",
                                     .written = "2026-11-23T10:00:00.123Z"}}};
  std::ostringstream out;
  report::state_text(entries, {{.name = "lost", .at = "2026-11-23T10:00:00Z"}}, {}, out);
  report::entry_text(entries.at("www"), out);
  golden("state.txt", out.str());
}

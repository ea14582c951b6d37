#include "report/junit.hpp"

#include "golden.hpp"
#include "plans.hpp"
#include "report/failure.hpp"
#include "report/report.hpp"
#include "xml.hpp"

#include <array>

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::report::testing;

TEST_CASE("junit: a plan, a result, findings and a failure") {
  std::string const plan = report::plan_junit(every_row());
  std::string const result = report::result_junit(every_outcome(), {}, every_row());
  golden("plan.xml", plan);
  golden("result.xml", result);
  std::vector<Finding> const findings = {
      {.mark = {.file = "a.yaml", .line = 2, .column = 3},
       .path = "spec.sanz",
       .message = "unknown key \"sanz\"",
       .hint = "did you mean \"sans\"?",
       .rule = "CPS001"},
      {.mark = {.file = "a.yaml", .line = 4, .column = 1}, .message = "no <name>"},
      {.mark = {.file = "b.yaml", .line = 3, .column = 10}, .severity = Severity::warning, .message = "odd"}};
  golden("findings.xml", report::findings_junit(findings, {"b.yaml", "c.yaml"}));
  Error const error{.code = Errc::locked, .message = "another run\nholds the lock", .next = "wait"};
  std::string const failure = report::failure_junit({.command = "apply", .error = error, .kind = "locked", .exit = 5});
  golden("failure.xml", failure);
  for (std::string const& xml : {plan, result, failure}) CHECK(xml_problem(xml) == "");
}

TEST_CASE("junit: a suite is never empty, and no two cases have one name") {
  CHECK(report::plan_junit({.summary = {.unchanged = 3}}).find("name=\"unchanged enrollments\"") != std::string::npos);
  CHECK(report::plan_junit({}).find("tests=\"1\"") != std::string::npos);
  std::string const twice = report::junit::document("plan", {{.name = "a"}, {.name = "a"}});
  CHECK(twice.find("name=\"a\"/>") != std::string::npos);
  CHECK(twice.find("name=\"a (2)\"/>") != std::string::npos);
}

TEST_CASE("property: whatever names and messages hold, it is XML") {
  for (unsigned seed = 0; seed < 80; ++seed) {
    CAPTURE(seed);
    CHECK(xml_problem(report::plan_junit(hostile_plan(seed, seed % 30))) == "");
    Hostile hostile(seed);
    std::vector<report::ResultRow> rows;
    std::vector<Finding> findings;
    for (std::size_t i = 0; i < seed % 20; ++i) {
      rows.push_back({.name = hostile.text(),
                      .action = plan::Action::update,
                      .outcome = std::array{plan::Outcome::done, plan::Outcome::failed, plan::Outcome::skipped}.at(
                          hostile.below(3)),
                      .message = hostile.text(),
                      .next = hostile.text()});
      findings.push_back({.mark = {.file = hostile.text(), .line = 1, .column = 1},
                          .severity = static_cast<Severity>(hostile.below(2)),
                          .path = hostile.text(),
                          .message = hostile.text(),
                          .hint = hostile.text(),
                          .rule = hostile.text()});
    }
    CHECK(xml_problem(report::result_junit(rows, {}, {})) == "");
    CHECK(xml_problem(report::findings_junit(findings, {})) == "");
    Error const error{.message = hostile.text(), .next = hostile.text()};
    CHECK(xml_problem(report::failure_junit({.command = "plan", .error = error, .kind = "refused"})) == "");
  }
}

TEST_CASE("the check for XML sees what is not XML") {
  std::string const head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  CHECK(xml_problem(head + "<a b=\"c\"><d/>&amp;</a>\n") == "");
  for (char const* const bad : {"<a>", "<a></b>", "<a/><a/>", "<a b=\"c\" b=\"d\"/>", "<a>&x;</a>", "<a>&</a>", "x<a/>",
                                "<a b=\"<\"/>", "<a>]]></a>", "<a>\x01</a>", "<a>\xff</a>", ""})
    CHECK(xml_problem(head + bad) != "");
}

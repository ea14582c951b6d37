#include "base/screen.hpp"
#include "base/text.hpp"
#include "plans.hpp"
#include "report/failure.hpp"
#include "report/findings.hpp"
#include "report/report.hpp"
#include "report/result.hpp"
#include "report/state.hpp"
#include "report/status.hpp"

#include <map>
#include <memory>
#include <optional>
#include <sstream>

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <doctest/doctest.h>

using namespace cpsctl;

namespace {

std::string const nasty =
    "::error::x\n::error::y\n  ::stop-commands::z\r\x1b[31m\x1b]0;t\x07 ##vso[a]b ##[c]d "
    "##TeamCity[e]\u202e\u200b\u200f\u061c\ufe0f\U000e0041";

template <class T>
void poison(T& value);

template <class T>
void poison(std::vector<T>& values) {
  if (values.empty()) values.emplace_back();
  for (T& value : values) poison(value);
}

template <class T>
void poison(std::optional<T>& value) {
  if (value) poison(*value);
}

void poison(std::map<std::string, std::string>& values) {
  values = {{nasty, nasty}};
}

/// Every string that `value` reaches, names of members included.
template <class T>
void poison(T& value) {
  if constexpr (std::same_as<T, std::string>) {
    value = nasty;
  } else if constexpr (std::same_as<T, json::Ref>) {
    json::Document document(rapidjson::kObjectType);
    auto& pool = document.GetAllocator();
    document.AddMember(json::string(nasty, pool), json::string(nasty, pool), pool);
    value = json::share(document);
  } else if constexpr (boost::describe::has_describe_members<T>::value) {
    using Members = boost::describe::describe_members<T, boost::describe::mod_public>;
    boost::mp11::mp_for_each<Members>([&](auto member) { poison(value.*member.pointer); });
  }
}

template <class T>
T poisoned(T value) {
  poison(value);
  return value;
}

/// Nothing unseen, and no line that a CI runner takes for a command.
void check_inert(std::string const& text) {
  CHECK(text.size() > 10);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK(text::printable(line) == line);
    CHECK(screen::inert(line) == line);
  }
}

template <class Print>
void check_text(Print const& print) {
  std::ostringstream out;
  print(report::Style{}, out);
  check_inert(out.str());
}

}  // namespace

TEST_CASE("whatever a plan's texts hold, no report moves a cursor or commands a CI runner") {
  plan::PlanView plan = report::testing::every_row();
  poison(plan);
  check_text([&](report::Style const& style, std::ostream& out) { report::plan_text(plan, {.used = 1}, style, out); });
  check_inert(report::plan_markdown(plan, {.used = 1}));
  check_inert(report::plan_junit(plan));
}

TEST_CASE("whatever a result's texts hold, no report moves a cursor or commands a CI runner") {
  auto rows = report::testing::every_outcome();
  for (report::ResultRow& row : rows) row.name = row.message = row.next = nasty;
  report::ResultFacts const facts{.realm = nasty, .error = Error{.code = Errc::io, .message = nasty, .next = nasty}};
  plan::PlanView plan = report::testing::every_row();
  poison(plan);
  check_text([&](report::Style const& style, std::ostream& out) {
    report::result_text(rows, facts, style, out);
    for (report::ResultRow const& row : rows) report::progress_line(row, style, out);
  });
  check_inert(report::result_markdown(rows, facts, plan));
  check_inert(report::result_junit(rows, facts, plan));
}

TEST_CASE("whatever state and status hold, no report moves a cursor or commands a CI runner") {
  state::Entry const entry = poisoned(state::Entry{});
  state::Record const record = poisoned(state::Record{});
  report::StatusRow row = poisoned(report::StatusRow{});
  report::ChangeRow change = poisoned(report::ChangeRow{});
  change.who = lifecycle::Who::person;
  change.warnings = {poisoned(report::WarningRow{})};
  row.changes = {change, change};
  report::Status const status{.enrollments = {row, row},
                              .expiring = report::Expiring{.within = std::chrono::hours(1), .unknown = {nasty}}};
  check_text([&](report::Style const& style, std::ostream& out) {
    report::state_text({{nasty, entry}}, {record}, style, out);
    report::entry_text(entry, out);
    for (std::string const& line : report::news({}, status)) screen::line(out, "{}", line);
    report::status_text(status, style, out);
  });
  check_inert(report::status_markdown(status));
  std::string csv = report::status_csv(status);
  std::erase(csv, '\r');  // of its line ends
  check_inert(csv);
}

TEST_CASE("whatever findings quote, no report moves a cursor or commands a CI runner") {
  std::vector<Finding> const findings{
      {.mark = {.file = nasty, .line = 1, .column = 3}, .path = nasty, .message = nasty, .hint = nasty, .rule = nasty}};
  report::SourceText const source = [](std::string const&) { return std::optional(nasty); };
  check_text(
      [&](report::Style const& style, std::ostream& out) { report::findings_text(findings, source, style, out); });
  check_inert(report::findings_junit(findings, {nasty}));
  auto const ours = [](std::string const& commands) {
    CHECK(commands.starts_with("::error "));
    CHECK(commands.ends_with("\n"));
    check_inert(commands.substr(2, commands.size() - 3));  // one line, and nothing in it but our own command
    CHECK(commands.find('\n') == commands.size() - 1);
  };
  ours(report::findings_github(findings, {.source = source}));

  Error const error{.code = Errc::io, .message = nasty, .next = nasty};
  report::Failure const failure{.command = "plan", .error = error, .kind = "io", .exit = 1};
  check_text([&](report::Style const& style, std::ostream& out) { report::error_text(error, style, out); });
  check_inert(report::failure_markdown(failure));
  check_inert(report::failure_junit(failure));
  ours(report::failure_github(failure, {}));
}

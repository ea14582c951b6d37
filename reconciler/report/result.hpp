#pragma once
#include "base/clock.hpp"
#include "base/json.hpp"
#include "plan/outcome.hpp"
#include "report/report.hpp"

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

/// What apply did, for people and for pipelines.
namespace cpsctl::report {

struct ResultRow {
  std::string name = {};
  plan::Part part = plan::Part::enrollment;
  plan::Action action = plan::Action::none;
  plan::Outcome outcome = plan::Outcome::skipped;
  std::int64_t id = 0;
  std::vector<std::int64_t> changes = {};
  std::string message = {};
  std::string next = {};
  bool state_only = false;  ///< nothing was to be sent
  bool gives_up = false;    ///< of an advance: its changes are cancelled, not answered
  bool in_plan = false;     ///< message and next step are the plan's

  plan::Key key() const { return {name, part}; }
};
BOOST_DESCRIBE_STRUCT(ResultRow, (), (name, action, outcome, id, changes, message, next))

struct ResultFacts {
  std::string title = "Apply";
  std::string realm = {};
  std::size_t requests = 0;
  std::size_t retries = 0;
  std::size_t throttles = 0;
  Duration waited = {};  ///< for the request limit
  bool stopped = false;
  bool plan_above = false;          ///< the reader has just read the plan
  std::optional<Error> error = {};  ///< what ended the run before its end
};

/// "+ www-example-com created: id 10001, change 10002", one line.
void progress_line(ResultRow const& row, Style const& style, std::ostream& out);

/// What was not done, with the next steps, then the count of everything. Done items have had their progress line. What
/// the plan above has said already is one line here.
void result_text(std::vector<ResultRow> const& rows, ResultFacts const& facts, Style const& style, std::ostream& out);

/// A comment like that of the plan, of which this is the result: what went wrong first.
std::string result_markdown(std::vector<ResultRow> const& rows, ResultFacts const& facts, plan::PlanView const& plan);
/// Each row a test case: failed, in doubt and blocked have failed, what was not tried is skipped.
std::string result_junit(std::vector<ResultRow> const& rows, ResultFacts const& facts, plan::PlanView const& plan);

/// schemas/result.v1.schema.json.
json::Document result_document(std::vector<ResultRow> const& rows, ResultFacts const& facts);

}  // namespace cpsctl::report

#pragma once
#include "plan/view.hpp"
#include "report/failure.hpp"
#include "report/findings.hpp"
#include "report/paint.hpp"

#include <optional>
#include <ostream>
#include <string>

/// Plans for people, for pull requests and for test reports.

namespace cpsctl::report {

/// What a run talked with, cost and will cost, for the plan's footer.
struct Cost {
  std::size_t used = 0;  ///< requests so far
  std::size_t to_apply = 0;
  std::optional<Duration> estimate = {};  ///< nothing: no limits
  std::string limit = {};                 ///< "35 a minute"
  std::string credentials = {};           ///< where they come from: "~/.edgerc section [prod]"; empty: nowhere
  std::size_t outside = 0;                ///< of a plan about nothing: enrollments of the state from other paths
  std::string outside_example = {};       ///< the manifest of one of them
};

void plan_text(plan::PlanView const& plan, Cost const& cost, Style const& style, std::ostream& out);
/// What a command that a person gives by hand is about to send: there is nothing to approve by its digest.
void by_hand_text(plan::PlanView const& plan, Cost const& cost, Style const& style, std::ostream& out);

/// A comment for a pull request: what is dangerous first, details folded, contacts masked, at most 60,000 bytes.
std::string plan_markdown(plan::PlanView const& plan, Cost const& cost);
/// Each item a test case; what is blocked has failed. Contacts masked.
std::string plan_junit(plan::PlanView const& plan);

}  // namespace cpsctl::report

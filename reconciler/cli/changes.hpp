#pragma once
#include "cli/connection.hpp"
#include "cli/lives.hpp"
#include "lifecycle/decide.hpp"
#include "plan/plan.hpp"
#include "plan/view.hpp"

#include <optional>
#include <string>
#include <vector>

/// Changes at CPS, of the enrollments that are known here.
namespace cpsctl::cli {

/// One that is pending, as the list says.
struct PendingChange {
  std::string name = {};  ///< the enrollment's
  std::string account = {};
  cps::EnrollmentId enrollment = {};
  cps::PendingChange change = {};
  std::string common_name = {};
  std::string kind = {};                   ///< the enrollment's validationType: "dv", "third-party" …
  std::vector<std::int64_t> ours = {};     ///< changes of the enrollment that the state has as ours
  std::vector<std::int64_t> removal = {};  ///< those of them that take it away
};

/// Those of the enrollments that the state has and the selection takes, and of those that the plan would adopt: by
/// name, in CPS's order. Errors: internal.
Result<std::vector<PendingChange>> pending_changes(plan::Inputs const& inputs, plan::PlanView const& plan,
                                                   Lives const& lives);

/// The same as CPS tells it now.
struct ChangeSight {
  PendingChange pending = {};
  std::optional<cps::Change> change = {};  ///< nothing: it has ended since it was listed, or could not be read
  lifecycle::Info info = {};               ///< of the input that it waits for
  std::optional<Error> failure = {};       ///< why it, or that information, could not be read
  std::optional<lifecycle::Recalled> recalled = {};  ///< it was not read now: that is how it was
};

/// One request for each, and one more where it waits; several at once. In their order; what cannot be read hides no
/// other. Errors: cancelled.
Result<std::vector<ChangeSight>> look_at(std::vector<PendingChange> changes, Connection& connection);

}  // namespace cpsctl::cli

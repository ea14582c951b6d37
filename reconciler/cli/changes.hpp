#pragma once
#include "cps/change_api.hpp"
#include "plan/plan.hpp"

#include <string>
#include <vector>

/// Changes at CPS, of the enrollments that are known here.
namespace cpsctl::cli {

/// One that is pending, as the list says.
struct PendingChange {
  cps::ChangeRef ref = {};
  std::string type = {};           ///< CPS's word: "new-certificate"
  std::string common_name = {};    ///< of the enrollment
  bool takes_certificate = false;  ///< the enrollment's certificates are signed outside CPS
};

/// Those of the enrollments that the state has and the selection takes: by name, and the oldest first. Errors:
/// internal.
Result<std::vector<PendingChange>> pending_changes(plan::Inputs const& inputs);

}  // namespace cpsctl::cli

#pragma once
#include "cli/account.hpp"
#include "plan/plan.hpp"

#include <optional>
#include <string>
#include <vector>

/// Asks CPS from when until when certificates are valid (plan/dates.hpp).
namespace cpsctl::cli {

/// What one enrollment serves.
struct Served {
  std::string name = {};  ///< the enrollment's
  std::string account = {};
  cps::EnrollmentId enrollment = {};
  std::vector<state::Dates> dates = {};
  std::optional<Error> failure = {};
};

/// One request for each. Errors: cancelled.
Result<std::vector<Served>> read_served(std::vector<Served> all, Connection& connection);

/// For a run that writes: reads the dates that the state lacks, and records them. Once a day the list of a contract's
/// active certificates, one request for all; else one request for each enrollment, for a quarter of what CPS allows in
/// a minute at most: the next run goes on. What cannot be read stays unknown. Errors: cancelled; io; locked; internal.
Result<> learn_dates(plan::Inputs& inputs, Account& account);

}  // namespace cpsctl::cli

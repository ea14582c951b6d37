#pragma once
#include "cli/connection.hpp"
#include "cps/history.hpp"
#include "cps/types.hpp"

#include <optional>
#include <string>
#include <vector>

namespace cpsctl::cli {

/// What CPS did with an enrollment, and is doing: newest first.
struct History {
  std::string name = {};  ///< the enrollment's
  std::string account = {};
  cps::EnrollmentId enrollment = {};
  std::vector<cps::HistoryChange> changes = {};
  std::optional<Error> failure = {};
};

/// One request for each; several at once. What cannot be read hides no other. Errors: cancelled.
Result<std::vector<History>> read_histories(std::vector<History> all, Connection& connection);

/// A clause about one that could not be read.
std::string unread_history(Error const& failure);

}  // namespace cpsctl::cli

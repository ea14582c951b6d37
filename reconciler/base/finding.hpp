#pragma once
#include "base/result.hpp"

#include <span>
#include <string>
#include <vector>

namespace cpsctl {

enum class Severity : std::uint8_t { error, warning };

/// One thing that is wrong with a file: where, which field, what, and what to write instead.
struct Finding {
  Mark mark;
  Severity severity = Severity::error;
  std::string path = {};  ///< field path as people write it: spec.enrollment.csr.sans[2]; empty for the whole document
  std::string message = {};  ///< what is wrong, one clause
  std::string hint = {};     ///< what to write instead; empty when the message says it all
  std::string rule = {};     ///< stable id such as CPS101; empty only for findings without a rule
};

/// Sorts by file, line, column, then rule, and drops exact repetitions.
void sort_findings(std::vector<Finding>& findings);

bool has_errors(std::span<Finding const> findings);

}  // namespace cpsctl

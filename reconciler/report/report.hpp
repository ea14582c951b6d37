#pragma once
#include "base/finding.hpp"
#include "base/json.hpp"
#include "plan/plan.hpp"

#include <functional>
#include <optional>
#include <ostream>
#include <span>
#include <string>

namespace cpsctl::report {

/// Meaning never hangs on colour: the symbols + ~ - ! ? carry it.
struct Style {
  bool colour = false;
  std::size_t width = 100;
};

/// What a run cost and will cost, for the plan's footer.
struct Cost {
  std::size_t used = 0;  ///< requests so far
  std::size_t to_apply = 0;
  std::optional<Duration> estimate = {};  ///< nothing: no limits
  std::string limit = {};                 ///< "35 a minute"
};

void plan_text(plan::Plan const& plan, Cost const& cost, Style style, std::ostream& out);

/// With the source line and a caret under each finding when `source` gives the file's text; closes with a count.
using SourceText = std::function<std::optional<std::string>(std::string const& file)>;
void findings_text(std::span<Finding const> findings, SourceText const& source, Style style, std::ostream& out);
json::Document findings_document(std::span<Finding const> findings, std::size_t files, std::size_t enrollments);

/// "error: …" with its next step, for stderr.
void error_text(Error const& error, Style style, std::ostream& out);

}  // namespace cpsctl::report

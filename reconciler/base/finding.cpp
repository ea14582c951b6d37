#include "base/finding.hpp"

#include <algorithm>
#include <tuple>

namespace cpsctl {

void sort_findings(std::vector<Finding>& findings) {
  auto const key = [](Finding const& f) { return std::tie(f.mark, f.rule, f.path, f.message); };
  std::ranges::sort(findings, {}, key);
  auto const repeated = std::ranges::unique(findings, {}, key);
  findings.erase(repeated.begin(), repeated.end());
}

bool has_errors(std::span<Finding const> findings) {
  return std::ranges::any_of(findings, [](Finding const& f) { return f.severity == Severity::error; });
}

}  // namespace cpsctl

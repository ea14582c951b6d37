#include "base/finding.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <tuple>

namespace cpsctl {

void sort_findings(std::vector<Finding>& findings) {
  // Files are quoted in them; each stays on one line all the same.
  for (Finding& finding : findings)
    for (std::string* const words : {&finding.path, &finding.message, &finding.hint}) *words = text::printable(*words);
  auto const key = [](Finding const& f) { return std::tie(f.mark, f.rule, f.path, f.message); };
  std::ranges::sort(findings, {}, key);
  auto const repeated = std::ranges::unique(findings, {}, key);
  findings.erase(repeated.begin(), repeated.end());
}

bool has_errors(std::span<Finding const> findings) {
  return std::ranges::any_of(findings, [](Finding const& f) { return f.severity == Severity::error; });
}

}  // namespace cpsctl

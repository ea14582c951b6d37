#include "base/finding.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

namespace cpsctl {
namespace {

/// "and 3 more errors, which are left out here"; `unread` is about the rest of the file.
Finding left_out(std::string const& file, Severity severity, std::size_t count, bool unread) {
  std::string const word = severity == Severity::error ? "more error" : "more warning";
  std::string message = count > 0 ? fmt::format("and {}, left out here", text::counted(count, word)) : "";
  if (unread) message += (message.empty() ? "" : "; ") + std::string("the rest of the file was not read");
  return {.mark = {.file = file, .line = 0, .column = 0},
          .severity = severity,
          .message = std::move(message),
          .hint = severity == Severity::error ? "fix what is reported above, and run it again" : "",
          .count = std::max<std::size_t>(count, 1)};
}

}  // namespace

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

std::size_t counted(std::span<Finding const> findings, Severity severity) {
  auto const more = [&](std::size_t sum, Finding const& one) {
    return sum + (one.severity == severity ? one.count : 0);
  };
  return std::accumulate(findings.begin(), findings.end(), std::size_t{0}, more);
}

void Findings::push_back(Finding finding) {
  File& file = files_[finding.mark.file];
  std::size_t& number = finding.severity == Severity::error ? file.errors : file.warnings;
  ++came_;
  if (++number <= most) kept_.push_back(std::move(finding));
}

bool Findings::full(std::string_view file) const {
  auto const found = files_.find(file);
  return found != files_.end() && found->second.errors >= most;
}

void Findings::give_up(std::string_view file) {
  if (auto const found = files_.find(file); found != files_.end()) found->second.given_up = true;
}

std::vector<Finding> Findings::take() {
  std::vector<Finding> all = std::exchange(kept_, {});
  sort_findings(all);
  for (auto const& [name, file] : std::exchange(files_, {})) {
    if (file.errors > most || file.given_up)
      all.push_back(left_out(name, Severity::error, file.errors - std::min(file.errors, most), file.given_up));
    if (file.warnings > most) all.push_back(left_out(name, Severity::warning, file.warnings - most, false));
  }
  std::ranges::stable_sort(all, {}, [](Finding const& one) -> std::string const& { return one.mark.file; });
  came_ = 0;
  return all;
}

}  // namespace cpsctl

#include "lifecycle/policy.hpp"

#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::lifecycle {
namespace {

using std::chrono::days;

constexpr days reported_before = days(14);
constexpr days suggested = days(90);  // a renewal or two, then somebody looks again

/// The first instant at which an answer is no longer in force: its last day counts whole.
WallTime end_of(Day until) {
  return std::chrono::sys_days(until) + days(1);
}

bool answers(manifest::Acknowledgement const& one, Warning const& warning, WallTime now) {
  // The manifests' rules say the same; a state or a plan may have been written by somebody else.
  if (!one.until.ok() || now >= end_of(one.until)) return false;
  bool const low = warning.level == WarningClass::low;
  if (one.warning == "*") return low && one.class_ == manifest::AnsweredClass::low && one.text.empty();
  if (one.warning != warning.id) return false;
  return one.text.empty() ? low : one.text == warning.digest;
}

std::vector<std::string> canonical(std::vector<std::string> names) {
  std::ranges::transform(names, names.begin(), [](std::string const& name) { return text::hostname(name); });
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

}  // namespace

bool is_answered(Policy const& policy, Warning const& warning, WallTime now) {
  if (policy.standing != Standing::manifest || !warning.known()) return false;
  auto const removed = canonical(removed_names(warning));
  if (!removed.empty() && removed == canonical(policy.removed_names)) return true;
  return std::ranges::any_of(policy.lifecycle.acknowledge,
                             [&](manifest::Acknowledgement const& one) { return answers(one, warning, now); });
}

std::vector<Warning> unanswered(Policy const& policy, std::vector<Warning> const& warnings, WallTime now) {
  std::vector<Warning> left;
  std::ranges::copy_if(warnings, std::back_inserter(left),
                       [&](Warning const& warning) { return !is_answered(policy, warning, now); });
  return left;
}

std::optional<Day> ended_answer(Policy const& policy, Warning const& warning, WallTime now) {
  std::optional<Day> last;
  for (manifest::Acknowledgement const& one : policy.lifecycle.acknowledge) {
    if (!one.until.ok() || now < end_of(one.until)) continue;
    Policy alone = policy;
    alone.lifecycle.acknowledge = {one};
    if (is_answered(alone, warning, std::chrono::sys_days(one.until)) && (!last || *last < one.until)) last = one.until;
  }
  return last;
}

std::vector<Ending> ending_answers(manifest::Lifecycle const& lifecycle, WallTime now) {
  std::vector<Ending> all;
  for (manifest::Acknowledgement const& one : lifecycle.acknowledge)
    if (one.until.ok() && now >= end_of(one.until) - reported_before)
      all.push_back({.warning = one.warning, .until = one.until, .ended = now >= end_of(one.until)});
  return all;
}

std::string acknowledge_yaml(std::vector<Warning> const& warnings, WallTime now) {
  std::string yaml;
  for (Warning const& warning : warnings)
    if (warning.known())
      yaml += fmt::format("- {{ warning: {}, text: \"{}\", reason: \"\", until: {} }}\n", warning.id, warning.digest,
                          day_text(day_of(now + suggested)));
  return yaml;
}

std::vector<std::string> wanted_algorithms(Policy const& policy) {
  auto const& written = policy.lifecycle.certificate.key_algorithms;
  if (!written.empty()) return written;
  return policy.multi_stacked ? std::vector<std::string>{"RSA", "ECDSA"} : std::vector<std::string>{"RSA"};
}

}  // namespace cpsctl::lifecycle

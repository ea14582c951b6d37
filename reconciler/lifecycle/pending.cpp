#include "lifecycle/pending.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::lifecycle {
namespace {

constexpr auto deploys_before_end = std::chrono::days(7);
constexpr std::size_t listed = 300;  // bytes of names in a message

using Names = std::set<std::string>;

Names canonical(std::vector<std::string> const& names) {
  Names all;
  for (std::string const& name : names) all.insert(text::hostname(name));
  return all;
}

std::string without(Names const& all, Names const& others) {
  std::vector<std::string> rest;
  std::ranges::set_difference(all, others, std::back_inserter(rest));
  return text::excerpt(fmt::format("{}", fmt::join(rest, ", ")), listed);
}

void compare_names(cps::PendingCertificate const& certificate, Names const& names, Names const& wanted,
                   std::vector<std::string>& found) {
  std::string const key = text::excerpt(certificate.key_algorithm, 20);
  if (auto const missing = without(wanted, names); !missing.empty())
    found.push_back(fmt::format("the {} certificate lacks {}", key, missing));
  if (auto const more = without(names, wanted); !more.empty())
    found.push_back(fmt::format("the {} certificate has {}, too", key, more));
}

/// Lists of settings have no order, and host names among them no case.
std::multiset<std::string> elements(json::Value const& list) {
  std::multiset<std::string> all;
  for (json::Value const& one : list.GetArray())
    all.insert(one.IsString() ? text::hostname(json::view(one)) : json::canonical(one));
  return all;
}

bool same(json::Value const& wanted, json::Value const& pending) {
  if (wanted.IsArray() && pending.IsArray()) return elements(wanted) == elements(pending);
  return json::equal(wanted, pending);
}

void compare_settings(json::Value const& wanted, json::Value const& pending, std::string const& at,
                      std::vector<std::string>& found) {
  for (auto const& member : wanted.GetObject()) {
    std::string const here = json::child(at, json::view(member.name));
    json::Value const* const shown = json::find(pending, json::view(member.name));
    if (shown == nullptr) continue;
    if (member.value.IsObject() && shown->IsObject())
      compare_settings(member.value, *shown, here, found);
    else if (!same(member.value, *shown))
      found.push_back(fmt::format("{} would be {}", text::excerpt(json::dotted(here), 100),
                                  text::excerpt(json::compact(*shown), 100)));
  }
}

/// "[a, b]" is the list of a and b; "[a] is [b]" is a sentence.
std::string_view unbracketed(std::string_view message) {
  message = text::trimmed(message);
  if (!message.starts_with('[')) return message;
  int depth = 0;
  for (std::size_t i = 0; i < message.size(); ++i) {
    if (message[i] == '[') ++depth;
    if (message[i] == ']') --depth;
    if (depth == 0) return i + 1 == message.size() ? message.substr(1, i - 1) : message;
  }
  return message;
}

}  // namespace

std::vector<std::string> pending_differences(cps::PendingDeployment const& pending,
                                             std::vector<std::vector<std::string>> const& names,
                                             std::vector<std::string> const& wanted_names,
                                             json::Value const& wanted_network) {
  std::vector<std::string> found;
  if (names.size() != pending.certificates.size())
    found.emplace_back("the names of a pending certificate are not known");
  for (std::size_t i = 0; i < std::min(names.size(), pending.certificates.size()); ++i)
    compare_names(pending.certificates[i], canonical(names[i]), canonical(wanted_names), found);
  if (pending.network && wanted_network.IsObject()) compare_settings(wanted_network, *pending.network, "", found);
  return found;
}

std::vector<Warning> validation_warnings(cps::PendingDeployment const& pending) {
  std::vector<Warning> all;
  for (cps::ValidationMessage const& one : pending.warnings) {
    auto read = read_warnings(unbracketed(one.message));
    // A warning without words is still one, which nobody can have agreed to.
    if (read.empty()) read.push_back({.text = fmt::format("(no text, code {})", one.message_code)});
    std::ranges::move(read, std::back_inserter(all));
  }
  return all;
}

std::optional<WallTime> deploys_by_itself(cps::PendingDeployment const& pending, cps::Schedule const& schedule,
                                          std::optional<WallTime> live_expires) {
  if (!schedule.not_before.empty()) return std::nullopt;
  if (auto const deadline = parse_timestamp(pending.acknowledgement_deadline)) return *deadline;
  return live_expires ? std::optional(*live_expires - deploys_before_end) : std::nullopt;
}

bool may_expire(Day not_before, WallTime live_expires) {
  return std::chrono::sys_days(not_before) > live_expires - deploys_before_end;
}

}  // namespace cpsctl::lifecycle

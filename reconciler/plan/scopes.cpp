#include "plan/plan.hpp"

#include <algorithm>

namespace cpsctl::plan {
namespace {

/// Versions compare by their number, in the order that the schemas give.
std::string const& higher(std::string const& left, std::string const& right) {
  auto const versions = schema::enrollment_versions();
  auto const place = [&](std::string const& version) {
    return std::ranges::find(versions, version) - versions.begin();
  };
  auto const unknown = static_cast<std::ptrdiff_t>(versions.size());
  if (place(right) == unknown) return left;
  if (place(left) == unknown) return right;
  return place(left) >= place(right) ? left : right;
}

}  // namespace

std::map<Scope, std::string> scopes(std::vector<manifest::Desired> const& desired,
                                    std::map<std::string, state::Entry> const& entries,
                                    std::string const& default_account) {
  std::map<Scope, std::string> found;
  auto const add = [&](Scope scope, std::string const& version) {
    auto const [place, added] = found.try_emplace(std::move(scope), version);
    if (!added) place->second = higher(place->second, version);
  };
  for (manifest::Desired const& one : desired)
    add({one.account_key.empty() ? default_account : one.account_key, one.contract}, one.api_schema);
  for (auto const& [name, entry] : entries) add({entry.account, entry.contract}, entry.api_schema);
  return found;
}

std::vector<Lookup> lookups_needed(Inputs const& inputs) {
  std::map<Scope, std::vector<std::int64_t>> listed;
  for (auto const& [scope, listing] : inputs.listings) {
    auto& ids = listed[scope];
    for (cps::Live const& live : listing.enrollments) ids.push_back(live.id.value);
    std::ranges::sort(ids);
  }
  std::vector<Lookup> needed;
  for (auto const& [name, entry] : inputs.entries) {
    Scope const scope{entry.account, entry.contract};
    auto const ids = listed.find(scope);
    bool const there = ids != listed.end() && std::ranges::binary_search(ids->second, entry.id);
    if (!there) needed.push_back({.scope = scope, .id = entry.id, .name = name, .api_schema = entry.api_schema});
  }
  return needed;
}

}  // namespace cpsctl::plan

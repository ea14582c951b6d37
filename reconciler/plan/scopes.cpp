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

std::map<Scope, std::string> scopes(Inputs const& inputs) {
  std::map<Scope, std::string> found;
  auto const add = [&](Scope scope, std::string const& version) {
    auto const [place, added] = found.try_emplace(std::move(scope), version);
    if (!added) place->second = higher(place->second, version);
  };
  auto const asked_for = [&](std::string const& name, std::string const& contract, auto const& labels) {
    return inputs.only ? inputs.only->contains(name) : inputs.selection.takes(name, contract, labels);
  };
  for (manifest::Desired const& one : inputs.desired)
    if (asked_for(one.name, one.contract, one.labels))
      add({one.account_key.empty() ? inputs.default_account : one.account_key, one.contract}, one.api_schema);
  for (auto const& [name, entry] : inputs.entries)
    if (asked_for(name, entry.contract, entry.labels)) add({entry.account, entry.contract}, entry.api_schema);
  for (state::Record const& intent : inputs.open_intents)
    if (auto const& entry = intent.entry; entry && asked_for(entry->name, entry->contract, entry->labels))
      add({entry->account, entry->contract}, entry->api_schema);
  for (Scope const& scope : inputs.also_listed) add(scope, schema::enrollment_versions().front());
  // A selected one keeps the version of all that share its list.
  for (manifest::Desired const& one : inputs.desired)
    if (auto const place =
            found.find({one.account_key.empty() ? inputs.default_account : one.account_key, one.contract});
        place != found.end())
      place->second = higher(place->second, one.api_schema);
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
    bool const looked_at = ids != listed.end() && (!inputs.only || inputs.only->contains(name));
    if (looked_at && !std::ranges::binary_search(ids->second, entry.id))
      needed.push_back({.scope = scope, .id = entry.id, .name = name, .api_schema = entry.api_schema});
  }
  return needed;
}

bool leaving(Inputs const& inputs, state::Entry const& entry) {
  return !entry.removal.empty() || std::ranges::any_of(inputs.open_intents, [&](state::Record const& intent) {
    bool const about_it = intent.known_ids.empty() || std::ranges::count(intent.known_ids, entry.id) > 0;
    return intent.step == state::Step::delete_ && intent.name == entry.name && about_it;
  });
}

std::size_t tolerable_absence(std::size_t recorded) {
  return std::max<std::size_t>(1, recorded / 10);
}

std::vector<Lookup> next_round(std::vector<Lookup>& lookups, Inputs& inputs) {
  std::map<Scope, std::size_t> recorded, absent, asked;
  for (auto const& [name, entry] : inputs.entries) {
    if (leaving(inputs, entry)) continue;
    Scope const scope{entry.account, entry.contract};
    ++recorded[scope];
    auto const known = inputs.lookups.find(entry.id);
    if (known != inputs.lookups.end() && !known->second) ++absent[scope];
  }
  std::vector<Lookup> round, later;
  for (Lookup& lookup : lookups) {
    std::size_t const most = tolerable_absence(recorded[lookup.scope]);
    if (leaving(inputs, inputs.entries.at(lookup.name))) {
      round.push_back(std::move(lookup));
    } else if (absent[lookup.scope] > most) {
      inputs.lookups.emplace(lookup.id, std::nullopt);
    } else if (asked[lookup.scope] < most + 1 - absent[lookup.scope]) {
      ++asked[lookup.scope];
      round.push_back(std::move(lookup));
    } else {
      later.push_back(std::move(lookup));
    }
  }
  lookups = std::move(later);
  return round;
}

}  // namespace cpsctl::plan

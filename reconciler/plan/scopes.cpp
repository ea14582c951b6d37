#include "plan/plan.hpp"

#include <algorithm>
#include <unordered_map>

namespace cpsctl::plan {
namespace {

/// So many 404s, and few other answers, prove a wrong account where the list lacks more than may be gone.
constexpr std::size_t handful = 5;

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

/// May the list show it as it was before it was written last? Only where something differs that is asked.
bool is_behind(Inputs const& inputs, state::Entry const& entry, cps::Live const& listed) {
  cps::Listing const& listing = inputs.listings.at({entry.account, entry.contract});
  auto const written = parse_timestamp(entry.written);
  if (!written || listing.begun >= *written + inputs.settle) return false;
  auto const desired = std::ranges::find(inputs.desired, entry.name, &manifest::Desired::name);
  bool const has_manifest = desired != inputs.desired.end();
  if (!inputs.selection.takes(entry.name, entry.contract, has_manifest ? desired->labels : entry.labels)) return false;
  auto const removes = [&](cps::PendingChange const& change) {
    return std::ranges::count(entry.removal, change.id.value) > 0;
  };
  if (!entry.removal.empty()) return std::ranges::none_of(listed.pending, removes);
  auto const schema = schema::enrollment(listing.api_schema);
  if (!has_manifest || !schema) return false;
  auto const differs = [&](json::Ref const& wish) {
    return !diff::three_way(wish, entry.last_applied, *listed.document, **schema).changes.empty();
  };
  if (differs(desired->enrollment)) return true;
  bool const edited = entry.last_applied && !json::equal(*desired->enrollment, *entry.last_applied);
  return edited && differs(entry.last_applied);
}

}  // namespace

bool newer(std::string const& left, std::string const& right) {
  return left != right && higher(left, right) == left;
}

Scope scope_of(manifest::Desired const& desired, Inputs const& inputs) {
  return {desired.account_key.empty() ? inputs.default_account : desired.account_key, desired.contract};
}

WallTime now_at(Inputs const& inputs, Scope const& scope) {
  auto const listing = inputs.listings.find(scope);
  bool const dated = listing != inputs.listings.end() && listing->second.answered;
  return dated ? *listing->second.answered : inputs.now;
}

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
    if (asked_for(one.name, one.contract, one.labels)) add(scope_of(one, inputs), one.api_schema);
  for (auto const& [name, entry] : inputs.entries)
    if (asked_for(name, entry.contract, entry.labels)) add({entry.account, entry.contract}, entry.api_schema);
  for (state::Record const& intent : inputs.open_intents)
    if (auto const& entry = intent.entry; entry && asked_for(entry->name, entry->contract, entry->labels))
      add({entry->account, entry->contract}, entry->api_schema);
  for (auto const& [scope, version] : inputs.also_listed) add(scope, version);
  // A selected one keeps the version of all that share its list.
  for (manifest::Desired const& one : inputs.desired)
    if (auto const place = found.find(scope_of(one, inputs)); place != found.end())
      place->second = higher(place->second, one.api_schema);
  return found;
}

std::vector<Lookup> lookups_needed(Inputs const& inputs) {
  std::map<Scope, std::unordered_map<std::int64_t, cps::Live const*>> listed;
  for (auto const& [scope, listing] : inputs.listings) {
    auto& ids = listed[scope];
    for (cps::Live const& live : listing.enrollments) ids.emplace(live.id.value, &live);
  }
  std::vector<Lookup> needed;
  for (auto const& [name, entry] : inputs.entries) {
    Scope const scope{entry.account, entry.contract};
    auto const ids = listed.find(scope);
    bool const looked_at = ids != listed.end() && (!inputs.only || inputs.only->contains(name));
    if (!looked_at) continue;
    auto const live = ids->second.find(entry.id);
    bool const missing = live == ids->second.end();
    if (!missing && !is_behind(inputs, entry, *live->second)) continue;
    // In the list's version: whoever compares the two sees no difference that is none.
    std::string const& version = inputs.listings.at(scope).api_schema;
    needed.push_back({.scope = scope,
                      .id = entry.id,
                      .name = name,
                      .api_schema = version,
                      .why = missing ? Lookup::Why::missing : Lookup::Why::behind});
  }
  return needed;
}

void learn(Inputs& inputs, Lookup const& lookup, std::optional<cps::Live> live) {
  auto& listed = inputs.listings.at(lookup.scope).enrollments;
  auto const place = std::ranges::find(listed, cps::EnrollmentId{lookup.id}, &cps::Live::id);
  if (place != listed.end() && live) {
    *place = std::move(*live);
    return;
  }
  if (place != listed.end()) listed.erase(place);
  inputs.lookups.insert_or_assign(lookup.id, std::move(live));
}

bool leaving(Inputs const& inputs, state::Entry const& entry) {
  return !entry.removal.empty() || std::ranges::any_of(inputs.open_intents, [&](state::Record const& intent) {
    bool const about_it = intent.known_ids.empty() || std::ranges::count(intent.known_ids, entry.id) > 0;
    return intent.step == state::WriteKind::delete_ && intent.name == entry.name && about_it;
  });
}

std::size_t tolerable_absence(std::size_t recorded) {
  return std::max<std::size_t>(1, recorded / 10);
}

std::vector<Lookup> next_round(std::vector<Lookup>& lookups, Inputs& inputs) {
  struct Count {
    std::size_t recorded = 0, absent = 0, found = 0, open = 0, asked = 0;
  };
  std::map<Scope, Count> counts;
  for (auto const& [name, entry] : inputs.entries) {
    if (leaving(inputs, entry)) continue;
    Count& count = counts[{entry.account, entry.contract}];
    ++count.recorded;
    if (auto const known = inputs.lookups.find(entry.id); known != inputs.lookups.end())
      ++(known->second ? count.found : count.absent);
  }
  // What tells nothing about the account.
  auto const apart = [&](Lookup const& lookup) {
    return lookup.why == Lookup::Why::behind || leaving(inputs, inputs.entries.at(lookup.name));
  };
  for (Lookup const& lookup : lookups)
    if (!apart(lookup)) ++counts[lookup.scope].open;

  std::vector<Lookup> round, later;
  for (Lookup& lookup : lookups) {
    Count& count = counts[lookup.scope];
    std::size_t const most = tolerable_absence(count.recorded);
    std::size_t const enough = std::min(handful, most + 1);
    bool const too_many = count.absent + count.open > most;
    bool const plain = count.absent >= enough && count.absent > count.found;
    if (apart(lookup) || !too_many) {
      round.push_back(std::move(lookup));
    } else if (plain) {
      inputs.lookups.emplace(lookup.id, std::nullopt);
    } else if (count.asked < enough) {
      ++count.asked;
      round.push_back(std::move(lookup));
    } else {
      later.push_back(std::move(lookup));
    }
  }
  lookups = std::move(later);
  return round;
}

}  // namespace cpsctl::plan

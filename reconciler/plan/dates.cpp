#include "plan/dates.hpp"

#include "plan/identity.hpp"

#include <algorithm>
#include <unordered_map>

namespace cpsctl::plan {
namespace {

constexpr Duration listed_every = std::chrono::hours(24);
constexpr char const* production = "production";

Scope scope_of(state::Entry const& entry) {
  return {entry.account, entry.contract};
}

/// Of its contract, which was listed.
Result<std::shared_ptr<schema::Schema const>> schema_of(Inputs const& inputs, state::Entry const& entry) {
  return schema::enrollment(inputs.listings.at(scope_of(entry)).api_schema);
}

/// The enrollments of the state that CPS has, as it shows them.
class Serving {
 public:
  explicit Serving(Inputs const& inputs) : inputs_(inputs) {
    for (auto const& [scope, listing] : inputs.listings)
      for (cps::Live const& live : listing.enrollments) lives_.emplace(live.id.value, &live);
    for (auto const& [id, live] : inputs.lookups)
      if (live) lives_.insert_or_assign(id, &*live);
  }

  /// nullptr: it serves nothing in production, or CPS was not asked. Errors: as schema::enrollment().
  Result<cps::Live const*> in_production(state::Entry const& entry) const {
    auto const live = lives_.find(entry.id);
    if (live == lives_.end() || !inputs_.listings.contains(scope_of(entry))) return nullptr;
    CPS_TRY(auto const schema, schema_of(inputs_, entry));
    return plan::in_production(*live->second->document, *schema) ? live->second : nullptr;
  }

 private:
  Inputs const& inputs_;
  std::unordered_map<std::int64_t, cps::Live const*> lives_ = {};
};

/// Changes of the entry that CPS has ended. One that the list has never shown may be one that it does not show yet.
std::vector<std::int64_t> ended(Inputs const& inputs, state::Entry const& entry, cps::Live const& live) {
  std::vector<std::int64_t> all;
  for (state::Watch const& watch : entry.watches) all.push_back(watch.change);
  auto const written = parse_timestamp(entry.written);
  bool const settled = !written || inputs.listings.at(scope_of(entry)).begun >= *written + inputs.settle;
  if (settled) all.insert(all.end(), entry.changes.begin(), entry.changes.end());
  std::ranges::sort(all);
  all.erase(std::ranges::unique(all).begin(), all.end());
  std::erase_if(all, [&](std::int64_t change) {
    return std::ranges::any_of(live.pending, [change](auto const& one) { return one.id.value == change; });
  });
  return all;
}

/// As the list says it.
Result<std::string> renewal_of(Inputs const& inputs, state::Entry const& entry, cps::Live const& live) {
  CPS_TRY(auto const schema, schema_of(inputs, entry));
  auto const start = renewal_start(*live.document, *schema);
  return start ? timestamp(*start) : std::string();
}

/// Is what the state has of its certificates still so? A change that has ended since, or another time for the renewal,
/// brought others.
Result<bool> holds(Inputs const& inputs, state::Entry const& entry, cps::Live const& live) {
  if (entry.certificates.learned.empty()) return false;
  CPS_TRY(std::string const renewal, renewal_of(inputs, entry, live));
  if (renewal != entry.certificates.renewal_start) return false;
  return std::ranges::all_of(ended(inputs, entry, live), [&](std::int64_t change) {
    return std::ranges::count(entry.certificates.ended, change) > 0;
  });
}

bool looked_at(Inputs const& inputs, state::Entry const& entry) {
  if (inputs.only && !inputs.only->contains(entry.name)) return false;
  return inputs.selection.takes(entry.name, entry.contract, entry.labels);
}

Result<> learn(Inputs& inputs, std::vector<DatesLearned> learned, bool listed) {
  Serving const serving(inputs);
  for (DatesLearned& one : learned) {
    state::Entry& entry = inputs.entries.at(one.name);
    CPS_TRY(cps::Live const* const live, serving.in_production(entry));
    if (live == nullptr) continue;
    // The list may say less of the certificates than what is known, but not that they end at another time.
    CPS_TRY(bool const holds, plan::holds(inputs, entry, *live));
    if (listed && holds && production_end(one.dates) == production_end(entry.certificates.dates)) continue;
    CPS_TRY(std::string renewal, renewal_of(inputs, entry, *live));
    entry.certificates = {.learned = timestamp(now_at(inputs, scope_of(entry))),
                          .listed = std::move(entry.certificates.listed),
                          .renewal_start = std::move(renewal),
                          .ended = ended(inputs, entry, *live),
                          .dates = std::move(one.dates)};
  }
  return {};
}

}  // namespace

Result<std::map<std::int64_t, WallTime>> live_ends(Inputs const& inputs) {
  std::map<std::int64_t, WallTime> ends;
  Serving const serving(inputs);
  for (auto const& [name, entry] : inputs.entries) {
    if (entry.certificates.learned.empty()) continue;
    CPS_TRY(cps::Live const* const live, serving.in_production(entry));
    if (live == nullptr) continue;
    CPS_TRY(bool const holds, plan::holds(inputs, entry, *live));
    auto const end = holds ? production_end(entry.certificates.dates) : std::nullopt;
    if (end) ends.emplace(entry.id, *end);
  }
  return ends;
}

Result<DatesWanted> dates_wanted(Inputs const& inputs) {
  DatesWanted wanted;
  std::map<Scope, std::string> listed;  // when, at the latest
  std::set<Scope> serve;
  Serving const serving(inputs);
  for (auto const& [name, entry] : inputs.entries) {
    std::string& last = listed[scope_of(entry)];
    last = std::max(last, entry.certificates.listed);
    CPS_TRY(cps::Live const* const live, serving.in_production(entry));
    if (live == nullptr) continue;
    serve.insert(scope_of(entry));
    CPS_TRY(bool const holds, plan::holds(inputs, entry, *live));
    if (!holds && looked_at(inputs, entry)) wanted.one_by_one.push_back(name);
  }
  for (Scope const& scope : serve) {
    auto const read = parse_timestamp(listed.at(scope));
    WallTime const now = now_at(inputs, scope);
    if (!read || now >= *read + listed_every || now < *read) wanted.contracts.insert(scope);
  }
  // What a list will tell is not asked for one by one.
  std::erase_if(wanted.one_by_one, [&](std::string const& name) {
    state::Entry const& entry = inputs.entries.at(name);
    return wanted.contracts.contains(scope_of(entry));
  });
  return wanted;
}

Result<> learn_dates(Inputs& inputs, std::vector<DatesLearned> learned) {
  return learn(inputs, std::move(learned), false);
}

Result<> learn_dates(Inputs& inputs, std::vector<DatesLearned> learned, Scope const& listed) {
  CPS_CHECK(learn(inputs, std::move(learned), true));
  // One entry tells it for all of the contract.
  auto const first =
      std::ranges::find_if(inputs.entries, [&](auto const& one) { return scope_of(one.second) == listed; });
  if (first != inputs.entries.end()) first->second.certificates.listed = timestamp(now_at(inputs, listed));
  return {};
}

Result<> forget_dates(Inputs& inputs) {
  Serving const serving(inputs);
  for (auto& [name, entry] : inputs.entries) {
    if (entry.certificates.learned.empty()) continue;
    CPS_TRY(cps::Live const* const live, serving.in_production(entry));
    if (live == nullptr) continue;
    CPS_TRY(bool const holds, plan::holds(inputs, entry, *live));
    if (!holds) entry.certificates = {.listed = std::move(entry.certificates.listed)};
  }
  return {};
}

std::optional<WallTime> production_end(std::vector<state::Dates> const& dates) {
  std::optional<WallTime> earliest;
  for (state::Dates const& one : dates) {
    if (one.network != production) continue;
    if (auto const end = parse_timestamp(one.not_after); end && (!earliest || *end < *earliest)) earliest = *end;
  }
  return earliest;
}

std::vector<state::Record> dates_news(Inputs const& inputs, std::map<std::string, state::Entry> const& known) {
  std::vector<state::Record> news;
  for (auto const& [name, entry] : inputs.entries) {
    auto const before = known.find(name);
    if (before == known.end() || before->second.certificates == entry.certificates) continue;
    news.push_back({.phase = state::Phase::watched,
                    .name = name,
                    .watches = before->second.watches,
                    .certificates = entry.certificates});
  }
  return news;
}

}  // namespace cpsctl::plan

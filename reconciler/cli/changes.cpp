#include "cli/changes.hpp"

#include "plan/identity.hpp"

#include <map>
#include <utility>

namespace cpsctl::cli {
namespace {

constexpr char signed_outside[] = "third-party";  // validationType

/// By account and id, as they are listed; else by the look-up that the list made necessary.
std::map<std::pair<std::string, std::int64_t>, cps::Live const*> all_live(plan::Inputs const& inputs) {
  std::map<std::pair<std::string, std::int64_t>, cps::Live const*> all;
  for (auto const& [scope, listing] : inputs.listings)
    for (cps::Live const& live : listing.enrollments) all.emplace(std::pair(scope.first, live.id.value), &live);
  for (auto const& [name, entry] : inputs.entries) {
    auto const lookup = inputs.lookups.find(entry.id);
    if (lookup != inputs.lookups.end() && lookup->second)
      all.emplace(std::pair(entry.account, entry.id), &*lookup->second);
  }
  return all;
}

}  // namespace

Result<std::vector<PendingChange>> pending_changes(plan::Inputs const& inputs) {
  std::vector<PendingChange> changes;
  auto const all = all_live(inputs);
  for (auto const& [name, entry] : inputs.entries) {
    auto const live = all.find({entry.account, entry.id});
    if (live == all.end() || !inputs.selection.takes(name, entry.contract, entry.labels)) continue;
    cps::Live const& found = *live->second;
    CPS_TRY(auto const schema, schema::enrollment(found.api_schema));
    for (cps::PendingChange const& pending : found.pending)
      changes.push_back(
          {.ref = {.subject = name, .account_key = entry.account, .enrollment = found.id, .change = pending.id},
           .type = pending.type,
           .common_name = plan::common_name(*found.document, *schema),
           .takes_certificate = plan::kind_of(*found.document, *schema) == signed_outside});
  }
  return changes;
}

}  // namespace cpsctl::cli

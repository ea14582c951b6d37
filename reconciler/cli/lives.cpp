#include "cli/lives.hpp"

namespace cpsctl::cli {

Lives::Lives(plan::Inputs const& inputs) {
  for (auto const& [scope, listing] : inputs.listings)
    for (cps::Live const& live : listing.enrollments) all_.emplace(std::pair(scope.first, live.id.value), &live);
  for (auto const& [name, entry] : inputs.entries) {
    auto const lookup = inputs.lookups.find(entry.id);
    if (lookup != inputs.lookups.end() && lookup->second)
      all_.emplace(std::pair(entry.account, entry.id), &*lookup->second);
  }
}

cps::Live const* Lives::find(std::string const& account, std::int64_t id) const {
  auto const found = all_.find({account, id});
  return found == all_.end() ? nullptr : found->second;
}

}  // namespace cpsctl::cli

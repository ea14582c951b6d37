#include "lifecycle/owner.hpp"

#include <algorithm>

namespace cpsctl::lifecycle {

char const* whose(Owner owner) {
  switch (owner) {
    case Owner::ours: return "ours";
    case Owner::cps: return "CPS's own";
    case Owner::other: break;
  }
  return "another party's";
}

Owner owner_of(cps::PendingChange const& change, std::span<std::int64_t const> ours, Managed managed) {
  if (std::ranges::find(ours, change.id.value) != ours.end()) return Owner::ours;
  // A renewal of something else than what is wanted would bring that something into production.
  return change.type == "renewal" && managed == Managed::as_wanted ? Owner::cps : Owner::other;
}

}  // namespace cpsctl::lifecycle

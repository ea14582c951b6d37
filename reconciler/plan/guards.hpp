#pragma once
#include "plan/situation.hpp"

#include <cstddef>
#include <vector>

/// The rules that need all items: identity between manifests, and the guard rails that count.
namespace cpsctl::plan {

/// Of manifests that mean one enrollment none gets it, but the one whose create made it.
void one_owner_each(std::vector<Item>& items);

/// A doubt belongs to its common name, not to the manifest's: a renamed manifest does not get past it.
void no_create_beside_a_doubt(Situation const& situation, std::vector<Item>& items);

/// CPS refuses a second enrollment with the same common name; two manifests that want one each are a mistake.
void one_create_per_name(std::vector<Item>& items);

/// What a manifest has on hold is not written, with its reason.
void holds(std::vector<Item>& items);

/// When much of what the state knows is gone, this is probably not the account it was.
void mass_absence(Situation const& situation, std::vector<Item>& items);

/// What is kept back for want of a consent says all of them at once, with the numbers of this plan.
void deletion_limits(Consent const& consent, std::vector<Item>& items);

/// How many updates and deletes one run may do. `managed`: enrollments in the state.
void change_limit(Consent const& consent, std::size_t managed, std::vector<Item>& items);

}  // namespace cpsctl::plan

#pragma once
#include "lifecycle/certificates.hpp"
#include "plan/situation.hpp"

#include <vector>

/// Pending changes at CPS: what each waits for, who has to act, and what the policy answers (design.md §9).
namespace cpsctl::plan {

/// The items of the changes that need something: one for an enrollment at most, for the change that is due first.
/// `items`: of the enrollments themselves; their notes learn how their changes are. Nothing for an enrollment that is
/// about to be written, or whose changes were not looked at.
/// `looks` gets every change that was looked at.
std::vector<Item> advances(Situation const& situation, std::vector<Item>& items,
                           std::map<std::string, std::vector<Advance>>& looks);

/// What certificates the CSRs of the enrollment ask for, by its policy. `now`: the Date of CPS's answer.
lifecycle::Order order_of(std::vector<cps::Csr> csrs, cps::Live const& live, schema::Schema const& schema,
                          manifest::Lifecycle const& lifecycle, WallTime now);

/// What differs between what waits on staging and what the manifest wants: names, and the network settings that it
/// writes.
std::vector<std::string> staged_differences(cps::PendingDeployment const& pending, manifest::Desired const& desired,
                                            cps::Live const& live, schema::Schema const& schema);

/// Changes of an enrollment that the state does not know become ours with its adoption, if nothing differs.
void take_over_changes(std::vector<Item>& items);

}  // namespace cpsctl::plan

#pragma once
#include "plan/situation.hpp"

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

/// What may be in the way of one write.
namespace cpsctl::plan {

/// What CPS or the CA refuses (Desired::refusals) keeps back what would be sent: a create, or a change of that field.
std::optional<Obstacle> refused(manifest::Desired const& desired, std::vector<diff::Change> const& changes,
                                bool creates);

/// A send after spec.deploy.notAfter would be refused or pointless.
std::optional<Obstacle> too_late(manifest::Desired const& desired, WallTime now);

/// The dates of an item that would send them: past; or so late that the live certificate may expire while a person's
/// approval is waited for, without consent to that.
std::optional<Obstacle> bad_dates(Situation const& situation, Item const& item);
/// Does the item send dates of which bad_dates() asks when the live certificate ends (Inputs::live_ends)? Errors: as
/// schema::enrollment().
Result<bool> hangs_on_live_end(Item const& item);

/// Pending changes are in a write's way: it gives them up, waits, or is not sent.
/// `ours`: changes that our last write started.
std::variant<GivenUp, Obstacle> make_room(Item const& item, manifest::OnPendingChange policy,
                                          std::vector<std::int64_t> const& ours, std::string const& realm);

/// The PUT that brings the item's changes to what is live, or what is in its way.
void put(Situation const& situation, Item& item, json::Ref target, manifest::OnPendingChange policy,
         std::vector<std::int64_t> const& ours);

/// Is the change one of these?
bool is_among(cps::PendingChange const& change, std::vector<std::int64_t> const& ids);

}  // namespace cpsctl::plan

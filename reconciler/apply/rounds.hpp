#pragma once
#include "apply/proof.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// The order of a run, and what its next round is about. Pure.
namespace cpsctl::apply {

using Results = std::map<plan::Key, ItemResult>;

/// What there is something to do or to say about, in this order: what the state alone learns, and answers for what
/// serves in production; what is stored without a new certificate; other answers; what changes a certificate, which may
/// serve already; what adds; deletes come last. Of one kind, what CPS has refused comes behind what it has not: nobody
/// is kept waiting by one that never succeeds. Accounts take turns: each has a request limit of its own, and all of
/// them are used at once.
std::vector<plan::Item const*> in_order(plan::Plan const& plan, Tally const& tally);
bool destroys(plan::Item const& item);

/// Before anything of it is tried.
ItemResult untouched(plan::Item const& item);

/// The state learned that an enrollment is there: is something of its manifest still to be written? Then a later run
/// goes on.
ItemResult with_what_is_left(plan::Item const& item, ItemResult result);

/// May these be deleted? Something that failed, or is not done yet, may have been meant to take their place.
bool may_delete(Results const& results, std::vector<plan::Item const*> const& deletes);

/// When the first of what is not over may be looked at again.
std::optional<WallTime> next_look(Results const& results);
/// Who is looked at again: what is not decided, and the deletes that wait for it.
std::set<plan::Key> unfinished(Results const& results);

}  // namespace cpsctl::apply

#pragma once
#include "plan/obstacles.hpp"
#include "plan/subject.hpp"

#include <string>

/// spec.deploy: the dates of the deployment that a create or an update of ours has begun (design.md §4). It is never
/// compared with what CPS has: only an edit of it moves anything. Pure.
namespace cpsctl::plan {

/// As the state keeps it.
state::DeployDays days_of(manifest::DeployWindow const& deploy);
/// Do these times, as CPS shows them, lie on these days?
bool lies_on(cps::Schedule const& schedule, state::DeployDays const& days);

/// What became of dates whose answer never came: the look at the change that they were sent to tells. `live`: what has
/// that change pending, or not.
Fate fate_of_schedule(Situation const& situation, state::Record const& intent, state::Entry const& entry,
                      cps::Live const& live);

/// Nothing else of the enrollment differs. True: the item sends the manifest's dates to our change that is under way,
/// or is held back from that. False: nothing is to be sent; where dates were edited, a note says why.
bool reschedules(Situation const& situation, Subject const& subject, Item& item);

}  // namespace cpsctl::plan

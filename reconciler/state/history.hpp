#pragma once
#include "state/store.hpp"

#include <optional>
#include <vector>

namespace cpsctl::state {

/// What a record that the contents are about to take tells of an enrollment. Nothing of an intent: its end will tell,
/// and until then it is in doubt.
std::optional<Event> event_of(Contents const& contents, Record const& record);

/// Leaves out events that are 90 days older than the last one, and of the rest the oldest ones beyond 10,000.
void keep_within_bounds(std::vector<Event>& history);

}  // namespace cpsctl::state

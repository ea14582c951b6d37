#pragma once
#include "lifecycle/decide.hpp"

#include <optional>

/// A pending change as the state keeps it, for runs at whose time it is not its turn to be read. Pure.
namespace cpsctl::lifecycle {

/// All that decides about it, as JSON; nothing where that is more than a state should hold: such a change is read by
/// every run.
json::Ref remembered(Sight const& sight);

/// The way back: what was seen of this change, as if it had been read at `now`. Nothing: an older version did not keep
/// it, or it is no such thing.
std::optional<Sight> recalled(json::Ref const& memory, Sight listed, WallTime now);

}  // namespace cpsctl::lifecycle

#pragma once
#include "plan/plan.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// Whose turn it is to be read, and whose it is not (design.md §9, Polls). Pure.
namespace cpsctl::plan {

/// The pending change of an enrollment as it was seen last, as if it had been read just now; nothing where it is to be
/// read: its turn has come, a person asks for it by its name, or what is remembered does not settle what has to be
/// known of it.
std::optional<lifecycle::Sight> recall(Inputs const& inputs, std::string const& name,
                                       cps::PendingChange const& pending);

/// Changes that a write of the plan is based on: these are read whatever their turn.
std::set<std::int64_t> written_about(Plan const& plan);

/// When each change that was looked at is read again, by CPS's clock: RFC 3339.
using Turns = std::map<std::int64_t, std::string>;
Turns next_turns(Inputs const& inputs, std::map<std::string, std::vector<Advance>> const& looks);

}  // namespace cpsctl::plan

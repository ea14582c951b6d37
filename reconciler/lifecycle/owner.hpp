#pragma once
#include "cps/types.hpp"

#include <cstdint>
#include <span>

#include <boost/describe.hpp>

/// Whose a pending change is: that decides who may answer it. Pure.
namespace cpsctl::lifecycle {

// ours: a write or an adoption of ours started it, as the state says. cps: CPS renews by itself. other: anybody else's;
// it is shown, and never answered by a policy.
BOOST_DEFINE_ENUM_CLASS(Owner, ours, cps, other)

/// "ours", "CPS's own", "another party's".
char const* whose(Owner owner);

/// Does the live document differ from the manifest in a managed field?
enum class Managed : std::uint8_t { as_wanted, differs };

/// `ours`: the ids of changes that the state has for this enrollment.
Owner owner_of(cps::PendingChange const& change, std::span<std::int64_t const> ours, Managed managed);

}  // namespace cpsctl::lifecycle

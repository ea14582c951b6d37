#pragma once
#include "lifecycle/decide.hpp"

#include <string>

/// A person's answer to what a change waits for, whoever began it and whatever the policy says. Pure.
namespace cpsctl::lifecycle {

/// Acknowledges warnings and challenges as they are shown, and approves what is on staging if `fingerprint` is that of
/// what is shown: Acknowledges, or Approves. Errors: guard_rail, when the change waits for nothing that can be
/// acknowledged, or for an approval of something else than the fingerprint says; with the next step.
Result<Due> acknowledged(Seen const& seen, std::string const& fingerprint);

/// Uploads what the offer has. Errors: guard_rail, when the change waits for something else, or the offer has nothing.
Result<Due> uploaded(Seen const& seen);

}  // namespace cpsctl::lifecycle

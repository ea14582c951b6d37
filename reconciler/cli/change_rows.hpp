#pragma once
#include "base/files.hpp"
#include "cli/changes.hpp"
#include "cps/history.hpp"
#include "manifest/types.hpp"
#include "report/changes.hpp"

#include <optional>
#include <string>

/// From a change as it was read to its row in a report.
namespace cpsctl::cli {

/// What decides of a change apart from itself; borrowed for the call.
struct Around {
  manifest::Desired const* desired = nullptr;  ///< nullptr: no manifest
  plan::ItemView const* planned = nullptr;     ///< nullptr: the plan has nothing to say of the enrollment
  cps::Live const* live = nullptr;             ///< the enrollment as it is listed
  Files& files;                                ///< to see whether those that a manifest names are there
  std::string folder = {};                     ///< of the project, which such names are relative to
  WallTime asked = {};                         ///< where CPS's answer has no date of its own
  std::string begun = {};                      ///< when a write of ours began the change, as the journal says
  std::optional<WallTime> since = {};          ///< when it was first seen like this
  std::optional<WallTime> staging_since = {};  ///< when it was first seen to wait for its approval
  std::optional<WallTime> live_expires = {};   ///< the earliest end of a certificate in production
  /// What CPS did with the enrollment; nullptr: it was not read.
  std::vector<cps::HistoryChange> const* history = nullptr;
};

struct ToldChange {
  report::ChangeRow row = {};
  Duration look_after = {};  ///< its next turn to be read
};

ToldChange tell_change(ChangeSight const& sight, Around const& around);

}  // namespace cpsctl::cli

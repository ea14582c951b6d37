#pragma once
#include "plan/situation.hpp"

#include <string>
#include <vector>

/// Who is who: which enrollment each manifest, each entry of the state and each lost create is about.
namespace cpsctl::plan {

/// The live enrollments that a manifest may mean which the state does not know.
struct Match {
  std::vector<cps::Live const*> candidates = {};  ///< nobody's, and of its identity: one, if that can be told
  std::vector<cps::Live const*> others = {};      ///< of its common name alone: another network or kind, or somebody's
  std::vector<std::string> renamed = {};          ///< names in the state that have it, and no manifest any more
};
std::vector<std::int64_t> ids_of(std::vector<cps::Live const*> const& lives);
Match match(Situation const& situation, manifest::Desired const& desired, Scope const& scope);

/// One enrollment that the plan speaks of, once. It has at least one of `desired`, `entry` and `lost`.
struct Subject {
  std::string name = {};
  Scope scope = {};
  manifest::Desired const* desired = nullptr;  ///< nullptr: no manifest
  state::Entry const* entry = nullptr;         ///< nullptr: the state does not know it
  cps::Live const* live = nullptr;             ///< of the entry; nullptr: a 404 proved that it is gone
  bool lost = false;                           ///< creates in doubt are all there is of that name
  Match match = {};                            ///< of a manifest without a live enrollment in the state
  std::string renamed_to = {};                 ///< of an entry without a manifest: the manifest that has it now
};

/// All that have been listed: manifests, then what only the state knows, then what only the journal knows. Errors:
/// internal (a lookup is missing).
Result<std::vector<Subject>> identify(Situation const& situation);

}  // namespace cpsctl::plan

#pragma once
#include "plan/subject.hpp"

#include <optional>
#include <string>

/// Writes whose answers never came: what they come to for the enrollment that they were about.
namespace cpsctl::plan {

/// Its open updates, deletes and cancels. (Of an enrollment without a manifest an update does not matter any more.)
struct ResolvedWrites {
  json::Ref applied = {};  ///< what counts as applied last
  Closes closes = {};
  std::optional<Obstacle> obstacle = {};  ///< one of them may still be under way
};
/// Of a subject that is live.
ResolvedWrites resolve_writes(Situation const& situation, Subject const& subject);

/// Its open creates.
struct ResolvedCreate {
  Fate fate = {};
  std::string story = {};                 ///< "a create was sent at … and its answer never came"
  Closes closes = {};                     ///< where the fate is certain
  state::Record const* proven = nullptr;  ///< of a create that was done: its intent
  std::optional<Obstacle> obstacle = {};  ///< nothing can be said yet, or nothing at this place
};
/// Nothing without an open create of that name.
std::optional<ResolvedCreate> resolve_create(Situation const& situation, Subject const& subject);

/// "an update".
char const* noun(state::WriteKind step);

/// What a person does about a create of which nothing can be proven: "cpsctl state settle www --as ID | --not-done".
std::string settling(std::string const& name);

/// "a create was sent at 2026-07-01T12:00:00Z and its answer never came"
std::string story_of(state::Record const& create);

}  // namespace cpsctl::plan

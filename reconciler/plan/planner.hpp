#pragma once
#include "plan/situation.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cpsctl::plan {

/// One planning: walks the manifests, then what the state has beside them, then the rules that need all items.
class Planner {
 public:
  explicit Planner(Situation situation) : situation_(std::move(situation)), inputs_(situation_.inputs()) {}
  /// Errors: internal (a listing or a lookup is missing, a schema does not exist).
  Result<Plan> run();
  Result<Plan> take_over(std::map<std::string, std::int64_t> const& ids);

 private:
  using Desired = manifest::Desired;
  using Entry = state::Entry;

  // planner.cpp: the walk
  Result<Item> plan_one(Desired const& desired, Scope const& scope);
  Item begin(Desired const& desired, Scope const& scope);
  Plan finish();

  // planner_unknown.cpp: what the state does not know yet
  Item unknown(Item item, Desired const& desired);
  Item create(Item item, Desired const& desired);
  Item adopt(Item item, Desired const& desired, cps::Live const& live);

  // planner_known.cpp: what the state knows
  Result<Item> known(Item item, Desired const& desired, Entry const& entry);
  Item absent(Item item, Desired const& desired, Entry const& entry);
  Item update(Item item, Desired const& desired, cps::Live const& live, Entry const& entry);
  /// Nothing differs at CPS; the state may still have something to learn.
  Item converged(Item item, Desired const& desired, Entry const& entry, std::vector<std::string> const& released);
  /// What the open updates and deletes of the item's enrollment come to: `settles` and `proven` of the item, or a
  /// block. Gives what counts as applied last.
  json::Ref judge_writes(Item& item, cps::Live const& live, Entry const& entry);
  void missing_step(Item& item, cps::Live const& live, Entry const& entry);
  /// The PUT that brings `item.changes`, or what is in its way.
  /// `ours`: changes that our last write started.
  void put(Item& item, cps::Live const& live, manifest::OnPendingChange policy, std::vector<std::int64_t> const& ours);
  bool make_room(Item& item, cps::Live const& live, manifest::OnPendingChange policy,
                 std::vector<std::int64_t> const& ours);
  /// The steps that end with `write`, with what is cancelled for it.
  static std::vector<std::string> steps_of(Item const& item, cps::Live const& live, std::string write);

  // planner_removed.cpp: what the state knows and no manifest declares
  Result<std::optional<Item>> removed(Entry const& entry);
  Item remove(Item item, Entry const& entry, cps::Live const& live);

  // planner_doubts.cpp: writes whose answers never came
  /// What an open create intent of that name decides, if there is one.
  std::optional<Item> doubtful(Item const& item, Desired const& desired);
  Item proven_create(Item item, Desired const& desired, state::Record const& intent, cps::Live const& live);
  Item ambiguous_create(Item item, Desired const& desired, Fate const& fate, std::string const& story);
  /// Blocks while a write may still be under way; else the item settles it, or has it for proven.
  void close(Item& item, state::Record const& intent, Fate const& fate);
  void orphaned_intents();
  Item orphaned(state::Record const& intent, Entry const& entry);
  void no_create_beside_a_doubt();

  // guards.cpp: rules over all items
  void one_owner_each();
  void one_create_per_name();
  void mass_absence();
  void deletion_limits();
  void change_limit();

  /// Blocks what would send something new that CPS refuses (Desired::refusals).
  bool refused(Item& item);
  /// A send after this day would be refused or pointless: spec.deploy.notAfter.
  bool too_late(Item& item, Desired const& desired) const;
  static void block(Item& item, std::string reason, std::string next);

  Situation situation_;
  Inputs const& inputs_;                      ///< of the situation
  std::set<std::string> needs_consent_ = {};  ///< blocked deletes
  std::vector<Item> items_ = {};
  std::int64_t left_out_ = 0;
  std::map<std::string, std::string> renames_ = {};  ///< names of the state that lost their manifest -> the new name
};

void count(Item const& item, Summary& summary);
std::vector<std::int64_t> ids_of(std::vector<cps::Live const*> const& lives);
std::vector<std::int64_t> ids_of(std::vector<cps::PendingChange> const& changes);
/// Does the change lie in what a create still owes (JSON pointers)?
bool is_owed(diff::Change const& change, std::vector<std::string> const& owed);

}  // namespace cpsctl::plan

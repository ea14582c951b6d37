#pragma once
#include "plan/doubts.hpp"
#include "plan/identity.hpp"
#include "plan/plan.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cpsctl::plan {

/// One planning: walks the manifests, then what the state has beside them, then the rules that need all items.
class Planner {
 public:
  explicit Planner(Inputs const& inputs);
  /// Errors: internal (a listing or a lookup is missing, a schema does not exist).
  Result<Plan> run();

 private:
  using Desired = manifest::Desired;
  using Entry = state::Entry;

  Result<> prepare();
  Result<Item> plan_one(Desired const& desired);
  Result<Item> known(Item item, Desired const& desired, Entry const& entry);
  Item unknown(Item item, Desired const& desired);
  Item create(Item item, Desired const& desired);
  Item adopt(Item item, Desired const& desired, cps::Live const& live);
  Item update(Item item, Desired const& desired, cps::Live const& live, Entry const& entry);
  Verdict judge(state::Record const& intent, Scope const& scope) const;
  /// What an open create intent of that name decides, if there is one.
  std::optional<Item> doubtful(Item const& item, Desired const& desired);
  Result<std::optional<Item>> removed(Entry const& entry);
  void orphaned_intents();

  void one_owner_each();
  void no_create_beside_a_doubt();
  void one_create_per_name();
  void mass_absence();
  Plan finish();

  /// The live document of an id: from the list, else from its lookup. nullptr: a 404 proved that it is gone.
  Result<cps::Live const*> live_of(Entry const& entry) const;
  bool owned(std::int64_t id) const { return owners_.contains(id); }
  bool in_scope(std::string const& source) const;
  void note_pending(Item& item, cps::Live const& live) const;
  schema::Schema const& schema_of(Desired const& desired) const { return *schemas_.at(desired.api_schema); }
  static void block(Item& item, std::string reason, std::string next);
  static void block_as_later_work(Item& item, Action wanted, std::string const& what);

  Inputs const& inputs_;
  std::map<std::string, std::shared_ptr<schema::Schema const>> schemas_ = {};
  std::map<Scope, Index> indexes_ = {};
  std::map<std::int64_t, std::string> owners_ = {};  ///< enrollment id -> name in the state
  std::set<std::string> declared_ = {};
  std::vector<Item> items_ = {};
};

}  // namespace cpsctl::plan

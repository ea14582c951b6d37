#pragma once
#include "plan/doubts.hpp"
#include "plan/identity.hpp"
#include "plan/plan.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace cpsctl::plan {

/// Everything that a decision looks at, found quickly. Made once from the inputs, which it refers to.
class Situation {
 public:
  /// Errors: internal (a listing or a lookup is missing, a schema does not exist); io (the state's policy of an entry
  /// cannot be read).
  static Result<Situation> of(Inputs const& inputs);

  Inputs const& inputs() const { return *inputs_; }
  schema::Schema const& schema_of(manifest::Desired const& desired) const { return *schemas_.at(desired.api_schema); }

  /// Has the contract been listed? It has not where nothing of it was selected.
  bool listed(Scope const& scope) const { return indexes_.contains(scope); }
  Index const& index(Scope const& scope) const { return indexes_.at(scope); }
  cps::Listing const& listing(Scope const& scope) const { return inputs_->listings.at(scope); }
  /// The live document of an entry: from the list, else from its lookup. nullptr: a 404 proved that it is gone.
  Result<cps::Live const*> live_of(state::Entry const& entry) const;
  /// The name that the state has an enrollment by; nullptr: no entry has this id.
  std::string const* name_of(std::int64_t id) const;

  /// Is the item's name among those that a saved plan is about? Without one all are.
  bool looked_at(std::string const& name) const { return !inputs_->only || inputs_->only->contains(name); }
  bool selected(Item const& item) const;
  /// Is `source` one of the paths that were read, or below one?
  bool in_scope(std::string const& source) const;
  /// Has the name a manifest? Names that a saved plan is not about count as having one: whether they had was looked at
  /// when the plan was made.
  bool declared(std::string const& name) const { return declared_.contains(name) || !looked_at(name); }
  bool has_manifest(std::string const& name) const { return declared_.contains(name); }

  manifest::OnPendingChange on_pending(manifest::Lifecycle const& lifecycle) const {
    return inputs_->consent.on_pending.value_or(lifecycle.on_pending_change);
  }

  std::vector<state::Record const*> open_intents(std::string const& name, state::WriteKind step) const;
  Fate fate_of_create(state::Record const& intent, Scope const& scope) const;
  /// Of an update, a delete or a cancel. `live`: nullptr when the enrollment is gone.
  Fate fate_of(state::Record const& intent, state::Entry const& entry, cps::Live const* live) const;

 private:
  std::map<std::string, std::string> const& labels_of(Item const& item) const;

  explicit Situation(Inputs const& inputs) : inputs_(&inputs) {}
  Result<> look_around();

  Inputs const* inputs_;
  std::map<std::string, std::shared_ptr<schema::Schema const>> schemas_ = {};
  std::map<Scope, Index> indexes_ = {};
  std::map<std::int64_t, std::string> owners_ = {};  ///< enrollment id -> name in the state
  std::set<std::string> declared_ = {};
};

/// The policy that the state holds. Errors: io, when it cannot be read.
Result<manifest::Lifecycle> read_policy(state::Entry const& entry);
/// The same where that has been checked: Situation::of() does.
manifest::Lifecycle policy_of(state::Entry const& entry);

}  // namespace cpsctl::plan

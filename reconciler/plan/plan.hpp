#pragma once
#include "base/clock.hpp"
#include "cps/types.hpp"
#include "lifecycle/polls.hpp"
#include "manifest/types.hpp"
#include "plan/item.hpp"
#include "state/types.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// Identity, actions, guard rails: from documents to a plan. Pure: no clock, no file, no network.
namespace cpsctl::plan {

/// What the rest of the program gives to plan with.
struct Inputs {
  std::vector<manifest::Desired> desired = {};
  std::vector<std::string> paths = {};                ///< PATHs that were read: the scope of orphans
  std::map<std::string, state::Entry> entries = {};   ///< the state
  std::vector<state::Record> open_intents = {};       ///< writes whose answer never came
  std::vector<state::Publication> publications = {};  ///< values that may stand where their CA looks
  std::map<Scope, cps::Listing> listings = {};
  /// GETs of ids that the state has and the list lacks: the document, or nothing after a 404.
  std::map<std::int64_t, std::optional<cps::Live>> lookups = {};
  /// Pending changes that were looked at, by their id; also those whose turn it was not, as they were seen last.
  std::map<std::int64_t, lifecycle::Sight> sights = {};
  /// When the certificate that serves in production ends, by the enrollment's id, where that is known.
  std::map<std::int64_t, WallTime> live_ends = {};
  std::map<std::string, std::string> signers = {};     ///< of the project: name -> fingerprint of what it runs
  std::map<std::string, std::string> publishers = {};  ///< the same, of what they write and where
  std::string default_account = {};                    ///< account key of flag or credentials
  std::string realm = {};
  std::int64_t serial = 0;  ///< of the state
  WallTime now = {};
  Duration settle = std::chrono::seconds(300);   ///< how long a list may lag behind a write
  std::optional<lifecycle::Budget> budget = {};  ///< of each account; nothing: no limit
  Selection selection = {};
  Consent consent = {};
  std::vector<std::string> settings = {};         ///< times and limits that are not the usual ones, in words
  std::map<Scope, std::string> also_listed = {};  ///< listed whatever manifests and state say, at least in this version
  /// Of a saved plan that is carried out: the names that it is about; nobody else is looked at.
  std::optional<std::set<std::string>> only = {};
  /// A lost state is found again: what exists is taken over as it is, differences and all, and nothing is changed.
  bool rebuild = false;
};

/// Is the one API version newer than the other?
bool newer(std::string const& left, std::string const& right);

/// What the manifest's enrollment is listed by.
Scope scope_of(manifest::Desired const& desired, Inputs const& inputs);

/// The time by CPS's clock, as the scope's list says it; else the local one.
WallTime now_at(Inputs const& inputs, Scope const& scope);

/// What has to be listed: the contracts of the manifests and of the state, as far as the selection reaches. The schema
/// version is the highest that the contract's manifests use.
std::map<Scope, std::string> scopes(Inputs const& inputs);

/// What the lists do not tell for sure, as they lag: each needs a GET before make_plan.
struct Lookup {
  enum class Why : std::uint8_t {
    missing,  ///< the state has the id and the list lacks it
    behind    ///< it was written within `settle`, and the list has it differ from that, or from what is wanted; or it
              ///< does not show its removal, which was sent then
  };
  Scope scope;
  std::int64_t id = 0;
  std::string name = {};
  std::string api_schema = {};
  Why why = Why::missing;
};
std::vector<Lookup> lookups_needed(Inputs const& inputs);
/// From now on what the GET showed stands for what the list says. `live`: nothing after a 404.
void learn(Inputs& inputs, Lookup const& lookup, std::optional<cps::Live> live);
/// Takes from `lookups` what to ask for next. Of a contract whose list lacks more than may be gone, a handful is asked
/// for; where those are gone, the rest counts as gone, too, without being asked for (inputs.lookups): its creates and
/// forgets are blocked anyway.
std::vector<Lookup> next_round(std::vector<Lookup>& lookups, Inputs& inputs);

/// We sent its delete: that it is gone is what was wanted, and tells nothing about the account.
bool leaving(Inputs const& inputs, state::Entry const& entry);

/// How many of a contract's recorded enrollments may be gone before that looks like a wrong account: max(1, 10 %).
std::size_t tolerable_absence(std::size_t recorded);

/// The whole table of design.md §5, and its identity rules. Errors: internal; io: the policy of an entry in the state
/// cannot be read.
Result<Plan> make_plan(Inputs const& inputs);

/// Takes enrollments over under given names, as they are (an import knows which is which). Each has to agree with its
/// manifest: one that differs is blocked, with its changes. Errors: as make_plan.
Result<Plan> take_over(Inputs const& inputs, std::map<std::string, std::int64_t> const& ids);

}  // namespace cpsctl::plan

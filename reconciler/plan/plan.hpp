#pragma once
#include "base/clock.hpp"
#include "base/json.hpp"
#include "cps/types.hpp"
#include "diff/three_way.hpp"
#include "manifest/types.hpp"
#include "plan/consent.hpp"
#include "state/types.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

/// Identity, actions, guard rails: from documents to a plan. Pure: no clock, no file, no network.
namespace cpsctl::plan {

BOOST_DEFINE_ENUM_CLASS(Action, create, update, adopt, advance, delete_, orphan, forget, blocked, none)

/// Account switch key and contract: what one list request covers.
using Scope = std::pair<std::string, std::string>;

/// What the rest of the program gives to plan with.
struct Inputs {
  std::vector<manifest::Desired> desired = {};
  std::vector<std::string> paths = {};               ///< PATHs that were read: the scope of orphans
  std::map<std::string, state::Entry> entries = {};  ///< the state
  std::vector<state::Record> open_intents = {};      ///< writes whose answer never came
  std::map<Scope, cps::Listing> listings = {};
  /// GETs of ids that the state has and the list lacks: the document, or nothing after a 404.
  std::map<std::int64_t, std::optional<cps::Live>> lookups = {};
  std::string default_account = {};  ///< account key of flag or credentials
  std::string realm = {};
  std::int64_t serial = 0;  ///< of the state
  WallTime now = {};
  Duration settle = std::chrono::seconds(300);  ///< how long a list may lag behind a create
  Selection selection = {};
  Consent consent = {};
  std::vector<std::string> settings = {};         ///< times and limits that are not the usual ones, in words
  std::map<Scope, std::string> also_listed = {};  ///< listed whatever manifests and state say, at least in this version
  /// Of a saved plan that is carried out: the names that it is about; nobody else is looked at.
  std::optional<std::set<std::string>> only = {};
  /// A lost state is found again: what exists is taken over as it is, differences and all, and nothing is changed.
  bool rebuild = false;
};

/// One enrollment's place in the plan. `none` items are counted, not listed, unless they have a note.
struct Item {
  std::string name = {};
  Action action = Action::none;
  Action wanted = Action::none;  ///< of blocked: what would have been done
  std::string contract = {};
  std::string account = {};
  std::int64_t id = 0;          ///< 0: does not exist yet
  std::string api_schema = {};  ///< of what acts: the version that its contract is read in
  std::string common_name = {};
  std::string validation_type = {};
  bool production = false;  ///< serves on the production network
  bool state_only = false;  ///< changes the state alone; no change at CPS
  bool waits = false;       ///< of blocked: nobody has to do anything, a later run goes on
  std::vector<diff::Change> changes = {};
  std::vector<std::string> steps = {};     ///< the writes in order: "POST /enrollments", "PUT /enrollments/10001 …"
  std::vector<std::int64_t> cancels = {};  ///< pending changes that are given up for the write, newest first
  bool overrides_renewal_window = false;   ///< the write says that it may come inside the renewal window
  std::string reason = {};                 ///< why this action; of blocked: what is in the way
  std::string next = {};                   ///< of blocked, orphan: what to do
  std::vector<std::string> notes = {};     ///< "in progress at CPS: change 10002 (new-certificate)"
  std::string fingerprint = {};            ///< of the action, desired, live and pending changes (SHA-256)
  std::optional<manifest::Desired> desired{};  ///< of what creates, changes or records something

  // What carrying it out needs beside: made again from the list that apply reads, never saved.
  json::Ref target = {};                     ///< the document that a PUT lays over live
  cps::Live live = {};                       ///< as it was planned on; no document: does not exist
  std::vector<std::int64_t> known_ids = {};  ///< live enrollments with that CN, for the intent
  std::vector<std::int64_t> settles = {};    ///< open intents (sequences) that this item's result closes as not done
  bool deployed = false;                     ///< to any network, ever
  bool cancels_first = false;                ///< the write itself cancels them: our own create's, never deployed
  std::int64_t proven = 0;                   ///< the open intent that CPS proves to be done; 0: none
  std::vector<std::string> open_steps = {};  ///< of adopt: pointers that a second write still has to bring
  std::vector<std::int64_t> removal = {};    ///< of delete: changes that carry out a removal sent before
  bool completes = false;                    ///< of update: it is the second write of our own create, and no more
  bool moved = false;                        ///< of a saved plan's item: not what was planned on any more
};
BOOST_DESCRIBE_STRUCT(Item, (),
                      (name, action, wanted, contract, account, id, api_schema, common_name, validation_type,
                       production, state_only, waits, changes, steps, cancels, overrides_renewal_window, reason, next,
                       notes, fingerprint, desired))

/// Does one of its changes make CPS issue a new certificate?
bool issues_certificate(Item const& item);

/// The enrollment behind an item, to say whether it is still the one that was planned on.
bool same_live(cps::Live const& left, cps::Live const& right);

/// "in progress at CPS: change 10002 (new-certificate)", for each of its pending changes.
std::vector<std::string> pending_notes(cps::Live const& live);

struct Summary {
  std::int64_t create = 0, update = 0, adopt = 0, advance = 0, delete_ = 0, orphan = 0, forget = 0, blocked = 0,
               unchanged = 0;
  std::int64_t left_out = 0;  ///< not selected, and not looked at
  std::int64_t record = 0;    ///< only the state is brought up to date: no update
  std::int64_t wait = 0;      ///< for CPS to end what it is doing: held back, and nobody has to act

  bool operator==(Summary const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Summary, (),
                      (create, update, adopt, advance, delete_, orphan, forget, blocked, unchanged, left_out, record,
                       wait))

struct Plan {
  std::string realm = {};
  std::string account = {};  ///< of the flag or the credentials: of all items that name none
  std::int64_t serial = 0;
  std::vector<std::string> paths = {};
  Selection selection = {};
  Consent consent = {};
  std::vector<std::string> settings = {};  ///< times and limits that it was made with and that are not the usual ones
  std::vector<Item> items = {};            ///< sorted by name; also those with nothing to do but a note
  Summary summary = {};
  std::int64_t requests_to_apply = 0;  ///< writes and their reads, without the lists
  bool changes() const;                ///< something would be written to CPS
  bool work() const;                   ///< changes, or state-only items
};
BOOST_DESCRIBE_STRUCT(Plan, (),
                      (realm, account, serial, paths, selection, consent, settings, items, summary, requests_to_apply))

/// Is the one API version newer than the other?
bool newer(std::string const& left, std::string const& right);

/// What the manifest's enrollment is listed by.
Scope scope_of(manifest::Desired const& desired, Inputs const& inputs);

/// What has to be listed: the contracts of the manifests and of the state, as far as the selection reaches. The schema
/// version is the highest that the contract's manifests use.
std::map<Scope, std::string> scopes(Inputs const& inputs);

/// Ids that the state has and the lists lack: each needs a GET before make_plan (lists lag).
struct Lookup {
  Scope scope;
  std::int64_t id = 0;
  std::string name = {};
  std::string api_schema = {};
};
std::vector<Lookup> lookups_needed(Inputs const& inputs);
/// Takes from `lookups` what to ask for next. Of a contract whose list lacks more than may be gone, a handful is asked
/// for; where those are gone, the rest counts as gone, too, without being asked for (inputs.lookups): its creates and
/// forgets are blocked anyway.
std::vector<Lookup> next_round(std::vector<Lookup>& lookups, Inputs& inputs);

/// We sent its delete: that it is gone is what was wanted, and tells nothing about the account.
bool leaving(Inputs const& inputs, state::Entry const& entry);

/// How many of a contract's recorded enrollments may be gone before that looks like a wrong account: max(1, 10 %).
std::size_t tolerable_absence(std::size_t recorded);

/// The whole table of design.md §5, and its identity rules. Errors: internal only.
Result<Plan> make_plan(Inputs const& inputs);

/// Takes enrollments over under given names, as they are (an import knows which is which). Each has to agree with its
/// manifest: one that differs is blocked, with its changes. Errors: internal.
Result<Plan> take_over(Inputs const& inputs, std::map<std::string, std::int64_t> const& ids);

}  // namespace cpsctl::plan

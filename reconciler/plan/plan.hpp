#pragma once
#include "base/clock.hpp"
#include "base/json.hpp"
#include "cps/types.hpp"
#include "diff/compare.hpp"
#include "manifest/types.hpp"
#include "state/types.hpp"

#include <cstdint>
#include <map>
#include <optional>
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
  Day today = {};
  Duration settle = std::chrono::seconds(300);  ///< how long a list may lag behind a create
};

/// One enrollment's place in the plan. `none` items are counted, not listed.
struct Item {
  std::string name = {};
  Action action = Action::none;
  Action wanted = Action::none;  ///< of blocked: what would have been done
  std::string contract = {};
  std::string account = {};
  std::int64_t id = 0;  ///< 0: does not exist yet
  std::string common_name = {};
  std::string validation_type = {};
  std::vector<diff::Change> changes = {};
  std::string reason = {};                   ///< why this action; of blocked: what is in the way
  std::string next = {};                     ///< of blocked: what to do
  std::vector<std::string> notes = {};       ///< "in progress at CPS: change 10002 (new-certificate)"
  std::vector<std::string> steps = {};       ///< the writes in order: "POST /enrollments", "PUT /enrollments/{id} …"
  bool state_only = false;                   ///< changes the state alone; no change at CPS
  manifest::Desired desired = {};            ///< of create, adopt, update
  std::vector<std::int64_t> known_ids = {};  ///< live enrollments with that CN, for the intent
  std::vector<std::int64_t> settles = {};    ///< open intents (sequences) that this item's result closes
  std::vector<std::string> open_steps = {};  ///< of adopt: pointers that a second write still has to bring
};

struct Summary {
  std::int64_t create = 0, update = 0, adopt = 0, advance = 0, delete_ = 0, orphan = 0, forget = 0, blocked = 0,
               unchanged = 0;
};
BOOST_DESCRIBE_STRUCT(Summary, (), (create, update, adopt, advance, delete_, orphan, forget, blocked, unchanged))

struct Plan {
  std::string realm = {};
  std::int64_t serial = 0;
  std::vector<Item> items = {};  ///< sorted by name; also those with nothing to do but a note
  Summary summary = {};
  std::size_t requests_to_apply = 0;  ///< writes and their reads, without the lists
  bool changes() const;               ///< something would be written to CPS
  bool work() const;                  ///< changes, or state-only items
};

/// What has to be listed: the contracts of the manifests and of the state. The schema version is the highest that the
/// contract's manifests use.
std::map<Scope, std::string> scopes(std::vector<manifest::Desired> const& desired,
                                    std::map<std::string, state::Entry> const& entries,
                                    std::string const& default_account);

/// Ids that the state has and the lists lack: each needs a GET before make_plan (lists lag).
struct Lookup {
  Scope scope;
  std::int64_t id = 0;
  std::string name = {};
  std::string api_schema = {};
};
std::vector<Lookup> lookups_needed(Inputs const& inputs);

/// The whole table of design.md §5, and its identity rules. Errors: internal only.
Result<Plan> make_plan(Inputs const& inputs);

/// The plan document (format_version, realm, serial, items, summary) as JSON: what `plan -o json` prints.
json::Document document(Plan const& plan);

}  // namespace cpsctl::plan

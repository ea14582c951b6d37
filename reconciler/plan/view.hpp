#pragma once
#include "plan/item.hpp"

#include <map>
#include <string_view>

/// A plan as people and programs see it: what is printed, saved and approved. Flat, and the description of the
/// document's format (schemas/plan.v1.schema.json).
namespace cpsctl::plan {

/// What CPS moves by itself. Nobody approves it, so the digest leaves it out.
struct ObservedChange {
  static constexpr std::size_t always_written = 2;
  std::int64_t id = 0;
  std::string type = {};
  std::string read = {};  ///< when it was read last, by CPS's clock: RFC 3339; empty: for this plan, or never
  std::string turn = {};  ///< when it is read again
};
BOOST_DESCRIBE_STRUCT(ObservedChange, (), (id, type, read, turn))
struct Observed {
  static constexpr std::size_t always_written = 1;
  std::vector<ObservedChange> pending = {};  ///< as CPS lists them
  std::string expires = {};  ///< the earliest end of a certificate in production: RFC 3339; empty: not known
};
BOOST_DESCRIBE_STRUCT(Observed, (), (pending, expires))

struct ItemView {
  static constexpr std::size_t always_written = 22;  // the rest where there is something to say
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
  std::vector<std::string> steps = {};     ///< the requests in order: "POST /enrollments", "PUT /enrollments/10001 …"
  std::vector<std::int64_t> cancels = {};  ///< pending changes that are given up for the write, newest first
  bool overrides_renewal_window = false;   ///< the write says that it may come inside the renewal window
  std::string reason = {};                 ///< why this action; of blocked: what is in the way
  std::string next = {};                   ///< of blocked, orphan: what to do
  std::vector<std::string> notes = {};     ///< "in progress at CPS: change 10002 (new-certificate)"
  std::string fingerprint = {};            ///< as Item::fingerprint; empty: nothing is done
  std::optional<manifest::Desired> desired{};  ///< of what creates, changes or records something
  Observed observed = {};
  std::string signer = {};                   ///< fingerprint of the program that signs its certificates
  std::vector<std::string> publishers = {};  ///< the same, of what brings its tokens to their places

  Key key() const { return {name, part_of(action == Action::blocked ? wanted : action)}; }

  json::Ref live = {};  ///< CPS's document; not part of the format: what it says of people is masked in prose
};
BOOST_DESCRIBE_STRUCT(ItemView, (),
                      (name, action, wanted, contract, account, id, api_schema, common_name, validation_type,
                       production, state_only, waits, changes, steps, cancels, overrides_renewal_window, reason, next,
                       notes, fingerprint, desired, observed, signer, publishers))

/// Something is sent to CPS, or the state changes.
bool acts(ItemView const& item);

struct PlanView {
  std::string realm = {};
  std::string account = {};  ///< of the flag or the credentials: of all items that name none
  std::int64_t serial = 0;
  std::vector<std::string> paths = {};
  Selection selection = {};
  Consent consent = {};
  std::vector<std::string> settings = {};
  std::vector<ItemView> items = {};  ///< sorted by key; what is unchanged is listed only if it has a note
  Summary summary = {};
  std::int64_t requests_to_apply = 0;  ///< writes and their reads, without the lists

  std::string format = "1.2";  ///< of the document that it was read from; it has a rule of its own for the digest

  bool changes() const;  ///< something would be written to CPS
  bool work() const;     ///< changes, or state-only items
};
BOOST_DESCRIBE_STRUCT(PlanView, (),
                      (realm, account, serial, paths, selection, consent, settings, items, summary, requests_to_apply))

ItemView view(Item const& item);
PlanView view(Plan const& plan);

/// The items of a plan that outlives this.
class ByKey {
 public:
  explicit ByKey(PlanView const& plan);
  /// nullptr: the plan has no such item.
  ItemView const* find(Key const& key) const;

 private:
  std::map<Key, ItemView const*> items_;
};

/// Adds the item to the counts.
void count(ItemView const& item, Summary& summary);

/// The way back, of what is shown alone: nothing of it can be carried out.
Item shown(ItemView const& view);

}  // namespace cpsctl::plan

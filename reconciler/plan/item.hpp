#pragma once
#include "cps/types.hpp"
#include "diff/three_way.hpp"
#include "lifecycle/decide.hpp"
#include "manifest/types.hpp"
#include "plan/consent.hpp"
#include "plan/step.hpp"
#include "state/types.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <boost/describe.hpp>

/// What the plan decided for one enrollment, as `apply` carries it out. What is printed and saved of it: view.hpp.
namespace cpsctl::plan {

BOOST_DEFINE_ENUM_CLASS(Action, create, update, adopt, advance, delete_, orphan, forget, blocked, none)

/// What of an enrollment an item is about. A plan may have an item of each part for the same enrollment; they are
/// carried out in this order.
enum class Part : std::uint8_t {
  enrollment,  ///< what it is
  change       ///< the change at CPS that is under way
};
Part part_of(Action wanted);

/// An item's place in plans and results, which are in the order of it.
struct Key {
  std::string name = {};
  Part part = Part::enrollment;

  auto operator<=>(Key const&) const = default;
};

/// Account switch key and contract: what one list request covers.
using Scope = std::pair<std::string, std::string>;

/// Pending changes that are given up for a write, newest first.
struct GivenUp {
  std::vector<cps::PendingChange> by_id = {};     ///< each by a request of its own before the write
  std::vector<cps::PendingChange> by_write = {};  ///< our own create's, never deployed: the write cancels them
};

// The kinds of work. Each has what it needs and nothing else.

/// In sync, or kept as it is.
struct Nothing {};
/// Something is in the way; the item's reason says what.
struct Held {
  enum class Why : std::uint8_t {
    blocked,  ///< a person has to act
    consent,  ///< a delete that nobody has consented to
    waits,    ///< nobody has to act: a later run goes on
    moved     ///< of a saved plan: it is not what was planned on any more
  };
  Why why = Why::blocked;
};
/// CPS is at it already: these changes carry out a removal that was sent before.
struct UnderWay {
  std::vector<std::int64_t> changes = {};
};
/// The state alone learns that the enrollment is there, or what was applied to it.
struct RecordOnly {
  std::vector<std::string> open_steps = {};   ///< pointers that a second write still has to bring
  std::vector<std::int64_t> takes_over = {};  ///< pending changes that become ours with an adoption
};
/// The state alone loses it: CPS does not have it.
struct Forget {};
/// The journal alone learns that a create was not done, of which there is nothing else.
struct Disproved {};
/// A person gives up pending changes; what was never deployed goes with its first one.
struct Abandon {
  std::vector<cps::PendingChange> changes = {};
  bool removes = false;
};
struct Create {
  std::vector<std::string> deferred = {};  ///< pointers that a create cannot carry: a second write brings them
};
struct Update {
  json::Ref target = {};  ///< what is laid over the live document
  GivenUp gives_up = {};
  bool inside_renewal_window = false;  ///< and a person accepted the risk
  bool completes = false;              ///< it is the second write of our own create, and no more
};
struct Remove {
  GivenUp gives_up = {};
};
/// The manifest's deploy alone is another one, and the change of ours that it is about is under way.
struct Reschedule {
  cps::PendingChange change = {};
  state::DeployDays now = {};  ///< that it has
};
/// A pending change at CPS needs something: an answer, or a person.
struct Advance {
  cps::PendingChange change = {};
  cps::Change seen = {};  ///< as CPS tells it
  lifecycle::Owner owner = lifecycle::Owner::other;
  lifecycle::Next next = {};
  std::string digest = {};                           ///< of what is answered: lifecycle::answer_digest()
  std::optional<lifecycle::Recalled> recalled = {};  ///< it was not read for this plan
  std::optional<cps::Upload> upload = {};            ///< of a certificate that is at hand
};
using Work = std::variant<Nothing, Held, UnderWay, RecordOnly, Forget, Disproved, Create, Update, Remove, Reschedule,
                          Advance, Abandon>;

/// Open intents (sequences in the journal) that the item's result closes.
struct Closes {
  std::vector<std::int64_t> done = {};      ///< CPS proves them to be done; oldest first
  std::vector<std::int64_t> not_done = {};  ///< it is over, and CPS does not show it
};

/// One enrollment's place in the plan.
struct Item {
  std::string name = {};
  Action wanted = Action::none;  ///< what is to become of it, also while something is in the way
  Work work = {};
  std::string contract = {};
  std::string account = {};
  std::int64_t id = 0;          ///< 0: does not exist yet
  std::string api_schema = {};  ///< of what acts: the version that its contract is read in
  std::string common_name = {};
  std::string validation_type = {};
  bool production = false;               ///< serves on the production network
  bool deployed = false;                 ///< to any network, ever
  std::optional<WallTime> expires = {};  ///< of what serves in production: the earliest end, where the state knows it
  std::vector<diff::Change> changes = {};
  std::string reason = {};                     ///< for people: why; while held: what is in the way
  std::string next = {};                       ///< for people: what to do about it
  std::vector<std::string> notes = {};         ///< "in progress at CPS: change 10002 (new-certificate)"
  std::string fingerprint = {};                ///< of all that a reviewer sees and a write is based on (SHA-256)
  std::optional<manifest::Desired> desired{};  ///< of what creates, changes or records something
  std::string signer = {};                     ///< fingerprint of the program that signs its certificates
  std::vector<std::string> publishers = {};    ///< of those of its policy, in their order
  /// Of the pending changes that it speaks of, those that were not read for this plan.
  std::map<std::int64_t, lifecycle::Recalled> recalled = {};
  cps::Live live = {};                       ///< as it was planned on; no document: does not exist
  std::vector<std::int64_t> known_ids = {};  ///< live enrollments with that CN, for the intent
  Closes closes = {};

  Key key() const { return {name, part_of(wanted)}; }
  Scope scope() const { return {account, contract}; }
  Held const* held() const { return std::get_if<Held>(&work); }
  Action action() const { return held() != nullptr ? Action::blocked : wanted; }
  /// Something is sent that changes CPS.
  bool writes() const;
  /// The state alone changes.
  bool records() const;
  bool acts() const { return writes() || records(); }
  /// It was planned on a GET of its own, as the list lags behind it.
  bool looked_up() const { return live.begun != WallTime(); }
  bool waits() const { return held() != nullptr && held()->why == Held::Why::waits; }
};

/// The requests that carry it out; empty when nothing is sent.
std::vector<Step> steps_of(Item const& item);
/// The input that it answers; nullptr when it sends nothing.
cps::Input const* input_answered(lifecycle::Due const& due);
/// What a pending change needs; nullptr when the item is about something else.
Advance const* advance_of(Item const& item);
/// What a write gives up; nullptr when the item is none.
GivenUp const* gives_up(Item const& item);

/// What is in the way of what an item wants.
struct Obstacle {
  std::string reason = {};
  std::string next = {};
  Held::Why why = Held::Why::blocked;
};
/// What was chosen before is not done.
void hold(Item& item, Obstacle obstacle);

/// The next step where something has moved since it was planned on.
inline constexpr char const* look_again = "look at a new plan and apply that";

/// Is it another enrollment that is wanted, and not only another date for its deployment?
bool differs(Item const& item);

/// Does one of these make CPS issue a new certificate?
bool issues_certificate(std::vector<diff::Change> const& changes);

/// The enrollment behind an item, to say whether it is still the one that was planned on.
bool same_live(cps::Live const& left, cps::Live const& right);

std::vector<std::int64_t> ids_of(std::vector<cps::PendingChange> const& changes);

/// "in progress at CPS: change 10002 (new-certificate)".
std::string pending_note(cps::PendingChange const& change);
/// The same for each of its pending changes.
std::vector<std::string> pending_notes(cps::Live const& live);

struct Summary {
  std::int64_t create = 0, update = 0, adopt = 0, advance = 0, delete_ = 0, orphan = 0, forget = 0, blocked = 0,
               unchanged = 0;
  std::int64_t left_out = 0;  ///< not selected, and not looked at
  std::int64_t record = 0;    ///< only the state is brought up to date: no update
  std::int64_t due = 0;       ///< of `advance`: a person has to act
  std::int64_t wait = 0;      ///< for CPS to end what it is doing: held back, and nobody has to act

  bool operator==(Summary const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Summary, (),
                      (create, update, adopt, advance, delete_, orphan, forget, blocked, unchanged, left_out, record,
                       due, wait))

/// Adds one item to the counts.
struct Counted {
  Action action = Action::none;
  bool records = false;  ///< the state alone learns something
  bool waits = false;    ///< of what is held: a later run goes on
  bool sends = false;    ///< something is sent to CPS
};
void count(Counted item, Summary& summary);
void count(Item const& item, Summary& summary);

/// Values where a CA looks, by what becomes of them.
struct Publications {
  std::vector<state::Publication> needed = {};    ///< put there again, should they have gone
  std::vector<state::Publication> needless = {};  ///< taken away
  std::vector<state::Publication> shared = {};    ///< needless, and the same value is needed by another: forgotten
  std::vector<state::Publication> unknown = {};   ///< of contracts that were not listed: left as they are

  /// Is nothing to be done about them?
  bool quiet() const { return needed.empty() && needless.empty() && shared.empty(); }
};

struct Plan {
  std::string realm = {};
  std::string account = {};  ///< of the flag or the credentials: of all items that name none
  std::int64_t serial = 0;   ///< of the state
  std::vector<std::string> paths = {};
  Selection selection = {};
  Consent consent = {};
  std::vector<std::string> settings = {};  ///< times and limits that it was made with and that are not the usual ones
  std::vector<Item> items = {};            ///< sorted by key; also those with nothing to do but a note
  Summary summary = {};
  std::map<std::string, std::vector<Advance>> looks = {};  ///< the pending changes that were looked at, by name
  Publications publications = {};
};

}  // namespace cpsctl::plan

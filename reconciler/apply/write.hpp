#pragma once
#include "apply/proof.hpp"
#include "apply/snapshots.hpp"
#include "apply/spacing.hpp"
#include "apply/trace.hpp"

#include <memory>
#include <optional>
#include <unordered_set>

/// The kinds of writes, as Executor carries each of them: what it is based on, what is sent, what the state learns.
namespace cpsctl::apply {

/// What the writes of a run work with.
struct Services {
  cps::Writer& writer;
  Snapshots& snapshots;
  Spacing& spacing;
  Trace& trace;
  state::Store& store;
  decltype(ApplyOptions::certify) certify = {};
  Publishers* publishers = nullptr;
  std::unordered_set<std::int64_t> known_ids = {};  ///< of all that the state held or holds in this run
};

/// How far an item has come.
struct Course {
  plan::Item const& item;
  plan::Closes closes = {};                        ///< doubts about earlier writes that are not closed yet
  ItemResult result = {};                          ///< of what is done: the id, and the changes that CPS started
  std::set<std::int64_t> cancelled = {};           ///< changes that the plan gives up, and that are
  std::shared_ptr<state::Entry const> entry = {};  ///< of a removal: what the state loses
  bool over = false;                               ///< nothing is left to do
  bool reads = false;                              ///< the plan reads the enrollment itself, beside the list
  WallTime read = {};                              ///< what its cancels are based on
};

/// What a write is based on, as CPS has it now.
struct Basis {
  cps::Live live = {};  ///< nothing for a create
  WallTime read = {};
  bool gone = false;  ///< what was to be removed: nothing is left to do
};

using BeforeSend = std::function<http::Task<Result<>>()>;

/// What a write made of its turn to send.
enum class Turn {
  taken,  ///< its intent is on disk
  left    ///< nothing is sent: what it is based on does not hold any more, and is looked at again
};

/// One request that changes CPS. Executor calls the hooks in this order, for each attempt: held_back, look, prepare,
/// send (which calls begin when the request has its turn), and then record, or conclude.
class Write {
 public:
  Write(state::WriteKind step, Services& services, Course& course)
      : step_(step), services_(services), course_(course) {}
  Write(Write const&) = delete;
  Write& operator=(Write const&) = delete;
  virtual ~Write() = default;

  state::WriteKind step() const { return step_; }
  plan::Item const& item() const { return course_.item; }

  /// Is it based on the contract's list?
  virtual bool on_list() const { return true; }
  /// It is not its turn yet, in this run.
  virtual std::optional<ItemResult> held_back() { return std::nullopt; }
  /// Errors end the item: stale and more, with nothing sent.
  virtual http::Task<Result<Basis>> look() = 0;
  /// Makes the request ready; what the journal holds before it is sent.
  virtual Result<state::Record> prepare(Basis const& basis) = 0;
  /// `before` is awaited when the request has its turn.
  virtual http::Task<Result<cps::EnrollmentStatus>> send(BeforeSend before) = 0;
  /// The request has its turn: its intent goes to disk. Errors: io.
  virtual http::Task<Result<Turn>> begin(Attempt& attempt, WallTime read);
  /// It is done: the journal and the course learn it.
  virtual http::Task<Result<>> record(Attempt attempt, cps::EnrollmentStatus const& status) = 0;

  /// The item's result without success.
  virtual ItemResult failed(Error const& error, Proof proof) const;
  virtual ItemResult conclude(Error const& error, Proof proof, WallTime later, Tally& tally) const;
  /// "updated": of what is done and could not be recorded.
  virtual char const* done_words() const = 0;

 protected:
  plan::Scope scope() const;
  /// Leaves a turn unused. Errors: io.
  http::Task<Result<Turn>> give_way(Attempt& attempt);

  state::WriteKind step_;
  Services& services_;
  Course& course_;
};

/// The write that a step of the plan means. Nothing for one that only looks: the writes after it do, as late as they
/// can.
std::unique_ptr<Write> write_of(plan::Step const& step, Services& services, Course& course);

/// The entry that a successful write leaves: the manifest as it is, whatever the state held before.
state::Entry entry_for(plan::Item const& item, std::string now);

/// Nothing begins with the write: what an earlier one began, and what is known of that, stays.
void carry_over(state::Entry const& before, state::Entry& entry);

ItemResult result_of(plan::Item const& item, Outcome outcome);
/// Failed, or stale: what the error says.
ItemResult result_of(plan::Item const& item, Error const& error);

}  // namespace cpsctl::apply

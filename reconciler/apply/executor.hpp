#pragma once
#include "apply/apply.hpp"
#include "apply/journal.hpp"
#include "apply/snapshots.hpp"
#include "apply/spacing.hpp"
#include "http/crew.hpp"

#include <unordered_set>

namespace cpsctl::apply {

/// Carries out single items. One per run; on the loop's thread.
class Executor {
 public:
  /// `look_again`: after how long a list may tell what became of a write in doubt.
  /// `gate`: how many requests may be under way, each with its intent; what follows an answer needs no place.
  /// `stopped`: asked before a request that waited for its place.
  Executor(cps::Writer& writer, Snapshots& snapshots, Spacing& spacing, Journal& journal, http::Gate& gate,
           state::Store& store, Duration look_again, std::function<bool()> stopped)
      : writer_(writer),
        snapshots_(snapshots),
        spacing_(spacing),
        journal_(journal),
        gate_(gate),
        store_(store),
        look_again_(look_again),
        stopped_(std::move(stopped)) {
    for (auto const& [name, entry] : store.contents().entries) known_ids_.insert(entry.id);
  }

  http::Task<ItemResult> carry_out(plan::Item const& item);

  /// Set once the credentials were refused: every further request would be.
  bool unauthorized() const { return unauthorized_; }
  /// How often CPS answered the item with 409.
  int refusals(std::string const& name) const;
  /// It did so in an earlier run.
  void remember_refusal(std::string const& name) { refused_before_.insert(name); }

 private:
  // create.cpp
  http::Task<ItemResult> create(plan::Item const& item);
  /// Doubts about earlier attempts that the plan disproved, and how.
  struct Disproven {
    std::vector<std::int64_t>& doubts;
    std::string disproof;
  };
  bool existed(plan::Scope const& scope, WallTime read, std::int64_t id) const;
  http::Task<Result<>> before_create(plan::Scope const& scope, WallTime read, Disproven before, Attempt& attempt,
                                     bool& under_way);
  http::Task<ItemResult> not_created(plan::Item const& item, Attempt& attempt, Error error);
  ItemResult held_back(plan::Item const& item);
  http::Task<ItemResult> second_write(plan::Item const& item, state::Entry entry, ItemResult result);
  // change.cpp
  http::Task<ItemResult> update(plan::Item const& item);
  http::Task<ItemResult> remove(plan::Item const& item);
  // executor.cpp: what only the state learns
  http::Task<ItemResult> record(plan::Item const& item);

  /// A PUT of `target` laid over `live`, with its trace in the journal.
  struct Put {
    cps::Live live = {};
    json::Ref target = {};
    state::Entry entry = {};  ///< what the state will hold
    bool cancel_pending = false;
    bool override_renewal_window = false;
    WallTime read = {};  ///< when CPS said so; too old by the request's turn: Errc::stale
  };
  http::Task<Result<cps::EnrollmentStatus>> put(plan::Item const& item, Put put, Attempt& attempt);

  /// Gives up the changes that the plan cancels by their own ids, and takes each from `left` as it goes. Errors of an
  /// attempt that is open are not closed yet.
  http::Task<Result<>> give_up(plan::Item const& item, std::vector<std::int64_t>& left, WallTime read,
                               Attempt& attempt);
  /// What is written on: unmoved(), or, once the plan's cancels are done, the enrollment as it is without them. Errors:
  /// stale: another change is pending by now, or the cancel brought back something else; not_found: it is gone.
  http::Task<Result<cps::Live>> base_of(plan::Item const& item, bool cancelled);
  /// The item's enrollment as it is now, if it is still what was planned on. Errors: stale; not_found: it is gone.
  http::Task<Result<cps::Live>> unmoved(plan::Item const& item);
  /// Leaves a turn unused. Errors: stale, `why`; io.
  http::Task<Result<>> give_way(Attempt& attempt, char const* why);
  /// Awaited when a write's turn has come: what it is based on, read at `read`, may have grown old while it waited.
  http::Task<Result<>> before_send(plan::Scope const& scope, WallTime read, Attempt& attempt);

  /// The entry that a successful write leaves: the manifest as it is, whatever the state held before.
  state::Entry entry_for(plan::Item const& item) const;
  state::Entry const* known(std::string const& name) const;
  /// Waits for a place at the gate. Errors: cancelled, without a place, when the run has ended meanwhile.
  http::Task<Result<>> enter();
  /// Closes the attempt by what the error proves, and says it: not done, in doubt, or in somebody's way.
  http::Task<ItemResult> unsuccessful(plan::Item const& item, Attempt& attempt, Error error);
  /// The attempt is over and its intent stays open: `result` says what is in doubt, and when it is looked at again.
  http::Task<ItemResult> in_doubt(plan::Item const& item, Attempt& attempt, Error error, ItemResult result);
  /// A 409: what is in its way may have gone when the list is read again.
  ItemResult in_the_way(plan::Item const& item, ItemResult result);
  ItemResult failed(plan::Item const& item, Error const& error);
  /// The same where nothing was tried: without a list to write on, or without a turn.
  ItemResult not_begun(plan::Item const& item, Error const& error);

  cps::Writer& writer_;
  Snapshots& snapshots_;
  Spacing& spacing_;
  Journal& journal_;
  http::Gate& gate_;
  state::Store& store_;
  Duration look_again_;
  std::function<bool()> stopped_;
  static constexpr int most_refusals = 3;     ///< of one item in one run: then it has failed
  std::map<std::string, int> refusals_ = {};  ///< how often each item met a 409 in this run
  std::set<std::string> refused_before_ = {};
  std::map<std::string, int> doubts_ = {};
  std::unordered_set<std::int64_t> known_ids_ = {};  ///< of all that the state held or holds in this run
  bool unauthorized_ = false;
};

ItemResult result_of(plan::Item const& item, Outcome outcome);
std::vector<std::int64_t> numbers(std::vector<cps::ChangeId> const& changes);
plan::Scope scope_of(plan::Item const& item);
/// The run's end, or a signal, came before the request's turn.
bool without_turn(Error const& error);
/// CPS did it, and the state cannot say so.
Error unrecorded(std::string_view done, Error error);

}  // namespace cpsctl::apply

#pragma once
#include "base/clock.hpp"
#include "http/task.hpp"
#include "state/store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace cpsctl::apply {

/// A write's trace in the journal. Each attempt has an intent of its own, written when its turn has come: the time that
/// it waited before must not count as time after it (a list disproves a create by that).
struct Attempt {
  state::Record intent = {};
  std::int64_t sequence = 0;  ///< of the intent on disk; 0: none is open
};

/// What the journal is told before and after every write. One per run; on the loop's thread.
class Trace {
 public:
  /// `timeout`: how long an attempt can take at most, from begin() on: the session counts what begin() takes, too.
  Trace(state::Store& store, http::Loop& loop, Clock const& clock, Duration timeout)
      : store_(store), loop_(loop), clock_(clock), timeout_(timeout) {}

  /// On disk when it returns, and in the store's contents. Errors: io, which breaks the run.
  http::Task<Result<std::int64_t>> record(state::Record record);

  /// Puts the attempt's intent on disk, with the time by which it has ended whatever becomes of this process.
  http::Task<Result<>> begin(Attempt& attempt);
  /// Closes the intent of an attempt that is known not to have happened.
  http::Task<Result<>> refuse(Attempt& attempt, std::string reason);
  /// CPS answered a create with 409: the attempt is over, and a list has to tell what the answer meant.
  http::Task<Result<>> conflict(Attempt& attempt, std::string reason);
  /// The attempt is over, `how` its answer was lost; a list has to tell what became of it.
  http::Task<Result<>> lose(Attempt& attempt, std::string how);
  /// Closes intents of earlier runs as not done.
  http::Task<Result<>> refuse_all(std::string name, std::vector<std::int64_t> intents, std::string reason);
  /// A write was done: the state holds the intent's entry from now on, with CPS's id and the changes that carry it out.
  http::Task<Result<>> done(Attempt attempt, std::int64_t id, std::vector<std::int64_t> changes);
  /// Writes in doubt are proven: the state holds what the last of their intents says, with CPS's id; which changes they
  /// started is not known.
  http::Task<Result<>> prove_all(std::string name, std::vector<std::int64_t> intents, state::WriteKind step,
                                 std::int64_t id);
  /// The state loses the name. `intent`: of the delete that did it, or 0.
  http::Task<Result<>> drop(std::string name, std::int64_t intent);
  /// The state holds the entry from now on; nothing was written to CPS. `intent`: of the write that is thereby known to
  /// have been done and is closed, or 0.
  http::Task<Result<>> keep(state::Entry entry, std::string name, std::int64_t intent);

  /// What of an entry's pending changes was seen, or a signer has said of them.
  http::Task<Result<>> watch(std::string name, std::vector<state::Watch> watches);

  /// These values are about to be where their CA looks; `withdrawn`: they are gone from there.
  http::Task<Result<>> published(std::vector<state::Publication> all);
  http::Task<Result<>> withdrawn(std::vector<state::Publication> all);

  /// Set once the journal cannot be written any more: nothing may be sent after that.
  std::optional<Error> const& broken() const { return broken_; }
  WallTime wall() const { return clock_.wall(); }
  std::string now() const { return timestamp(wall()); }

 private:
  /// record() for those who do not ask for its number.
  http::Task<Result<>> write(state::Record record_of);

  state::Store& store_;
  http::Loop& loop_;
  Clock const& clock_;
  Duration timeout_;
  std::optional<Error> broken_ = {};
};

}  // namespace cpsctl::apply

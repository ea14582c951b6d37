#pragma once
#include "base/result.hpp"
#include "state/types.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace cpsctl::state {

/// What the files say: the snapshot with the journal replayed over it.
struct Contents {
  std::string realm = {};
  std::string host = {};  ///< that was last talked to, for people
  std::int64_t serial = 0;
  std::map<std::string, Entry> entries = {};
  std::vector<Record> open_intents = {};       ///< intents without a result: doubts, oldest first
  std::vector<Event> history = {};             ///< what was done, oldest first; kept within bounds (history.hpp)
  std::vector<Publication> publications = {};  ///< values that may stand where their CA looks
  bool exists = false;                         ///< a state file or a journal was there
  std::vector<std::string> notes = {};         ///< what a person should know, such as a torn last journal line
};

/// As what a run opens the state.
struct Opening {
  std::string realm = {};
  std::string host = {};  ///< to record for people; empty: as it was
  std::string run = {};   ///< the run's id
  Author by = {};
};

/// The open state of a run that writes: the journal's group commit and the snapshot. Fenced: once the lock is another
/// run's, the state is that run's, and every write fails with `locked`; so does what would follow its record at CPS.
class Store {
 public:
  virtual ~Store() = default;

  virtual Contents const& contents() const = 0;

  /// The record as it was kept: with the sequence that it got, the run and its author.
  using Written = std::function<void(Result<Record> kept)>;
  /// Queues a record for the journal's thread, which numbers, writes and syncs all that is queued at once, then calls
  /// `written` on its own thread. After a failed sync, or with the lock lost, every record
  /// fails: it is fatal.
  virtual void journal(Record record, Written written) = 0;

  /// journal() and accept() in one: on disk, and in the contents, when it returns. Gives its sequence. For callers that
  /// may block. Errors: io, locked.
  Result<std::int64_t> write(Record record);
  /// The same of several, in their order, with a sync or two for all of them. Of a failure or a crash a beginning of
  /// them may stay. Gives the sequence of the last, 0 for none.
  Result<std::int64_t> write_all(std::vector<Record> records);

  /// Takes a record as it was kept into the contents: done puts its intent's entry with the id and the changes, stored
  /// puts the entry, dropped takes it away, refused closes the intent, conflict and lost mark it as over. On the
  /// caller's thread.
  virtual void accept(Record const& record) = 0;

  /// Writes the snapshot, unless it holds everything already: the previous one is kept as `.bak` (so that is never a
  /// copy of the same), and a journal that follows the new one begins with the open intents. Errors: locked; io, one
  /// after the snapshot was written leaves no journal to write to: every later record fails, as after a failed sync.
  virtual Result<> save() = 0;
};

}  // namespace cpsctl::state

#include "state/store.hpp"

#include "base/fields.hpp"
#include "state/files.hpp"
#include "state/history.hpp"
#include "state/journal.hpp"
#include "state/replay.hpp"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include <fmt/format.h>

namespace cpsctl::state {
namespace {

/// The journal's thread: takes all records that are queued, writes and syncs them at once, then tells their owners. It
/// makes their lines as well: the loop's thread has enough to do.
class GroupCommit {
 public:
  /// `last`: the last record of the journals before.
  GroupCommit(std::unique_ptr<Appender> file, std::int64_t last, Lock& lock)
      : last_(last), lock_(lock), file_(std::move(file)), thread_([this] { work(); }) {}
  ~GroupCommit() {
    {
      std::scoped_lock const lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  GroupCommit(GroupCommit const&) = delete;
  GroupCommit& operator=(GroupCommit const&) = delete;

  void add(Record record, Store::Written written) {
    {
      std::scoped_lock const lock(mutex_);
      queue_.push_back({.record = std::move(record), .written = std::move(written)});
    }
    changed_.notify_all();
  }

  /// Waits until everything queued is written, then runs `exchange` on the file while nothing else touches it. If it
  /// leaves none, nothing more can be written.
  Result<> with_file(std::function<Result<>(std::unique_ptr<Appender>&)> const& exchange) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return queue_.empty() && !busy_; });
    if (broken_) return *broken_;
    Result<> outcome = lock_.held();
    bool const held = outcome.has_value();
    if (held) outcome = exchange(file_);
    if (!held || !file_) broken_ = outcome.error();
    return outcome;
  }

 private:
  struct Queued {
    Record record;
    Store::Written written;
  };

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
      if (queue_.empty()) return;
      std::vector<Queued> batch = std::exchange(queue_, {});
      busy_ = true;
      lock.unlock();
      Result<> const outcome = broken_ ? Result<>(*broken_) : write(batch);
      for (Queued& one : batch)
        one.written(outcome ? Result<Record>(std::move(one.record)) : Result<Record>(outcome.error()));
      lock.lock();
      // After a failed sync nobody knows what is on disk, and without the lock it is another's: nothing more may be
      // promised (limits of fsync).
      if (!outcome) broken_ = outcome.error();
      busy_ = false;
      changed_.notify_all();
    }
  }

  Result<> write(std::vector<Queued>& batch) {
    std::string bytes;
    for (Queued& one : batch) {
      one.record.sequence = ++last_;
      bytes += journal_line(one.record);
    }
    CPS_CHECK(lock_.held());  // right before: a run may have stood still for any time until here
    CPS_CHECK(file_->append(bytes));
    return file_->sync();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Queued> queue_;
  bool busy_ = false;
  bool ending_ = false;
  std::optional<Error> broken_;
  std::int64_t last_;
  Lock& lock_;
  std::unique_ptr<Appender> file_;
  std::thread thread_;  // last: it uses the members above
};

/// A journal that follows the snapshot of these contents. It carries the open intents as well: they must outlive the
/// snapshot's loss, or its replacement by an older one.
std::string journal_text(Contents const& contents, std::int64_t sequence) {
  std::string lines = journal_head({.realm = contents.realm, .serial = contents.serial, .sequence = sequence});
  for (Record const& intent : contents.open_intents) lines += journal_line(intent);
  return lines;
}

class FileStore final : public Store {
 public:
  FileStore(std::filesystem::path path, Opening opening, Files& files, Replayed replayed,
            std::unique_ptr<Appender> journal, Lock& lock)
      : path_(std::move(path)),
        run_(std::move(opening.run)),
        by_(std::move(opening.by)),
        files_(files),
        contents_(std::move(replayed.contents)),
        newest_serial_(replayed.newest_serial),
        settled_(replayed.settled),
        sequence_(replayed.sequence),
        journal_(std::move(journal), replayed.sequence, lock) {}

  Contents const& contents() const override { return contents_; }

  void journal(Record record, Written written) override {
    record.run = run_;
    record.by = by_;
    journal_.add(std::move(record), std::move(written));
  }

  void accept(Record const& record) override {
    settled_ = false;
    sequence_ = std::max(sequence_, record.sequence);
    take_record(contents_, record).value();
  }

  Result<> save() override {
    return journal_.with_file(
        [this](std::unique_ptr<Appender>& file) { return settled_ ? Result<>() : write_snapshot(file); });
  }

 private:
  Result<> write_snapshot(std::unique_ptr<Appender>& file) {
    keep_within_bounds(contents_.history);
    Snapshot snapshot{.realm = contents_.realm,
                      .host = contents_.host,
                      .serial = newest_serial_ + 1,
                      .sequence = sequence_,
                      .open_intents = contents_.open_intents,
                      .history = contents_.history,
                      .publications = contents_.publications};
    for (auto const& [name, entry] : contents_.entries) snapshot.enrollments.push_back(entry);
    std::string const text = fields::to_text(snapshot) + "\n";
    CPS_CHECK(keep_previous());
    CPS_CHECK(files_.replace(path_, text));
    contents_.serial = newest_serial_ = snapshot.serial;

    // A crash before this replacement is harmless: the snapshot has the last word on records up to its sequence.
    file.reset();  // its file may have no name any more from here on
    CPS_CHECK(files_.replace(journal_path(path_), journal_text(contents_, sequence_)));
    CPS_TRY(file, files_.append(journal_path(path_)));
    settled_ = true;
    return {};
  }

  Result<> keep_previous() {
    CPS_TRY(FileKind const kind, files_.kind(path_));
    if (kind == FileKind::missing) return {};
    CPS_TRY(std::string const previous, files_.read(path_, std::size_t{4} << 30));
    return files_.replace(path_.string() + ".bak", previous);
  }

  std::filesystem::path path_;
  std::string run_;
  Author by_;
  Files& files_;
  Contents contents_;
  std::int64_t newest_serial_;
  bool settled_;           ///< the snapshot holds all of the contents
  std::int64_t sequence_;  ///< of the last record in the contents
  GroupCommit journal_;
};

/// Opens the journal behind its last good line; a new one begins with its head. What is cut off is kept before.
Result<std::unique_ptr<Appender>> open_journal(std::filesystem::path const& path, Replayed const& replayed,
                                               Files& files) {
  auto const journal = journal_path(path);
  if (replayed.valid_bytes == 0) {
    CPS_CHECK(files.replace(journal, journal_text(replayed.contents, replayed.sequence)));
  } else if (!replayed.torn.empty()) {
    CPS_CHECK(files.replace(torn_path(path), replayed.torn));
    CPS_CHECK(files.truncate(journal, replayed.valid_bytes));
  }
  return files.append(journal);
}

}  // namespace

Result<std::int64_t> Store::write(Record record) {
  std::vector<Record> one;
  one.push_back(std::move(record));
  return write_all(std::move(one));
}

Result<std::int64_t> Store::write_all(std::vector<Record> records) {
  std::vector<std::future<Result<Record>>> all;
  for (Record& record : records) {
    auto const written = std::make_shared<std::promise<Result<Record>>>();  // also for who is just setting it
    all.push_back(written->get_future());
    journal(std::move(record), [written](Result<Record> kept) { written->set_value(std::move(kept)); });
  }
  std::int64_t last = 0;
  for (auto& written : all) {
    CPS_TRY(Record const kept, written.get());
    accept(kept);
    last = kept.sequence;
  }
  return last;
}

Result<std::unique_ptr<Store>> open_files(std::filesystem::path path, Opening opening, Files& files, Lock& lock) {
  CPS_CHECK(lock.held());
  if (path.has_parent_path()) CPS_CHECK(files.make_folders(path.parent_path()));
  CPS_TRY(Replayed replayed, replay(path, opening.realm, files));
  replayed.contents.realm = opening.realm;
  if (!opening.host.empty()) replayed.contents.host = opening.host;
  CPS_TRY(auto journal, open_journal(path, replayed, files));
  return std::make_unique<FileStore>(std::move(path), std::move(opening), files, std::move(replayed),
                                     std::move(journal), lock);
}

}  // namespace cpsctl::state

#include "bench/workload.hpp"
#include "state/failing_files.hpp"
#include "state/open.hpp"
#include "state/replay.hpp"

#include <algorithm>
#include <array>
#include <atomic>

#include <fmt/format.h>

/// What the journal costs a create: the same creates with a journal on the disk, with one that is never synced, with
/// one in memory, and with none.
namespace {

using namespace cpsctl;

constexpr std::size_t creates = 2'000;
constexpr int rounds = 5;

/// The machine's files, with each sync of what is appended counted, and left out if nobody wants it.
class Counting final : public Files {
 public:
  explicit Counting(bool sync) : sync_(sync) {}

  std::size_t syncs() const { return syncs_; }

  Result<FileKind> kind(std::filesystem::path const& path) override { return real_.kind(path); }
  Result<std::string> read(std::filesystem::path const& path, std::size_t limit) override {
    return real_.read(path, limit);
  }
  Result<> replace(std::filesystem::path const& path, std::string_view bytes) override {
    return real_.replace(path, bytes);
  }
  Result<std::unique_ptr<Appender>> append(std::filesystem::path const& path) override {
    CPS_TRY(auto file, real_.append(path));
    return std::make_unique<Tail>(*this, std::move(file));
  }
  Result<> truncate(std::filesystem::path const& path, std::uint64_t size) override {
    return real_.truncate(path, size);
  }
  Result<> make_folders(std::filesystem::path const& path) override { return real_.make_folders(path); }
  Result<> remove(std::filesystem::path const& path) override { return real_.remove(path); }
  Result<std::vector<std::string>> list(std::filesystem::path const& folder) override { return real_.list(folder); }

 private:
  struct Tail final : Appender {
    Tail(Counting& by, std::unique_ptr<Appender> of) : counting(by), file(std::move(of)) {}
    Result<> append(std::string_view bytes) override { return file->append(bytes); }
    Result<> sync() override {
      ++counting.syncs_;
      return counting.sync_ ? file->sync() : Result<>();
    }
    Counting& counting;
    std::unique_ptr<Appender> file;
  };

  Files& real_ = system_files();
  bool sync_;
  std::atomic<std::size_t> syncs_ = 0;
};

/// A state without files: each record counts as written at once.
class Unwritten final : public state::Store {
 public:
  state::Contents const& contents() const override { return contents_; }
  void journal(state::Record record, Written written) override {
    record.sequence = ++last_;
    written(std::move(record));
  }
  void accept(state::Record const& record) override { static_cast<void>(state::take_record(contents_, record)); }
  Result<> save() override { return {}; }

 private:
  state::Contents contents_ = {};
  std::int64_t last_ = 0;
};

/// Another store without its snapshot, which is not a part of the journal; counts the records.
class WithoutSnapshot final : public state::Store {
 public:
  explicit WithoutSnapshot(std::unique_ptr<state::Store> store) : store_(std::move(store)) {}
  std::size_t records() const { return records_; }
  state::Contents const& contents() const override { return store_->contents(); }
  void journal(state::Record record, Written written) override {
    ++records_;
    store_->journal(std::move(record), std::move(written));
  }
  void accept(state::Record const& record) override { store_->accept(record); }
  Result<> save() override { return {}; }

 private:
  std::unique_ptr<state::Store> store_;
  std::size_t records_ = 0;
};

std::unique_ptr<WithoutSnapshot> store_on(Files& files, std::filesystem::path const& path) {
  bench::hold_to_no_core();  // the journal's thread goes where a core is free
  auto store = at_files::open(path, "bench", "bench", files).value();
  bench::hold_to_core(0);
  return std::make_unique<WithoutSnapshot>(std::move(store));
}

void compare(bench::Workload& workload, std::size_t in_flight, bench::StateFolder& folder) {
  bench::Run none;
  bench::Run memory;
  bench::Run unsynced;
  bench::Run disk;
  std::size_t records = 0;
  std::size_t syncs = 0;
  for (int round = 0; round < rounds; ++round) {
    bench::hold_to_core(0);
    Unwritten unwritten;
    none.take_best(workload.apply(in_flight, unwritten));
    failing::Disk in_memory;
    memory.take_best(workload.apply(in_flight, *store_on(in_memory, "state.json")));
    Counting lazy(false);
    unsynced.take_best(workload.apply(in_flight, *store_on(lazy, folder.next())));
    Counting eager(true);
    auto const store = store_on(eager, folder.next());
    disk.take_best(workload.apply(in_flight, *store));
    records += store->records();
    syncs += eager.syncs();
  }
  auto const each = [&](bench::Run const& run) { return 1e6 * run.seconds / static_cast<double>(creates); };
  double const a_round = static_cast<double>(records) / rounds;
  double const per_record = (disk.seconds - none.seconds) / a_round;
  fmt::print("{:>9}  {:6.0f}  {:6.0f}  {:6.0f}  {:6.0f}  {:7.1f}  {:10.2f}  {:16.1f}\n", in_flight, each(none),
             each(memory), each(unsynced), each(disk), disk.seconds / none.seconds,
             static_cast<double>(syncs) / static_cast<double>(records), 1e6 * per_record);
}

}  // namespace

int main() {
  bench::StateFolder folder;
  bench::NullServer const server({.ca_file = folder.path() / "ca.pem"});
  fmt::print("{}\n{} creates against a server that answers at once, best of {} rounds, in turns; us a create with\n",
             folder.disk(), creates, rounds);
  fmt::print("in flight    none  memory  unsynced  disk  disk:none  syncs a record  us a record\n");
  for (std::size_t const in_flight : {1U, 8U, 32U}) {
    bench::Workload workload(server, creates, in_flight);
    compare(workload, in_flight, folder);
  }
  return 0;
}

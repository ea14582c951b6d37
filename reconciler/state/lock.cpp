#include "state/lock.hpp"

#include "base/fields.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "state/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <fcntl.h>
#include <linux/magic.h>
#include <mutex>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

namespace cpsctl::state {
namespace {

using namespace std::chrono_literals;
using Path = std::filesystem::path;

constexpr auto heartbeat_every = 20s;
constexpr auto dead_when_still_for = 60s;
constexpr auto dead_when_older_than = 10min;
constexpr auto dead_when_ahead_by = 24h;  // nobody's clock is: such a heartbeat would live for ever unwatched
constexpr auto look_again = 100ms;
constexpr std::size_t longest_lease = 4096;

Path lock_path(Path const& state_path) {
  return state_path.string() + ".lock";
}

Fd open_lock(Path const& path, int more_flags = 0) {
  return Fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | more_flags, 0600));
}

std::string first_bytes(int fd) {
  std::array<char, longest_lease> buffer{};
  ssize_t const got = ::pread(fd, buffer.data(), buffer.size(), 0);
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

/// Nothing: the file is empty, or nobody's: rubbish that stays the same, unlike a lease that is just being renewed.
std::optional<Lease> read_lease(int fd) {
  for (std::string before;;) {
    std::string bytes = first_bytes(fd);
    Lease lease;
    auto const document = json::parse(bytes, "the lock");
    if (document && fields::from_json(*document, lease)) return lease;
    if (bytes == before) return std::nullopt;
    before = std::move(bytes);
  }
}

/// A lease is written over an empty file or a lease, whole or torn, and over nothing else.
Result<> own_lock(Fd const& fd, Path const& path) {
  CPS_CHECK(own_file(fd, path));
  std::string const bytes = first_bytes(fd.get());
  if (bytes.empty() || bytes.starts_with('{')) return {};
  return Error{.code = Errc::io,
               .message = fmt::format("{} is no lock of cpsctl: something else is in it", path.string()),
               .next = "move it away and run again"};
}

/// A shared folder shows what another machine wrote to whoever opens the file anew.
std::optional<Lease> read_lease(Path const& path) {
  Fd const fd = open_lock(path);
  return fd.open() ? read_lease(fd.get()) : std::nullopt;
}

/// File systems that no other machine writes to; any other may be shared.
bool of_one_machine(int fd) {
  constexpr long xfs = 0x58465342, zfs = 0x2FC12FC1, bcachefs = static_cast<long>(0xCA451A4E);
  constexpr std::array local = {static_cast<long>(EXT4_SUPER_MAGIC),
                                xfs,
                                static_cast<long>(BTRFS_SUPER_MAGIC),
                                static_cast<long>(TMPFS_MAGIC),
                                static_cast<long>(OVERLAYFS_SUPER_MAGIC),
                                static_cast<long>(F2FS_SUPER_MAGIC),
                                static_cast<long>(RAMFS_MAGIC),
                                zfs,
                                bcachefs};
  struct statfs info {};
  return ::fstatfs(fd, &info) == 0 && std::ranges::find(local, static_cast<long>(info.f_type)) != local.end();
}

/// In place: spaces take the old lease's place before the file is cut, so there is a lease at any time.
Result<> write_lease(int fd, Path const& path, Lease const& lease) {
  std::string text = fields::to_text(lease) + "\n";
  auto const size = static_cast<off_t>(text.size());
  text.resize(std::max(text.size(), first_bytes(fd).size()), ' ');
  for (std::size_t at = 0; at < text.size();) {
    ssize_t const written = ::pwrite(fd, text.data() + at, text.size() - at, static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return file_error("write", path);
    at += static_cast<std::size_t>(written);
  }
  if (::ftruncate(fd, size) != 0) return file_error("write", path);
  bool const shown = of_one_machine(fd) || ::fsync(fd) == 0;  // on a shared folder it must leave this machine
  if (!shown) return file_error("sync", path);
  return {};
}

bool same_run(Lease const& left, Lease const& right) {
  return left.run == right.run && left.pid == right.pid && left.boot == right.boot && left.host == right.host;
}

/// Does flock decide about it? It does among all that share a kernel, and a kernel that is gone left nothing that
/// lives.
bool of_this_machine(Lease const& lease, Lease const& own) {
  bool const older_version = lease.boot.empty() || own.boot.empty();
  if (older_version) return lease.host == own.host;
  if (lease.boot == own.boot) return true;
  return lease.host == own.host && !lease.machine.empty() && lease.machine == own.machine;
}

bool dead(Lease const& lease, Duration still_for, Clock const& clock) {
  auto const heartbeat = parse_timestamp(lease.heartbeat);
  if (!heartbeat || still_for >= dead_when_still_for) return true;
  return clock.wall() - *heartbeat >= dead_when_older_than || *heartbeat - clock.wall() >= dead_when_ahead_by;
}

/// For how long a lease has stood unchanged before our eyes.
class Watch {
 public:
  Duration still_for(std::optional<Lease> const& lease, Clock const& clock) {
    if (lease != seen_ || !since_) since_ = clock.steady();
    seen_ = lease;
    return std::chrono::duration_cast<Duration>(clock.steady() - *since_);
  }

 private:
  std::optional<Lease> seen_ = {};
  std::optional<SteadyTime> since_ = {};
};

std::string holder(std::optional<Lease> const& lease) {
  return lease ? fmt::format("{}@{}, pid {} ({}), since {}", lease->owner, lease->host, lease->pid, lease->command,
                             lease->since)
               : std::string("a process that has not said its name or pid");
}

Error held(Path const& path, std::optional<Lease> const& lease, Lease const& own) {
  bool const here = !lease || of_this_machine(*lease, own);
  return Error{.code = Errc::locked,
               .message = fmt::format("another run holds {}: {}", path.string(), holder(lease)),
               .next = here
                           ? "wait for it to end, or give it time with --lock-timeout 10m; if it is dead: cpsctl state "
                             "unlock"
                           : "wait for it to end, or give it time with --lock-timeout 10m: a run whose heartbeat "
                             "stands still for 60 s loses the lock; if it is dead: cpsctl state unlock --force"};
}

class FileLock final : public Lock {
 public:
  FileLock(Fd fd, Path path, Lease lease, Clock const& clock)
      : fd_(std::move(fd)), path_(std::move(path)), lease_(std::move(lease)), clock_(clock), heart_([this] {
          live();
        }) {}
  ~FileLock() override {
    {
      std::scoped_lock const lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    heart_.join();
    // The flock ends with fd_. A lease that is not ours stays.
    Fd const fd = open_lock(path_);
    auto const present = fd.open() ? read_lease(fd.get()) : std::nullopt;
    bool const ours = present && same_run(*present, lease_);
    [[maybe_unused]] int const emptied = ours ? ::ftruncate(fd.get(), 0) : 0;
  }

  void beat() override {
    std::scoped_lock const one_at_a_time(beating_);
    if (lost()) return;
    auto [lost, unwell] = renew();
    std::scoped_lock const lock(mutex_);
    lost_ = std::move(lost);
    unwell_ = std::move(unwell);
  }
  std::optional<Error> lost() const override {
    std::scoped_lock const lock(mutex_);
    return lost_;
  }
  std::optional<Error> unwell() const override {
    std::scoped_lock const lock(mutex_);
    return unwell_;
  }

 private:
  struct Beat {
    std::optional<Error> lost = {}, unwell = {};
  };

  void live() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, heartbeat_every, [this] { return ending_; })) {
      lock.unlock();  // a shared folder may hang: nobody who asks lost() should wait for that
      beat();
      lock.lock();
    }
  }

  Beat renew() {
    Fd const fd = open_lock(path_);
    if (!fd.open()) return {.unwell = file_error("open", path_)};
    auto const present = read_lease(fd.get());
    if (present && !same_run(*present, lease_))
      return {.lost = Error{.code = Errc::locked,
                            .message = fmt::format("the lock {} was taken away by {}", path_.string(), holder(present)),
                            .next = "wait for it to end and run again: what CPS did is found again"}};
    lease_.heartbeat = timestamp(clock_.wall());
    auto const written = write_lease(fd.get(), path_, lease_);
    return {.unwell = written ? std::nullopt : std::optional(written.error())};
  }

  Fd fd_;
  Path path_;
  Lease lease_;
  Clock const& clock_;
  std::mutex beating_;        // guards lease_ and the file
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool ending_ = false;
  std::optional<Error> lost_;
  std::optional<Error> unwell_;
  std::thread heart_;  // last: it uses the members above
};

}  // namespace

Result<std::unique_ptr<Lock>> lock_file(Path const& state_path, Lease lease, Patience const& patience,
                                        Clock const& clock) {
  Path const path = lock_path(state_path);
  auto const pause = [&](Duration time) { patience.pause ? patience.pause(time) : std::this_thread::sleep_for(time); };
  auto const until = clock.steady() + patience.at_most;
  Watch watch;
  for (bool said = false;;) {
    Fd fd = open_lock(path, O_CREAT);  // each time: somebody may have removed the file
    if (!fd.open()) return file_error("open", path);
    CPS_CHECK(own_lock(fd, path));
    bool const free_here = ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0;
    if (!free_here && errno != EWOULDBLOCK && errno != EINTR) return file_error("lock", path);
    auto present = read_lease(path);
    Duration const still_for = watch.still_for(present, clock);
    bool const free = !present || of_this_machine(*present, lease) || dead(*present, still_for, clock);
    if (free_here && free) {
      lease.heartbeat = timestamp(clock.wall());
      CPS_CHECK(write_lease(fd.get(), path, lease));
      Duration const in_view = patience.in_view.value_or(of_one_machine(fd.get()) ? 0s : 1s);
      if (in_view > 0s) pause(in_view);
      present = read_lease(path);
      if (present && same_run(*present, lease))
        return std::make_unique<FileLock>(std::move(fd), path, std::move(lease), clock);
    }
    Error error = held(path, present, lease);
    if (clock.steady() >= until) return error;
    if (patience.given_up && patience.given_up()) {
      error.code = Errc::cancelled;
      error.message = "stopped while waiting: " + error.message;
      return error;
    }
    if (!std::exchange(said, true) && patience.begins) patience.begins(error);
    pause(look_again);  // flock has no deadline of its own
  }
}

Result<std::optional<Lease>> unlock_file(Path const& state_path, Lease const& own, bool anyway, Clock const& clock) {
  Path const path = lock_path(state_path);
  Fd const fd = open_lock(path);
  if (!fd.open() && errno == ENOENT) return std::optional<Lease>();
  if (!fd.open()) return file_error("open", path);
  CPS_CHECK(own_lock(fd, path));
  auto present = read_lease(fd.get());
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_error("lock", path);
    Error error = held(path, present, own);
    error.next = present ? fmt::format("it lives: wait for it, or end it with kill {}", present->pid) : error.next;
    return error;
  }
  bool const may_live = present && !of_this_machine(*present, own) && !dead(*present, 0s, clock);
  if (may_live && !anyway) {
    Error error = held(path, present, own);
    error.next = fmt::format("its last sign of life was at {}: look on {} whether it runs, then add --force",
                             present->heartbeat, present->host);
    return error;
  }
  if (::ftruncate(fd.get(), 0) != 0) return file_error("write", path);
  return present;
}

Lease own_lease(Run const& run, Clock const& clock) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  passwd const* const user = ::getpwuid(::getuid());
  std::string const now = timestamp(clock.wall());
  auto const id_in = [](char const* path) {
    auto const id = system_files().read(path, 4096);
    return id ? std::string(text::trimmed(*id)) : std::string();
  };
  std::string const machine = id_in("/etc/machine-id");  // not for others' eyes: machine-id(5)
  return {.owner = user != nullptr ? user->pw_name : std::to_string(::getuid()),
          .host = host.data(),
          .machine = machine.empty() ? "" : text::sha256_hex("cpsctl " + machine).substr(0, 16),
          .boot = id_in("/proc/sys/kernel/random/boot_id"),
          .pid = ::getpid(),
          .run = run.id,
          .command = run.command,
          .since = now,
          .heartbeat = now};
}

}  // namespace cpsctl::state

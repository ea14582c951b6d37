#include "state/lock.hpp"

#include "base/fields.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "state/author.hpp"
#include "state/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

namespace cpsctl::state {
namespace {

using namespace std::chrono_literals;
using Path = std::filesystem::path;

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
               .message = fmt::format("{} is not a lock of cpsctl: something else is in it", path.string()),
               .next = "move it away and run again"};
}

std::string text_of(Lease const& lease) {
  return fields::to_text(lease) + "\n";
}

/// In place: spaces take the old lease's place before the file is cut, so there is a lease at any time.
Result<> write_lease(int fd, Path const& path, Lease const& lease) {
  std::string text = text_of(lease);
  auto const size = static_cast<off_t>(text.size());
  text.resize(std::max(text.size(), first_bytes(fd).size()), ' ');
  for (std::size_t at = 0; at < text.size();) {
    ssize_t const written = ::pwrite(fd, text.data() + at, text.size() - at, static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return file_error("write", path);
    at += static_cast<std::size_t>(written);
  }
  if (::ftruncate(fd, size) != 0) return file_error("write", path);
  if (::fsync(fd) != 0) return file_error("sync", path);  // on a shared folder it must leave this machine
  return {};
}

/// Does flock decide about it? It does among all that share a kernel, and a kernel that is gone left nothing that
/// lives.
bool of_this_machine(Lease const& lease, Lease const& own) {
  bool const older_version = lease.boot.empty() || own.boot.empty();
  if (older_version) return lease.host == own.host;
  if (lease.boot == own.boot) return true;
  return lease.host == own.host && !lease.machine.empty() && lease.machine == own.machine;
}

std::string holder(std::optional<Lease> const& lease) {
  return lease ? fmt::format("{}@{}, pid {} ({}), since {}", lease->owner, lease->host, lease->pid, lease->command,
                             lease->since)
               : std::string("a process that has not said its name or pid");
}

Error held_by(Path const& path, std::optional<Lease> const& lease, Lease const& own) {
  bool const here = !lease || of_this_machine(*lease, own);
  return Error{.code = Errc::locked,
               .message = fmt::format("another run holds {}: {}", path.string(), holder(lease)),
               .next = here ? "wait for it to end, or give it time with --lock-timeout 10m"
                            : "a state in files is one machine's at a time: wait for that run to end, and keep it in a "
                              "backend made for several if they share the work; if that run is dead: cpsctl state "
                              "unlock --force"};
}

class FileLock final : public Lock {
 public:
  FileLock(Fd fd, Path path, Lease const& lease) : fd_(std::move(fd)), path_(std::move(path)), text_(text_of(lease)) {}
  ~FileLock() override {
    // The flock ends with fd_. A lease that is not ours stays.
    [[maybe_unused]] int const emptied = held() ? ::ftruncate(fd_.get(), 0) : 0;
  }
  FileLock(FileLock const&) = delete;
  FileLock& operator=(FileLock const&) = delete;

  /// The flock is a file's, not a name's, and reaches no other machine: the file must still have the name, and the
  /// lease in it must be ours. Opened again, since that shows what other machines wrote.
  Result<> held() override {
    Fd const there = open_lock(path_);
    if (!there.open() && errno != ENOENT) return file_error("open", path_);
    if (there.open() && same_file(there.get()) && first_bytes(there.get()) == text_) return {};
    auto const other = there.open() ? read_lease(there.get()) : std::nullopt;
    return Error{.code = Errc::locked,
                 .message = other ? fmt::format("the lock {} was taken away by {}", path_.string(), holder(other))
                                  : fmt::format("the lock {} was ended from outside", path_.string()),
                 .next = "wait until no other run is under way and run again: what CPS did is found again"};
  }

 private:
  bool same_file(int other) const {
    struct stat ours {};
    struct stat its {};
    return ::fstat(fd_.get(), &ours) == 0 && ::fstat(other, &its) == 0 && ours.st_dev == its.st_dev &&
           ours.st_ino == its.st_ino;
  }

  Fd fd_;
  Path path_;
  std::string text_;
};

}  // namespace

Result<std::unique_ptr<Lock>> lock_file(Path const& state_path, Lease const& lease, Patience const& patience,
                                        Clock const& clock) {
  Path const path = lock_path(state_path);
  auto const until = clock.steady() + patience.at_most;
  for (bool said = false;;) {
    Fd fd = open_lock(path, O_CREAT);  // each time: somebody may have removed the file
    if (!fd.open()) return file_error("open", path);
    CPS_CHECK(own_lock(fd, path));
    bool const free_here = ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0;
    if (!free_here && errno != EWOULDBLOCK && errno != EINTR) return file_error("lock", path);
    auto const present = read_lease(fd.get());
    if (free_here && (!present || of_this_machine(*present, lease))) {
      CPS_CHECK(write_lease(fd.get(), path, lease));
      auto taken = std::make_unique<FileLock>(std::move(fd), path, lease);
      if (taken->held()) return taken;
    }
    Error error = held_by(path, present, lease);
    if (clock.steady() >= until) return error;
    if (patience.given_up && patience.given_up()) {
      error.code = Errc::cancelled;
      error.message = "stopped while waiting: " + error.message;
      return error;
    }
    if (!std::exchange(said, true) && patience.begins) patience.begins(error);
    // flock has no deadline of its own.
    patience.pause ? patience.pause(look_again) : std::this_thread::sleep_for(look_again);
  }
}

Result<std::optional<Lease>> unlock_file(Path const& state_path, Lease const& own, bool anyway) {
  Path const path = lock_path(state_path);
  Fd const fd = open_lock(path);
  if (!fd.open() && errno == ENOENT) return std::optional<Lease>();
  if (!fd.open()) return file_error("open", path);
  CPS_CHECK(own_lock(fd, path));
  auto present = read_lease(fd.get());
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_error("lock", path);
    Error error = held_by(path, present, own);
    error.next = present ? fmt::format("it lives: wait for it, or end it with kill {}", present->pid) : error.next;
    return error;
  }
  if (present && !of_this_machine(*present, own) && !anyway) {
    Error error = held_by(path, present, own);
    error.next =
        fmt::format("look on {} whether it runs: nobody else can tell; if it does not, add --force", present->host);
    return error;
  }
  if (::ftruncate(fd.get(), 0) != 0) return file_error("write", path);
  return present;
}

Lease own_lease(Run const& run, Clock const& clock) {
  auto const id_in = [](char const* path) {
    auto const id = system_files().read(path, 4096);
    return id ? std::string(text::trimmed(*id)) : std::string();
  };
  std::string const machine = id_in("/etc/machine-id");  // not for others' eyes: machine-id(5)
  return {.owner = this_user(),
          .host = this_host(),
          .machine = machine.empty() ? "" : text::sha256_hex("cpsctl " + machine).substr(0, 16),
          .boot = id_in("/proc/sys/kernel/random/boot_id"),
          .pid = ::getpid(),
          .run = run.id,
          .command = run.command,
          .since = timestamp(clock.wall())};
}

}  // namespace cpsctl::state

#include "state/lock.hpp"

#include "base/fields.hpp"

#include <array>
#include <cerrno>
#include <condition_variable>
#include <fcntl.h>
#include <mutex>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

namespace cpsctl::state {
namespace {

using namespace std::chrono_literals;

constexpr auto heartbeat_every = 20s;
constexpr auto lease_lives = 60s;
constexpr auto look_again = 100ms;

Error failed(std::string_view verb, std::filesystem::path const& path) {
  return Error{.code = Errc::io,
               .message = fmt::format("cannot {} {}: {}", verb, path.string(), std::generic_category().message(errno))};
}

std::optional<Lease> read_lease(int fd) {
  std::array<char, 4096> buffer{};
  ssize_t const got = ::pread(fd, buffer.data(), buffer.size(), 0);
  if (got <= 0) return std::nullopt;
  auto const document = json::parse({buffer.data(), static_cast<std::size_t>(got)}, "the lock");
  Lease lease;
  if (!document || !fields::from_json(*document, lease)) return std::nullopt;
  return lease;
}

bool write_lease(int fd, Lease const& lease) {
  json::Document document;
  std::string const text = json::compact(fields::to_json(lease, document.GetAllocator())) + "\n";
  return ::ftruncate(fd, 0) == 0 && ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

Error held(std::filesystem::path const& path, std::optional<Lease> const& lease) {
  std::string const holder = lease ? fmt::format("{}@{}, pid {} ({}), since {}", lease->owner, lease->host, lease->pid,
                                                 lease->command, lease->since)
                                   : std::string("a process that has not said its name or pid");
  return Error{
      .code = Errc::locked,
      .message = fmt::format("another run holds {}: {}", path.string(), holder),
      .next = "wait for it to end, or give it time with --lock-timeout 10m; if it is dead: cpsctl state unlock"};
}

/// A lease of another host counts while its heartbeat is fresh: on a shared folder flock may not reach that far.
bool alive_elsewhere(std::optional<Lease> const& lease, Lease const& own, Clock const& clock) {
  if (!lease || lease->host.empty() || lease->host == own.host) return false;
  auto const heartbeat = parse_timestamp(lease->heartbeat);
  return heartbeat && clock.wall() - *heartbeat < lease_lives;
}

class FileLock final : public Lock {
 public:
  FileLock(int fd, Lease lease, Clock const& clock)
      : fd_(fd), lease_(std::move(lease)), clock_(clock), heart_([this] { beat(); }) {}
  ~FileLock() override {
    {
      std::scoped_lock const lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    heart_.join();
    [[maybe_unused]] int const emptied = ::ftruncate(fd_, 0);
    ::close(fd_);  // releases the flock
  }

 private:
  void beat() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, heartbeat_every, [this] { return ending_; })) {
      lease_.heartbeat = timestamp(clock_.wall());
      write_lease(fd_, lease_);
    }
  }

  int fd_;
  Lease lease_;
  Clock const& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::thread heart_;
};

}  // namespace

Result<std::unique_ptr<Lock>> Lock::take(std::filesystem::path const& state_path, Lease lease, Patience const& patience,
                                         Clock const& clock) {
  std::filesystem::path const path = state_path.string() + ".lock";
  int const fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return failed("open", path);
  auto const until = clock.steady() + patience.at_most;
  for (bool said = false;;) {
    bool const ours = ::flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (!ours && errno != EWOULDBLOCK && errno != EINTR) {
      Error error = failed("lock", path);
      ::close(fd);
      return error;
    }
    auto const present = read_lease(fd);
    if (ours && !alive_elsewhere(present, lease, clock)) break;
    if (ours) ::flock(fd, LOCK_UN);
    if (clock.steady() >= until) {
      ::close(fd);
      return held(path, present);
    }
    if (patience.given_up && patience.given_up()) {
      ::close(fd);
      Error error = held(path, present);
      error.code = Errc::cancelled;
      error.message = "stopped while waiting: " + error.message;
      return error;
    }
    if (!std::exchange(said, true) && patience.begins) patience.begins(held(path, present));
    std::this_thread::sleep_for(look_again);  // flock has no deadline of its own
  }
  if (!write_lease(fd, lease)) {
    Error error = failed("write", path);
    ::close(fd);
    return error;
  }
  return std::make_unique<FileLock>(fd, std::move(lease), clock);
}

Result<std::optional<Lease>> unlock(std::filesystem::path const& state_path, Lease const& own, bool anyway,
                                    Clock const& clock) {
  std::filesystem::path const path = state_path.string() + ".lock";
  int const fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return std::optional<Lease>();
  if (fd < 0) return failed("open", path);
  struct Closing {
    int fd;
    ~Closing() { ::close(fd); }
  } const closing{fd};
  auto present = read_lease(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failed("lock", path);
    Error error = held(path, present);
    error.next = present ? fmt::format("it lives: wait for it, or end it with kill {}", present->pid) : error.next;
    return error;
  }
  if (!anyway && alive_elsewhere(present, own, clock)) {
    Error error = held(path, present);
    error.next = fmt::format("its last sign of life was at {}: look on {} whether it runs, then add --force",
                             present->heartbeat, present->host);
    return error;
  }
  if (::ftruncate(fd, 0) != 0) return failed("write", path);
  return present;
}

Lease own_lease(std::string run, std::string command, Clock const& clock) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  passwd const* const user = ::getpwuid(::getuid());
  std::string const now = timestamp(clock.wall());
  return {.owner = user != nullptr ? user->pw_name : std::to_string(::getuid()),
          .host = host.data(),
          .pid = ::getpid(),
          .run = std::move(run),
          .command = std::move(command),
          .since = now,
          .heartbeat = now};
}

}  // namespace cpsctl::state

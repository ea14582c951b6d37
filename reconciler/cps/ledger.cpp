#include "cps/ledger.hpp"

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace cpsctl::cps {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::size_t largest_file = std::size_t{1} << 20;
constexpr auto forgotten_after = 30 * 24h;
constexpr Duration liveness_interval = 200ms;
constexpr Duration pause_after_damage = 60s;
constexpr char const* extension = ".governor";

std::string link_target(char const* path) {
  std::error_code problem;
  return fs::read_symlink(path, problem).string();
}

std::string small_file(char const* path) {
  auto text = system_files().read(path, 4096);
  return text ? std::string(text::trimmed(*text)) : std::string();
}

/// Field 22 of /proc/PID/stat; the second, the name, may hold spaces and parentheses of its own. Nothing for one that
/// has ended, also when its parent has not looked yet.
std::optional<std::uint64_t> start_time(std::int64_t pid) {
  std::string const stat = small_file(fmt::format("/proc/{}/stat", pid).c_str());
  auto const name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  auto const fields = text::split(std::string_view(stat).substr(name_end + 1), ' ');
  constexpr std::size_t wanted = 20;  // an empty one, then field 3 and on
  std::uint64_t born = 0;
  if (fields.size() <= wanted || fields[1] == "Z" || fields[1] == "X") return std::nullopt;
  std::from_chars(fields[wanted].data(), fields[wanted].data() + fields[wanted].size(), born);
  return born;
}

void forget_old_files(fs::path const& folder) {
  std::error_code ignored;
  auto const now = fs::file_time_type::clock::now();
  for (auto const& entry : fs::directory_iterator(folder, ignored)) {
    auto const written = entry.last_write_time(ignored);
    if (!ignored && entry.path().extension() == extension && now - written > forgotten_after)
      fs::remove(entry.path(), ignored);
  }
}

class FileLedger final : public Ledger {
 public:
  FileLedger(fs::path path, Clock const& clock, LedgerOptions options)
      : path_(std::move(path)), clock_(clock), options_(std::move(options)) {}

  Result<> open_file() {
    bool const fresh = ::access(path_.c_str(), F_OK) != 0;
    if (fresh) forget_old_files(path_.parent_path());
    CPS_TRY(fd_, open_own(path_, O_RDWR | O_CREAT));
    last_text_.clear();
    return {};
  }

  fs::path const& file() const override { return path_; }

  Result<Access> update(Pacer& pacer, std::function<bool()> const& decide) override {
    if (fd_.get() < 0) CPS_CHECK(open_file());
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0)
      return errno == EWOULDBLOCK || errno == EINTR ? Result<Access>(Access::busy) : file_error("lock", path_);
    auto outcome = update_locked(pacer, decide);
    bool const removed = outcome && *outcome == Access::busy;
    ::flock(fd_.get(), LOCK_UN);
    if (removed) fd_ = Fd();
    return outcome;
  }

 private:
  /// `busy`: somebody has removed the file; the others will make a new one.
  Result<Access> update_locked(Pacer& pacer, std::function<bool()> const& decide) {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) return file_error("look at", path_);
    if (info.st_nlink == 0) return Access::busy;
    auto const size = static_cast<std::size_t>(info.st_size);
    CPS_CHECK(take_over(pacer, size));
    bool const news = decide();
    if (news || rewrite_) CPS_CHECK(write(ledger_text(pacer.traffic(), epoch()), size));
    return Access::granted;
  }

  Epoch epoch() const { return {.domain = options_.domain, .steady = clock_.steady(), .wall = clock_.wall()}; }

  Result<> take_over(Pacer& pacer, std::size_t size) {
    // Larger than it can be: somebody else's, or damaged. It is not read, only started again.
    bool const too_large = size > largest_file;
    CPS_CHECK(read(too_large ? 0 : size));
    bool const ours = !last_text_.empty() && std::string_view(buffer_) == last_text_;
    // Nobody else has written since we did: there is nothing to learn.
    if (ours && !foreign_flights_) {
      pacer.tidy(clock_.steady());
      return {};
    }
    Epoch const now = epoch();
    auto traffic = size == 0 ? Result<Traffic>(Traffic{}) : read_ledger(buffer_, now);
    if (!traffic && traffic.error().code == Errc::stale)
      return Error{.code = Errc::io,
                   .message = fmt::format("{} cannot be used: {}", path_.string(), traffic.error().message)};
    rewrite_ = !traffic;
    if (!traffic) {
      log::warning("{} is damaged and started again; nothing is sent for {}, so that CPS's request limit holds",
                   path_.string(), duration_text(std::min(pacer.longest(), pause_after_damage)));
      traffic = Traffic{.paused_until = now.steady + std::min(pacer.longest(), pause_after_damage)};
    }
    bury(*traffic, pacer.run(), now.steady);
    pacer.merge(std::move(*traffic));
    pacer.tidy(now.steady);
    return {};
  }

  /// Requests of processes that are gone have ended; at the latest now.
  void bury(Traffic& traffic, std::uint64_t run, SteadyTime now) {
    foreign_flights_ = std::ranges::any_of(
        traffic.slots, [&](Slot const& slot) { return slot.in_flight() && slot.run != run && slot.owner.pid != 0; });
    if (!foreign_flights_ || now < next_look_) return;
    next_look_ = now + liveness_interval;
    std::optional<std::pair<Process, bool>> last;
    for (Slot& slot : traffic.slots) {
      if (!slot.in_flight() || slot.run == run || slot.owner.pid == 0) continue;
      if (!last || !(last->first == slot.owner)) last.emplace(slot.owner, options_.alive(slot.owner));
      if (!last->second) slot.ended = now;
    }
  }

  Result<> read(std::size_t size) {
    buffer_.resize(size);
    std::size_t got = 0;
    while (got < size) {
      ssize_t const more = ::pread(fd_.get(), buffer_.data() + got, size - got, static_cast<off_t>(got));
      if (more < 0 && errno == EINTR) continue;
      if (more < 0) return file_error("read", path_);
      if (more == 0) break;
      got += static_cast<std::size_t>(more);
    }
    buffer_.resize(got);
    return {};
  }

  Result<> write(std::string text, std::size_t old_size) {
    std::size_t done = 0;
    while (done < text.size()) {
      ssize_t const more = ::pwrite(fd_.get(), text.data() + done, text.size() - done, static_cast<off_t>(done));
      if (more < 0 && errno == EINTR) continue;
      if (more <= 0) return give_up(file_error("write", path_, more < 0 ? errno : ENOSPC));
      done += static_cast<std::size_t>(more);
    }
    if (text.size() < old_size && ::ftruncate(fd_.get(), static_cast<off_t>(text.size())) != 0)
      return give_up(file_error("cut", path_));
    last_text_ = std::move(text);
    rewrite_ = false;
    return {};
  }

  /// Half a text would make everybody else pause; an empty file says that nothing is known.
  Error give_up(Error error) {
    if (::ftruncate(fd_.get(), 0) != 0) ::unlink(path_.c_str());
    return error;
  }

  fs::path path_;
  Clock const& clock_;
  LedgerOptions options_;
  Fd fd_;
  std::string buffer_ = {};
  std::string last_text_ = {};  ///< what the file held when we released it
  SteadyTime next_look_ = {};   ///< at whether others live
  bool foreign_flights_ = false;
  bool rewrite_ = false;
};

}  // namespace

std::string current_domain() {
  return fmt::format("{}/{}/{}", small_file("/proc/sys/kernel/random/boot_id"), link_target("/proc/self/ns/time"),
                     link_target("/proc/self/ns/pid"));
}

Process current_process() {
  auto const pid = static_cast<std::int64_t>(::getpid());
  auto const born = start_time(pid);
  return born ? Process{.pid = pid, .born = *born} : Process{};
}

bool is_alive(Process const& process) {
  bool const gone = ::kill(static_cast<pid_t>(process.pid), 0) != 0 && errno == ESRCH;
  return !gone && start_time(process.pid) == process.born;
}

fs::path ledger_file(fs::path const& folder, std::string_view host, std::string_view account_key,
                     std::string_view budget_group) {
  std::string const key = budget_group.empty() ? fmt::format("account\n{}\n{}", text::lower(host), account_key)
                                               : fmt::format("group\n{}", budget_group);
  return folder / (text::sha256_hex(key).substr(0, 32) + extension);
}

Result<std::unique_ptr<Ledger>> Ledger::open(fs::path file, Clock const& clock, LedgerOptions options) {
  CPS_CHECK(system_files().make_folders(file.parent_path()));
  auto ledger = std::make_unique<FileLedger>(std::move(file), clock, std::move(options));
  CPS_CHECK(ledger->open_file());
  return std::unique_ptr<Ledger>(std::move(ledger));
}

}  // namespace cpsctl::cps

#include "hooks/process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

// posix_spawn(3) rather than fork(2): it does not copy the page tables of a large process, and says why a program could
// not be executed. Rather than Boost.Process: that one closes no descriptors, knows no signal masks, and reaps children
// by SIGCHLD for the whole program.
namespace cpsctl::hooks {
namespace {

constexpr int first_free = STDERR_FILENO + 1;

/// Both ends are above the standard streams, which dup2() is about to replace in the child.
struct Pipe {
  Fd read = Fd();
  Fd write = Fd();
};

Error failed(std::string_view what, int reason) {
  return {.code = Errc::io,
          .message = fmt::format("cannot {}: {}", what, std::strerror(reason)),
          .next = reason == EMFILE || reason == ENFILE ? "raise the limit of open files (ulimit -n)" : ""};
}

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed("make a pipe", errno);
  Pipe pipe{.read = Fd(ends[0]), .write = Fd(ends[1])};
  for (Fd* const end : {&pipe.read, &pipe.write}) {
    if (end->get() >= first_free) continue;
    Fd above(::fcntl(end->get(), F_DUPFD_CLOEXEC, first_free));
    if (!above.open()) return failed("make a pipe", errno);
    *end = std::move(above);
  }
  return pipe;
}

std::vector<char*> pointers(std::vector<std::string> const& words) {
  std::vector<char*> all;
  for (std::string const& word : words) all.push_back(const_cast<char*>(word.c_str()));  // C's argv is not const
  all.push_back(nullptr);
  return all;
}

struct FileActions {
  FileActions() { ::posix_spawn_file_actions_init(&actions); }
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions); }
  FileActions(FileActions const&) = delete;
  FileActions& operator=(FileActions const&) = delete;
  posix_spawn_file_actions_t actions = {};
};

/// Its own group, and signals as if nobody had touched them: what we block or ignore would be blocked and ignored
/// there.
struct Attributes {
  Attributes() {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
  }
  ~Attributes() { ::posix_spawnattr_destroy(&attributes); }
  Attributes(Attributes const&) = delete;
  Attributes& operator=(Attributes const&) = delete;
  posix_spawnattr_t attributes = {};
};

/// Errors of the program itself say what to do about them.
Error not_run(Launch const& launch, int reason) {
  Error error = failed(fmt::format("run {}", launch.path), reason);
  if (reason == EACCES) error.next = fmt::format("make it executable: chmod +x {}", launch.path);
  if (reason == ENOENT || reason == ENOEXEC)
    error.next = "if it is a script, its first line names an interpreter that is there, such as #!/bin/sh";
  return error;
}

}  // namespace

Result<Process> Process::start(Launch const& launch) {
  CPS_TRY(Pipe input, make_pipe());
  CPS_TRY(Pipe output, make_pipe());
  CPS_TRY(Pipe errors, make_pipe());
  FileActions files;
  auto* const actions = &files.actions;
  ::posix_spawn_file_actions_addchdir_np(actions, launch.folder.c_str());
  ::posix_spawn_file_actions_adddup2(actions, input.read.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(actions, output.write.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(actions, errors.write.get(), STDERR_FILENO);
  // Descriptors that a library has opened without O_CLOEXEC, or that came to us from our parent.
  ::posix_spawn_file_actions_addclosefrom_np(actions, first_free);
  Attributes const attributes;
  pid_t pid = -1;
  int const problem = ::posix_spawn(&pid, launch.path.c_str(), actions, &attributes.attributes,
                                    pointers(launch.argv).data(), pointers(launch.environment).data());
  if (problem != 0) return not_run(launch, problem);
  Process process(pid);
  // By its number: glibc 2.36 declares pidfd_open() as if it were C++.
  process.life = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process.life.open()) return failed("watch a process (Linux 5.3 or later is needed)", errno);
  process.input = std::move(input.write);
  process.output = std::move(output.read);
  process.errors = std::move(errors.read);
  return process;
}

Process::Process(Process&& other) noexcept
    : input(std::move(other.input)),
      output(std::move(other.output)),
      errors(std::move(other.errors)),
      life(std::move(other.life)),
      pid_(std::exchange(other.pid_, -1)) {}

Process::~Process() {
  if (pid_ < 0) return;
  signal(SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Process::signal(int number) const {
  if (pid_ > 0) ::kill(-pid_, number);
}

std::optional<End> Process::end() const {
  siginfo_t info{};
  if (pid_ < 0 || ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
    return std::nullopt;
  return End{.by_signal = info.si_code != CLD_EXITED, .number = info.si_status};
}

}  // namespace cpsctl::hooks

#include "base/screen.hpp"
#include "cli/arguments.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <iostream>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <openssl/crypto.h>
#include <unistd.h>

using namespace cpsctl;
using namespace cpsctl::cli;

namespace {

std::optional<std::string> environment(std::string const& name) {
  char const* const value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Exit run_arguments(std::vector<std::string> arguments, World& world) {
  auto const parsed = parse_arguments(std::move(arguments));
  if (!parsed) return fail(parsed.error(), {}, world);
  if (parsed->print) {
    world.out << *parsed->print;  // past the door: our help
    return Exit::done;
  }
  GlobalOptions const& global = parsed->options.global;
  log::configure({.level = global.log_level,
                  .format = global.log_format,
                  .colour = style_for(global, world, world.err_is_terminal).colour});
  auto const exit = parsed->run(parsed->options, world);
  return exit ? *exit : fail(exit.error(), global, world);
}

/// What was printed beside a document, such as this manual, may not have arrived.
Exit arrived(Exit exit, World& world) {
  if (exit != Exit::done || world.out.flush()) return exit;
  return fail({.code = Errc::io, .message = "cannot write to stdout", .next = "check where the output goes"}, {},
              world);
}

/// Memory with secrets in it becomes no core file, neither by the kernel nor by a program that it pipes cores to, and
/// other processes of the user cannot read it (/proc/PID/mem, ptrace).
void keep_memory_private() {
  // Neither can fail but where a seccomp filter forbids it; the work goes on without them.
  rlimit const none{.rlim_cur = 0, .rlim_max = 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // a limit of 0 does not hold for cores that go into a pipe
}

/// OpenSSL reads no configuration file: one can load modules and engines into the process, and lower what TLS demands.
/// It is read at the first use that does not say otherwise; afterwards it is too late.
void ignore_openssl_conf() {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
}

/// A stream that came closed must not become the next file that is opened: results would be written into the journal.
void hold_closed_streams() {
  for (int const fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) [[maybe_unused]]
      int const held = ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);  // its use goes on to fail
}

/// Is what goes to the two read as one text? So it is where they are one terminal, file or pipe. Of two pipes nobody
/// knows who reads them: a CI system may join them, a script may read one alone.
bool read_together(int left, int right) {
  using Stat = struct stat;
  Stat one = {};
  Stat other = {};
  if (::fstat(left, &one) != 0 || ::fstat(right, &other) != 0) return false;
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace

int main(int argc, char** argv) {
  hold_closed_streams();
  keep_memory_private();
  ignore_openssl_conf();
  // A closed pipe and a full disk are answers of write(), not reasons to die.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  World world{.in = std::cin,
              .out = std::cout,
              .err = std::cerr,
              .in_is_terminal = ::isatty(STDIN_FILENO) == 1,
              .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
              .err_is_terminal = ::isatty(STDERR_FILENO) == 1,
              .out_below_err = read_together(STDOUT_FILENO, STDERR_FILENO),
              .files = system_files(),
              .clock = system_clock(),
              .random = system_random(),
              .environment = environment};
  try {
    return static_cast<int>(arrived(run_arguments({argv + 1, argv + argc}, world), world));
  } catch (std::exception const& bug) {
    screen::line(std::cerr, "error: this is a bug in cpsctl: {}", bug.what());
    screen::line(std::cerr, "  next: report it with the command line; what was written to disk is safe, run again");
    return static_cast<int>(Exit::bug);
  }
}

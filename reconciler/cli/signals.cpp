#include "cli/signals.hpp"

#include "base/clock.hpp"

#include <array>
#include <csignal>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <system_error>

#include <unistd.h>

namespace cpsctl::cli {
namespace {

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

constexpr auto echo_time = std::chrono::milliseconds(250);

int checked(int fd) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "signals");
  return fd;
}

}  // namespace

Signals::Signals() {
  sigset_t const set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = checked(::signalfd(-1, &set, SFD_CLOEXEC));
  stop_ = checked(::eventfd(0, EFD_CLOEXEC));
  thread_ = std::thread([this] { watch(); });
}

Signals::~Signals() {
  std::uint64_t const one = 1;
  [[maybe_unused]] auto const written = ::write(stop_, &one, sizeof one);
  thread_.join();
  ::close(signals_);
  ::close(stop_);
  sigset_t const set = watched();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void Signals::set(std::function<void()> first) {
  std::scoped_lock const lock(mutex_);
  first_ = std::move(first);
  if (first_ && received_.load() != 0) first_();
}

Exit Signals::exit() const {
  return received() == SIGINT ? Exit::interrupted : Exit::terminated;
}

void Signals::watch() {
  SteadyTime first_at;
  for (;;) {
    std::array<pollfd, 2> ready{
        {{.fd = signals_, .events = POLLIN, .revents = 0}, {.fd = stop_, .events = POLLIN, .revents = 0}}};
    if (::poll(ready.data(), ready.size(), -1) < 0) continue;
    if (ready[1].revents != 0) return;
    if (ready[0].revents == 0) continue;
    signalfd_siginfo signal{};
    if (::read(signals_, &signal, sizeof signal) != sizeof signal) continue;
    auto const number = static_cast<int>(signal.ssi_signo);
    // timeout(1), and terminals, signal a process and then its group: one wish that arrives twice.
    SteadyTime const now = system_clock().steady();
    bool const echo = received_.load() == number && now - first_at < echo_time;
    if (echo) continue;
    first_at = now;
    // What is on disk is enough for the next run; nothing is worth waiting for after the second signal.
    if (received_.load() != 0) ::_exit(128 + number);
    std::scoped_lock const lock(mutex_);  // together with set(): a handler is called once, whichever comes first
    received_.store(number);
    if (first_) first_();
  }
}

}  // namespace cpsctl::cli

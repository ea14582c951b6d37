#pragma once
#include "cli/exit.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

namespace cpsctl::cli {

/// Watches SIGINT and SIGTERM while it lives; made before any other thread, so that all of them leave the signals to
/// it. The first signal sets received() and calls the handler; the second ends the process at once.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(Signals const&) = delete;
  Signals& operator=(Signals const&) = delete;

  /// Calls `first` when the first signal comes, on the watcher's thread, as long as it lives; at once when it has come
  /// already.
  class Handler {
   public:
    Handler(Signals& signals, std::function<void()> first) : signals_(signals) { signals_.set(std::move(first)); }
    ~Handler() { signals_.set({}); }
    Handler(Handler const&) = delete;
    Handler& operator=(Handler const&) = delete;

   private:
    Signals& signals_;
  };
  int received() const { return received_.load(); }  ///< 0: none yet
  Exit exit() const;                                 ///< of the signal that came
  /// What a command ends with that would have ended with `exit`, had no signal come.
  Exit exit_or(Exit exit) const { return received() != 0 ? this->exit() : exit; }

 private:
  void watch();
  void set(std::function<void()> first);

  std::mutex mutex_;  ///< a handler does not end while it is being called
  std::function<void()> first_ = {};
  std::atomic<int> received_ = 0;
  int signals_ = -1;
  int stop_ = -1;
  std::thread thread_;
};

}  // namespace cpsctl::cli

#pragma once
#include "cli/exit.hpp"

#include <atomic>
#include <functional>
#include <thread>

namespace cpsctl::cli {

/// Watches SIGINT and SIGTERM while it lives; made before any other thread, so that all of them leave the signals to
/// it. The first signal sets received() and calls `first` on the watcher's thread; the second ends the process at once.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(Signals const&) = delete;
  Signals& operator=(Signals const&) = delete;

  void on_first(std::function<void()> first);
  int received() const { return received_.load(); }  ///< 0: none yet
  Exit exit() const;                                 ///< of the signal that came

 private:
  void watch();

  std::function<void()> first_ = {};
  std::atomic<int> received_ = 0;
  std::atomic<bool> armed_ = false;
  int signals_ = -1;
  int stop_ = -1;
  std::thread thread_;
};

}  // namespace cpsctl::cli

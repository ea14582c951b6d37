#pragma once
#include <exception>
#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "base/clock.hpp"

/// Coroutines of the shell rooms. One Loop, one thread: everything between two co_awaits is atomic.
namespace cpsctl::http {

using Executor = boost::asio::io_context::executor_type;  ///< concrete: half the code of any_io_executor
template <class T = void>
using Task = boost::asio::awaitable<T, Executor>;

/// The event loop of one thread. Tasks are spawned on it and end before it does.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(Loop const&) = delete;
  Loop& operator=(Loop const&) = delete;

  boost::asio::io_context& context() { return context_; }

  /// Starts a task; an exception that leaves it leaves run().
  void spawn(Task<> task);
  /// Runs until nothing is left to do.
  void run();
  /// Runs one task, and everything it spawns, to the end, and gives its value.
  template <class T>
  T run(Task<T> task) {
    std::optional<T> value;
    spawn(keep(std::move(task), value));
    run();
    return std::move(value.value());
  }

  /// Hands work to the loop's thread; the one call that other threads may make.
  void post(std::function<void()> work);

  /// True when the time has come; false when wake_sleepers() ended the sleep early.
  Task<bool> sleep_until(SteadyTime time);
  void wake_sleepers();

 private:
  template <class T>
  static Task<> keep(Task<T> task, std::optional<T>& value) {
    value.emplace(co_await std::move(task));
  }

  struct Sleepers;
  boost::asio::io_context context_{1};
  std::unique_ptr<Sleepers> sleepers_;
};

/// A gate that tasks wait at until somebody opens it; the loop's thread only.
class Event {
 public:
  explicit Event(Loop& loop);
  ~Event();
  void notify_all();
  Task<> wait();  ///< until the next notify_all()

 private:
  struct Waiters;
  std::unique_ptr<Waiters> waiters_;
};

}  // namespace cpsctl::http

#pragma once
#include "base/clock.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

/// Coroutines of the modules with input and output. One Loop, one thread: everything between two co_awaits is atomic.
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
  std::shared_ptr<Sleepers> sleepers_;  ///< shared with the sleeping tasks: they end after it, in context_'s destructor
};

/// A gate that tasks wait at until somebody opens it; the loop's thread only. Nobody is woken by its end: it outlives
/// those who wait, or the loop ends with them.
class Event {
 public:
  explicit Event(Loop& loop);
  ~Event();
  Event(Event const&) = delete;
  Event& operator=(Event const&) = delete;
  void notify_all();
  Task<> wait();                           ///< until the next notify_all()
  Task<bool> wait_until(SteadyTime time);  ///< false when the time came first

 private:
  struct Waiters;
  std::shared_ptr<Waiters> waiters_;
};

}  // namespace cpsctl::http

#pragma once
#include "http/task.hpp"

#include <cstddef>
#include <deque>
#include <functional>

namespace cpsctl::http {

/// min(workers, count) coroutines that take the next index from 0 to count - 1 until all are taken or `stop` says so;
/// returns when all of them have ended.
Task<> crew(Loop& loop, std::size_t workers, std::size_t count, std::function<bool()> stop,
            std::function<Task<>(std::size_t)> step);

/// At most so many at once; others wait, first come first served. On the loop's thread; outlives those who wait.
class Gate {
 public:
  Gate(Loop& loop, std::size_t places) : loop_(loop), free_(places) {}
  Task<> enter();
  void leave();

 private:
  Loop& loop_;
  std::size_t free_;
  std::deque<Event*> queue_ = {};
};

}  // namespace cpsctl::http

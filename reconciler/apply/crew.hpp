#pragma once
#include "http/task.hpp"

#include <cstddef>
#include <deque>
#include <functional>

namespace cpsctl::apply {

/// min(workers, count) coroutines that take the next index from 0 to count - 1 until all are taken or `stop` says so;
/// returns when all of them have ended.
http::Task<> crew(http::Loop& loop, std::size_t workers, std::size_t count, std::function<bool()> stop,
                  std::function<http::Task<>(std::size_t)> step);

/// At most so many at once; others wait, first come first served. On the loop's thread; outlives those who wait.
class Gate {
 public:
  Gate(http::Loop& loop, std::size_t places) : loop_(loop), free_(places) {}
  http::Task<> enter();
  void leave();

 private:
  http::Loop& loop_;
  std::size_t free_;
  std::deque<http::Event*> queue_ = {};
};

}  // namespace cpsctl::apply

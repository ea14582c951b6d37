#pragma once
#include "http/task.hpp"

#include <cstddef>
#include <functional>

namespace cpsctl::apply {

/// min(workers, count) coroutines that take the next index from 0 to count - 1 until all are taken or `stop` says so;
/// returns when all of them have ended.
http::Task<> crew(http::Loop& loop, std::size_t workers, std::size_t count, std::function<bool()> stop,
                  std::function<http::Task<>(std::size_t)> step);

}  // namespace cpsctl::apply

#include "apply/crew.hpp"

#include <algorithm>

namespace cpsctl::apply {
namespace {

struct Shared {
  std::size_t next = 0;
  std::size_t working = 0;
  http::Event ended;
};

http::Task<> worker(Shared& shared, std::size_t count, std::function<bool()> const& stop,
                    std::function<http::Task<>(std::size_t)> const& step) {
  while (shared.next < count && !stop()) {
    std::size_t const index = shared.next++;
    co_await step(index);
  }
  --shared.working;
  shared.ended.notify_all();
}

}  // namespace

http::Task<> crew(http::Loop& loop, std::size_t workers, std::size_t count, std::function<bool()> stop,
                  std::function<http::Task<>(std::size_t)> step) {
  Shared shared{.ended = http::Event(loop)};
  shared.working = std::min(workers, count);
  for (std::size_t i = std::min(workers, count); i > 0; --i) loop.spawn(worker(shared, count, stop, step));
  while (shared.working > 0) co_await shared.ended.wait();
}

http::Task<> Gate::enter() {
  if (free_ > 0) {
    --free_;
    co_return;
  }
  http::Event turn(loop_);
  queue_.push_back(&turn);
  co_await turn.wait();  // leave() hands its place over
}

void Gate::leave() {
  if (queue_.empty()) {
    ++free_;
    return;
  }
  http::Event& next = *queue_.front();
  queue_.pop_front();
  next.notify_all();
}

}  // namespace cpsctl::apply

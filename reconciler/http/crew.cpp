#include "http/crew.hpp"

#include <algorithm>

namespace cpsctl::http {
namespace {

struct Shared {
  std::size_t next = 0;
  std::size_t working = 0;
  Event ended;
};

Task<> worker(Shared& shared, std::size_t count, std::function<bool()> const& stop,
              std::function<Task<>(std::size_t)> const& step) {
  while (shared.next < count && !stop()) {
    std::size_t const index = shared.next++;
    co_await step(index);
  }
  --shared.working;
  shared.ended.notify_all();
}

}  // namespace

Task<> crew(Loop& loop, std::size_t workers, std::size_t count, std::function<bool()> stop,
            std::function<Task<>(std::size_t)> step) {
  Shared shared{.ended = Event(loop)};
  shared.working = std::min(workers, count);
  for (std::size_t i = std::min(workers, count); i > 0; --i) loop.spawn(worker(shared, count, stop, step));
  while (shared.working > 0) co_await shared.ended.wait();
}

Task<> Gate::enter() {
  if (free_ > 0) {
    --free_;
    co_return;
  }
  Event turn(loop_);
  queue_.push_back(&turn);
  co_await turn.wait();  // leave() hands its place over
}

void Gate::leave() {
  if (queue_.empty()) {
    ++free_;
    return;
  }
  Event& next = *queue_.front();
  queue_.pop_front();
  next.notify_all();
}

}  // namespace cpsctl::http

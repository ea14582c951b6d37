#include "http/task.hpp"

#include <list>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace cpsctl::http {
namespace asio = boost::asio;

namespace {

using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
constexpr auto as_value = asio::as_tuple(asio::use_awaitable_t<Executor>());

/// The timers of the tasks that are parked. A timer belongs to its task's frame; this only knows it while it waits.
struct Parked {
  Executor executor;
  std::list<Timer*> timers = {};

  explicit Parked(Executor on) : executor(std::move(on)) {}

  void wake_all() {
    for (Timer* const timer : timers) timer->cancel();
  }
};

class Place {
 public:
  explicit Place(std::shared_ptr<Parked> parked) : timer(parked->executor), parked_(std::move(parked)) {
    at_ = parked_->timers.insert(parked_->timers.end(), &timer);
  }
  ~Place() { parked_->timers.erase(at_); }
  Place(Place const&) = delete;
  Place& operator=(Place const&) = delete;

  Timer timer;

 private:
  std::shared_ptr<Parked> parked_;
  std::list<Timer*>::iterator at_;
};

/// True when the time came, false when somebody woke us.
Task<bool> park(std::shared_ptr<Parked> parked, SteadyTime until) {
  Place place(std::move(parked));
  place.timer.expires_at(until);
  auto const [stopped] = co_await place.timer.async_wait(as_value);
  co_return !stopped;
}

}  // namespace

struct Loop::Sleepers : Parked {
  using Parked::Parked;
};
struct Event::Waiters : Parked {
  using Parked::Parked;
};

Loop::Loop() : sleepers_(std::make_shared<Sleepers>(context_.get_executor())) {}
Loop::~Loop() = default;

void Loop::spawn(Task<> task) {
  asio::co_spawn(context_.get_executor(), std::move(task), [](std::exception_ptr const& failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

void Loop::run() {
  context_.restart();
  context_.run();
}

void Loop::post(std::function<void()> work) {
  asio::post(context_, std::move(work));
}

Task<bool> Loop::sleep_until(SteadyTime time) {
  return park(sleepers_, time);
}

void Loop::wake_sleepers() {
  sleepers_->wake_all();
}

Event::Event(Loop& loop) : waiters_(std::make_shared<Waiters>(loop.context().get_executor())) {}
Event::~Event() = default;

void Event::notify_all() {
  waiters_->wake_all();
}

namespace {

Task<bool> wait_at(std::shared_ptr<Parked> gate, SteadyTime until) {
  bool const time_came = co_await park(std::move(gate), until);
  co_return !time_came;
}

Task<> wait_for_ever_at(std::shared_ptr<Parked> gate) {
  bool const time_came = co_await park(std::move(gate), SteadyTime::max());
  static_cast<void>(time_came);
}

}  // namespace

Task<> Event::wait() {
  return wait_for_ever_at(waiters_);
}

Task<bool> Event::wait_until(SteadyTime time) {
  return wait_at(waiters_, time);
}

}  // namespace cpsctl::http

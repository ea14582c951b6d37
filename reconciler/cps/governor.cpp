#include "cps/governor.hpp"

#include "base/log.hpp"
#include "cps/throttle.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::cps {
namespace {

using namespace std::chrono_literals;

constexpr Duration busy_interval = 2ms;      // the ledger is held for microseconds
constexpr Duration foreign_interval = 20ms;  // for requests in flight of other processes: nobody tells us their end
constexpr Duration long_wait = 10s;
constexpr Duration same_pause = 10s;

Error too_late() {
  return {.code = Errc::timeout,
          .message = "CPS's request limit allows the next request only after the deadline",
          .next = "run again: what was done is saved",
          .lasting = true};
}

}  // namespace

/// One request in the queue; lives in its task's frame.
struct Governor::Waiter {
  explicit Waiter(http::Loop& loop) : turn(loop) {}
  http::Event turn;
};

Governor::Governor(http::Loop& loop, Clock const& clock, Random& random, Pacer pacer, std::unique_ptr<Ledger> ledger,
                   GovernorOptions options)
    : loop_(loop),
      clock_(clock),
      random_(random),
      pacer_(std::move(pacer)),
      ledger_(std::move(ledger)),
      options_(options),
      self_(ledger_ ? current_process() : Process{}) {}

Governor::~Governor() {
  // Requests that ended while somebody else had the ledger would count as in flight until they expire.
  for (int i = 0; i < 3 && unpublished_ && ledger_; ++i) publish();
}

http::Task<Result<Pacer::Ticket>> Governor::acquire(Turn turn) {
  SteadyTime const arrived = clock_.steady();
  // Nobody joins a queue that moves too slowly for him.
  if (!cancelled_ && arrived + pacer_.estimate(queue_.size() + 1, arrived) > turn.deadline) co_return too_late();
  Waiter self(loop_);
  auto const place = queue_.insert(queue_.end(), &self);
  Result<Pacer::Ticket> outcome = Error{.code = Errc::cancelled, .message = "cancelled while waiting for its turn"};
  while (!cancelled_) {
    SteadyTime const now = clock_.steady();
    bool const first = queue_.front() == &self;
    Seen seen{.look = now >= turn.deadline ? Look::expired : Look::wait, .again = turn.deadline, .ticket = 0};
    if (first) seen = look(turn, now);
    if (seen.look == Look::taken) outcome = seen.ticket;
    if (seen.look == Look::expired) outcome = too_late();
    if (seen.look != Look::wait) break;
    bool const woken = co_await self.turn.wait_until(seen.again);
    static_cast<void>(woken);
    if (first) waited_ += clock_.steady() - now;
  }
  bool const was_first = queue_.front() == &self;
  queue_.erase(place);
  if (was_first) wake_first();
  co_return outcome;
}

/// What the first in the queue may do now.
Governor::Seen Governor::look(Turn const& turn, SteadyTime now) {
  // What others did since can only make the wait longer, unless one of their requests has ended.
  SteadyTime const known = pacer_.next(now, turn.lane);
  bool const certain = known > now && known != SteadyTime::max();
  if (!ledger_ || certain) return look_alone(turn, now);
  Seen seen{};
  bool const asked = update_ledger([&] {
    seen = look_alone(turn, now);
    return seen.look == Look::taken || unpublished_;
  });
  if (asked) return seen;
  if (!ledger_ || alone_) return look_alone(turn, now);
  return {.look = now >= turn.deadline ? Look::expired : Look::wait, .again = now + busy_interval, .ticket = 0};
}

Governor::Seen Governor::look_alone(Turn const& turn, SteadyTime now) {
  pacer_.tidy(now);
  SteadyTime const free_at = pacer_.next(now, turn.lane);
  if (free_at <= now) {
    unpublished_ = ledger_ != nullptr;
    return {.look = Look::taken, .again = now, .ticket = pacer_.take(now, turn.lane, now + options_.flight, self_)};
  }
  if (free_at == SteadyTime::max()) {
    SteadyTime const again = ledger_ ? now + foreign_interval : free_at;
    return {.look = now >= turn.deadline ? Look::expired : Look::wait,
            .again = std::min(again, turn.deadline),
            .ticket = 0};
  }
  if (free_at > turn.deadline) return {.look = Look::expired, .again = now, .ticket = 0};
  say_long_wait(turn, now, free_at);
  return {.look = Look::wait, .again = free_at, .ticket = 0};
}

/// True when `decide` was asked on the state of all processes.
bool Governor::update_ledger(std::function<bool()> const& decide) {
  auto const access = ledger_->update(pacer_, decide);
  if (!access) {
    log::warning(
        "{}; other cpsctl processes on this machine do not see this one's requests, CPS's request limit is "
        "kept by each alone",
        access.error().message);
    ledger_ = nullptr;
    return false;
  }
  if (*access == Ledger::Access::granted) {
    busy_since_.reset();
    alone_ = false;
    unpublished_ = false;
    return true;
  }
  SteadyTime const now = clock_.steady();
  busy_since_ = busy_since_.value_or(now);
  if (!alone_ && now - *busy_since_ >= options_.patience) {
    alone_ = true;
    log::warning("another process holds {} and does not release it (is it stopped?): going on without it",
                 ledger_->file().string());
  }
  return false;
}

/// Writes down what is not yet in the ledger, if it is free; else the next look does.
void Governor::publish() {
  update_ledger([] { return true; });
}

void Governor::release(Pacer::Ticket ticket) {
  pacer_.ended(ticket, clock_.steady());
  changed();
}

void Governor::give_back(Pacer::Ticket ticket) {
  pacer_.give_back(ticket);
  changed();
}

void Governor::changed() {
  unpublished_ = ledger_ != nullptr;
  if (ledger_) publish();
  wake_first();
}

void Governor::wake_first() {
  if (!queue_.empty()) queue_.front()->turn.notify_all();
}

Duration Governor::throttled(std::optional<Duration> advertised, std::string const& subject,
                             std::string const& reason) {
  ++throttles_;
  Duration const pause = pause_after(advertised, random_.unit());
  SteadyTime const until = clock_.steady() + pause;
  // Eight requests in flight are refused together: that is one pause.
  bool const longer = until > pacer_.paused_until() + same_pause;
  pacer_.pause(until);
  unpublished_ = ledger_ != nullptr;
  if (ledger_) publish();
  std::string const told = advertised ? "as told" : "no time was told";
  if (longer)
    log::warning("{}{}CPS's request limit is reached: all requests of the account pause for {} ({})",
                 subject.empty() ? "" : fmt::format("[{}] ", subject), reason.empty() ? "" : reason + ": ",
                 duration_text(pause), told);
  return pause;
}

void Governor::cancel() {
  cancelled_ = true;
  for (Waiter* const waiter : queue_) waiter->turn.notify_all();
}

Duration Governor::estimate(std::size_t requests) const {
  return pacer_.estimate(requests, clock_.steady());
}

Duration Governor::waited() const {
  return std::chrono::duration_cast<Duration>(waited_);
}

void Governor::say_long_wait(Turn const& turn, SteadyTime now, SteadyTime until) {
  if (until - now < long_wait || until <= long_wait_said_) return;
  long_wait_said_ = until;
  log::info("[{}] waits {} for its turn: CPS's request limit", turn.subject,
            duration_text(std::chrono::ceil<std::chrono::seconds>(until - now)));
}

}  // namespace cpsctl::cps

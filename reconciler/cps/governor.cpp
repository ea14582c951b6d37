#include "cps/governor.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace cpsctl::cps {
namespace {

using namespace std::chrono_literals;

constexpr Duration usual_pause = 60s;

}  // namespace

Result<Window> parse_window(std::string_view text) {
  Error const bad{.code = Errc::usage,
                  .message = fmt::format("\"{}\" is no limit", text),
                  .next = "write requests and time, as in 35/60s"};
  auto const slash = text.find('/');
  if (slash == std::string_view::npos) return bad;
  Window window;
  auto const [end, problem] = std::from_chars(text.data(), text.data() + slash, window.requests);
  auto const per = parse_duration(text.substr(slash + 1));
  if (problem != std::errc{} || end != text.data() + slash || window.requests < 1 || !per || *per <= 0ms) return bad;
  window.per = *per;
  return window;
}

std::vector<Window> default_windows() {
  return {{.requests = 35, .per = 60s}, {.requests = 20, .per = 2s}};
}

Pacer::Pacer(std::vector<Window> windows, int reserve) : windows_(std::move(windows)) {
  // What is left to people comes off the long windows; at least one request stays.
  for (Window& window : windows_)
    if (window.per >= 60s) window.requests = std::max(1, window.requests - reserve);
}

SteadyTime Pacer::next(SteadyTime now) {
  Duration longest = 0ms;
  for (Window const& window : windows_) longest = std::max(longest, window.per);
  while (!slots_.empty() && slots_.front().ended != SteadyTime::max() && slots_.front().ended + longest <= now)
    slots_.pop_front();
  SteadyTime earliest = paused_until_;
  for (Window const& window : windows_) {
    // The window is full while `requests` slots have not ended `per` ago; the one that frees it is the
    // (count - requests + 1)-th to be freed.
    std::vector<SteadyTime> free_at;
    for (Slot const& slot : slots_) {
      if (slot.ended == SteadyTime::max())
        free_at.push_back(SteadyTime::max());
      else if (slot.ended + window.per > now)
        free_at.push_back(slot.ended + window.per);
    }
    auto const allowed = static_cast<std::size_t>(window.requests);
    if (free_at.size() < allowed) continue;
    auto const nth = free_at.begin() + static_cast<std::ptrdiff_t>(free_at.size() - allowed);
    std::ranges::nth_element(free_at, nth);
    earliest = std::max(earliest, *nth);
  }
  return earliest;
}

Pacer::Ticket Pacer::take(SteadyTime now) {
  if (!windows_.empty()) slots_.push_back({.ticket = ++last_, .sent = now, .ended = SteadyTime::max()});
  return windows_.empty() ? 0 : last_;
}

void Pacer::ended(Ticket ticket, SteadyTime now) {
  auto const slot = std::ranges::find(slots_, ticket, &Slot::ticket);
  if (slot != slots_.end() && slot->ended == SteadyTime::max()) slot->ended = now;
}

void Pacer::pause(SteadyTime until) {
  paused_until_ = std::max(paused_until_, until);
}

Duration Pacer::estimate(std::size_t requests, SteadyTime now) const {
  Duration whole = std::max(0ms, std::chrono::ceil<Duration>(std::max(paused_until_, now) - now));
  for (Window const& window : windows_) {
    auto const live = static_cast<std::size_t>(std::ranges::count_if(
        slots_, [&](Slot const& slot) { return slot.ended == SteadyTime::max() || slot.ended + window.per > now; }));
    std::size_t const taken = live + requests;
    if (requests == 0 || taken == 0) continue;
    auto const rounds = static_cast<std::int64_t>((taken - 1) / static_cast<std::size_t>(window.requests));
    whole = std::max(whole, Duration(window.per.count() * rounds));
  }
  return whole;
}

Governor::Governor(http::Loop& loop, Clock const& clock, Random& random, Pacer pacer)
    : loop_(loop), clock_(clock), random_(random), pacer_(std::move(pacer)), turn_(loop) {}

http::Task<Result<Pacer::Ticket>> Governor::acquire(SteadyTime deadline) {
  std::uint64_t const number = arrived_++;
  Result<Pacer::Ticket> outcome = Error{.code = Errc::cancelled, .message = "cancelled while waiting for its turn"};
  for (;;) {
    if (cancelled_) break;
    // First come, first served: only the head of the queue looks at the clock.
    if (number != served_) {
      co_await turn_.wait();
      continue;
    }
    SteadyTime const now = clock_.steady();
    SteadyTime const free_at = pacer_.next(now);
    if (free_at <= now) {
      outcome = pacer_.take(now);
      break;
    }
    if (free_at != SteadyTime::max() && free_at > deadline) {
      outcome = Error{.code = Errc::timeout,
                      .message = "the next request is allowed only after the deadline",
                      .next = "run again: what was done is saved"};
      break;
    }
    if (free_at == SteadyTime::max()) {
      co_await turn_.wait();  // until one that is in flight ends
      continue;
    }
    bool const slept = co_await loop_.sleep_until(free_at);
    if (!slept) break;
  }
  ++served_;
  turn_.notify_all();
  co_return outcome;
}

void Governor::release(Pacer::Ticket ticket) {
  pacer_.ended(ticket, clock_.steady());
  turn_.notify_all();
}

void Governor::throttled(std::optional<Duration> advertised) {
  ++throttles_;
  Duration const base = advertised.value_or(usual_pause);
  // Full steps of the advertised time, and up to a tenth more so that not everybody comes back at the same instant.
  auto const jitter = std::chrono::duration_cast<Duration>(base * 0.1 * random_.unit());
  log::warning("CPS's request limit is reached: pausing for {}", duration_text(base + jitter));
  pacer_.pause(clock_.steady() + base + jitter);
}

void Governor::cancel() {
  cancelled_ = true;
  turn_.notify_all();
}

Duration Governor::estimate(std::size_t requests) const {
  return pacer_.estimate(requests, clock_.steady());
}

}  // namespace cpsctl::cps

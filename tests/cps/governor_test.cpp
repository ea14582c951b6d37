#include "cps/governor.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace std::chrono_literals;

namespace {

SteadyTime const start{};

/// Sends `count` requests as early as the pacer allows, each taking `latency(i)`, at most `parallel` at once; gives the
/// times at which the server may have counted them: anywhere between sent and ended.
struct Sent {
  SteadyTime sent, ended;
};
template <class Latency>
std::vector<Sent> send_all(cps::Pacer& pacer, int count, std::size_t parallel, Latency latency) {
  std::vector<Sent> all;
  struct Flying {
    SteadyTime ends;
    cps::Pacer::Ticket ticket;
    std::size_t index;
  };
  std::vector<Flying> flying;
  SteadyTime now = start;
  auto const land_first = [&] {
    auto const first = std::ranges::min_element(flying, {}, &Flying::ends);
    now = std::max(now, first->ends);
    pacer.ended(first->ticket, first->ends);
    all[first->index].ended = first->ends;
    flying.erase(first);
  };
  for (int i = 0; i < count; ++i) {
    for (;;) {
      while (!flying.empty() && std::ranges::min_element(flying, {}, &Flying::ends)->ends <= now) land_first();
      SteadyTime const free_at = pacer.next(now);
      if (free_at <= now && flying.size() < parallel) break;
      bool const lands_first = !flying.empty() && (flying.size() == parallel ||
                                                   std::ranges::min_element(flying, {}, &Flying::ends)->ends < free_at);
      if (lands_first)
        land_first();
      else
        now = free_at;
    }
    flying.push_back({.ends = now + latency(i), .ticket = pacer.take(now), .index = all.size()});
    all.push_back({.sent = now, .ended = now + latency(i)});
  }
  return all;
}

/// The most requests that a server could have counted in any `per`, if each arrived as unluckily as it can.
bool ever_over(std::vector<Sent> const& all, cps::Window window) {
  for (Sent const& first : all) {
    // A window that begins when `first` arrives at the latest: everybody sent before its end and ended after its start.
    auto const counted = std::ranges::count_if(
        all, [&](Sent const& other) { return other.ended >= first.ended && other.sent < first.ended + window.per; });
    if (counted > window.requests) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("pacer: never over the limit, however long requests take and whenever they arrive") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    cps::Pacer pacer(cps::default_windows());
    auto const all = send_all(pacer, 300, 8, [&](int) { return Duration(static_cast<int>(random.unit() * 3000)); });
    for (cps::Window const& window : cps::default_windows()) CHECK_FALSE(ever_over(all, window));
  }
}

TEST_CASE("pacer: 200 requests take the arithmetic bound and not more than 2 % above it") {
  cps::Pacer pacer(cps::default_windows());
  auto const all = send_all(pacer, 200, 8, [](int) { return 50ms; });
  double const took = std::chrono::duration<double>(all.back().ended - start).count();
  double const bound = 60.0 * std::floor(199.0 / 35.0);
  MESSAGE("200 requests: ratio to the bound " << took / bound);
  CHECK(took / bound <= 1.02);
  CHECK(took >= bound);
}

TEST_CASE("pacer: a reserve is left to people, a pause stops everything, no windows never wait") {
  cps::Pacer reserved({{.requests = 5, .per = 60s}}, 3);
  auto const first = reserved.take(start);
  auto const second = reserved.take(start);
  reserved.ended(first, start);
  reserved.ended(second, start + 1s);
  CHECK(reserved.next(start + 1s) == start + 60s);
  CHECK(reserved.next(start + 60s) <= start + 60s);

  cps::Pacer paused({{.requests = 5, .per = 60s}});
  paused.pause(start + 42s);
  CHECK(paused.next(start) == start + 42s);

  cps::Pacer free({});
  for (int i = 0; i < 1000; ++i) free.take(start);
  CHECK(free.next(start) <= start);
  CHECK(free.estimate(1000, start) == 0ms);
}

TEST_CASE("pacer: a window full of requests in flight opens when the first of them has ended long enough ago") {
  cps::Pacer pacer({{.requests = 2, .per = 10s}});
  auto const one = pacer.take(start);
  pacer.take(start);
  CHECK(pacer.next(start + 100s) == SteadyTime::max());
  pacer.ended(one, start + 100s);
  CHECK(pacer.next(start + 100s) == start + 110s);
}

TEST_CASE("pacer: the estimate is what the windows demand") {
  cps::Pacer const pacer(cps::default_windows());
  CHECK(pacer.estimate(0, start) == 0s);
  CHECK(pacer.estimate(35, start) == 2s);
  CHECK(pacer.estimate(36, start) == 60s);
  CHECK(pacer.estimate(200, start) == 300s);
}

TEST_CASE("parse_window: requests and a time") {
  auto const window = cps::parse_window("35/60s").value();
  CHECK(window.requests == 35);
  CHECK(window.per == 60s);
  for (char const* bad : {"", "35", "35/", "/60s", "0/60s", "-1/60s", "35/0s", "35/60", "x/60s", "35 /60s"}) {
    CAPTURE(bad);
    CHECK_FALSE(cps::parse_window(bad).has_value());
  }
}

TEST_CASE("governor: first come first served, waits in its windows, and a deadline or a cancel ends the wait") {
  http::Loop loop;
  SeededRandom random(1);
  cps::Governor governor(loop, system_clock(), random, cps::Pacer({{.requests = 2, .per = 50ms}}));
  std::vector<int> order;
  auto const visit = [](cps::Governor& at, int number, std::vector<int>& into) -> http::Task<> {
    auto const ticket = co_await at.acquire(SteadyTime::max());
    REQUIRE(ticket.has_value());
    into.push_back(number);
    at.release(*ticket);
  };
  auto const begun = system_clock().steady();
  for (int i = 0; i < 6; ++i) loop.spawn(visit(governor, i, order));
  loop.run();
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4, 5});
  CHECK(system_clock().steady() - begun >= 100ms);

  governor.throttled(10s);
  CHECK(governor.throttles() == 1);
  auto const late = loop.run(governor.acquire(system_clock().steady() + 1s));
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == Errc::timeout);

  std::optional<Errc> ended;
  auto const wait = [](cps::Governor& at, std::optional<Errc>& code) -> http::Task<> {
    auto const ticket = co_await at.acquire(SteadyTime::max());
    if (!ticket) code = ticket.error().code;
  };
  loop.spawn(wait(governor, ended));
  loop.post([&] {
    governor.cancel();
    loop.wake_sleepers();
  });
  loop.run();
  CHECK(ended == Errc::cancelled);
}

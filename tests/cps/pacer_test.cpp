#include "cps/pacer.hpp"

#include "base/random.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <vector>

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace std::chrono_literals;

namespace {

SteadyTime const start{};

/// When a request was sent and answered; the server counted it somewhere between.
struct Sent {
  SteadyTime sent, ended;
  cps::Lane lane = cps::Lane::usual;
  std::size_t process = 0;
};

struct Plan {
  std::vector<cps::Window> windows = cps::default_windows();
  std::size_t processes = 1;
  int count = 200;             ///< requests of each process
  std::size_t parallel = 8;    ///< of each process
  bool lanes = false;          ///< every third is of the active-certificates lane
  Duration latest_start = {};  ///< of a process
};

/// Steps a clock from event to event: processes with a pacer each, joined by what they write down, send as early as
/// they may. Who goes first at one instant is drawn.
template <class Latency>
class Simulation {
 public:
  Simulation(Plan plan, Random& random, Latency latency) : plan_(std::move(plan)), random_(random), latency_(latency) {
    for (std::size_t i = 0; i < plan_.processes; ++i) {
      processes_.push_back({.pacer = cps::Pacer(plan_.windows, i + 1),
                            .left = plan_.count,
                            .begins = start + Duration(static_cast<int>(
                                                  random_.unit() * static_cast<double>(plan_.latest_start.count())))});
    }
  }

  std::vector<Sent> run() {
    while (true) {
      land();
      if (send_one()) continue;
      auto const next = next_event();
      if (next == SteadyTime::max()) break;
      now_ = next;
    }
    for (Process const& process : processes_) REQUIRE(process.left == 0);
    return all_;
  }

 private:
  struct Flying {
    SteadyTime ends;
    cps::Pacer::Ticket ticket;
    std::size_t index;
  };
  struct Process {
    cps::Pacer pacer;
    int left;
    SteadyTime begins;
    std::vector<Flying> flying = {};
  };

  cps::Lane lane_of(Process const& process) const {
    return plan_.lanes && process.left % 3 == 0 ? cps::Lane::active_certificates : cps::Lane::usual;
  }

  void land() {
    for (Process& process : processes_) {
      std::erase_if(process.flying, [&](Flying const& flying) {
        if (flying.ends > now_) return false;
        process.pacer.merge(ledger_);
        process.pacer.ended(flying.ticket, flying.ends);
        ledger_ = process.pacer.traffic();
        return true;
      });
    }
  }

  /// One request of one process that may send now.
  bool send_one() {
    std::size_t const first = random_.next() % processes_.size();
    for (std::size_t i = 0; i < processes_.size(); ++i) {
      std::size_t const number = (first + i) % processes_.size();
      Process& process = processes_[number];
      if (process.left == 0 || process.begins > now_ || process.flying.size() >= plan_.parallel) continue;
      process.pacer.merge(ledger_);
      process.pacer.tidy(now_);
      auto const lane = lane_of(process);
      if (process.pacer.next(now_, lane) > now_) continue;
      auto const ticket = process.pacer.take(now_, lane, now_ + 1h);
      ledger_ = process.pacer.traffic();
      SteadyTime const ends = now_ + latency_(random_);
      process.flying.push_back({.ends = ends, .ticket = ticket, .index = all_.size()});
      all_.push_back({.sent = now_, .ended = ends, .lane = lane, .process = number});
      --process.left;
      return true;
    }
    return false;
  }

  SteadyTime next_event() {
    SteadyTime next = SteadyTime::max();
    for (Process& process : processes_) {
      for (Flying const& flying : process.flying) next = std::min(next, flying.ends);
      if (process.left == 0) continue;
      if (process.begins > now_) next = std::min(next, process.begins);
      process.pacer.merge(ledger_);
      auto const free_at = process.pacer.next(now_, lane_of(process));
      if (free_at > now_) next = std::min(next, free_at);
    }
    return next;
  }

  Plan plan_;
  Random& random_;
  Latency latency_;
  std::vector<Process> processes_;
  cps::Traffic ledger_ = {};
  std::vector<Sent> all_ = {};
  SteadyTime now_ = start;
};

template <class Latency>
std::vector<Sent> simulate(Plan plan, Random& random, Latency latency) {
  return Simulation<Latency>(std::move(plan), random, latency).run();
}

/// Could a server have counted more than it allows, if every request arrived as unluckily as it can?
bool ever_over(std::vector<Sent> const& all, cps::Window window) {
  for (Sent const& first : all) {
    // A window that begins when `first` arrives at the latest: everybody sent before its end and ended after its start.
    auto const counted = std::ranges::count_if(all, [&](Sent const& other) {
      bool const counts = window.lane == cps::Lane::usual || window.lane == other.lane;
      return counts && other.ended >= first.ended && other.sent < first.ended + window.per;
    });
    if (counted > window.requests) return true;
  }
  return false;
}

/// How long `count` requests take at least: whole rounds of the long window, and of the short one within the last.
Duration bound(std::size_t count) {
  auto const rounds = static_cast<std::int64_t>((count - 1) / 35);
  auto const rest = static_cast<std::int64_t>((count - 1) % 35 / 20);
  return 60s * rounds + 2s * rest;
}

double ratio(std::vector<Sent> const& all) {
  SteadyTime last = start;
  for (Sent const& sent : all) last = std::max(last, sent.ended);
  return std::chrono::duration<double>(last - start) / std::chrono::duration<double>(bound(all.size()));
}

}  // namespace

TEST_CASE("pacer: 1 to 4 processes together are never over a limit, however long requests take") {
  for (std::uint64_t seed = 1; seed <= 16; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    double const slowest = seed % 4 == 0 ? 40'000 : 3000;
    Plan const plan{.processes = 1 + seed % 4, .count = 90, .lanes = seed % 2 == 0, .latest_start = 30s};
    auto windows = plan.windows;
    windows.push_back(cps::active_certificates_window());
    auto wanted = plan;
    wanted.windows = windows;
    auto const all =
        simulate(wanted, random, [&](Random& r) { return Duration(static_cast<int>(r.unit() * slowest)); });
    CHECK(all.size() == plan.processes * 90);
    for (cps::Window const& window : windows) CHECK_FALSE(ever_over(all, window));
  }
}

TEST_CASE("pacer: 200 and 2000 requests take the arithmetic bound and not more than 2 % above it") {
  SeededRandom random(5);
  for (std::size_t const processes : {1U, 2U}) {
    for (int const count : {200, 2000}) {
      CAPTURE(processes);
      CAPTURE(count);
      Plan const plan{.processes = processes, .count = count / static_cast<int>(processes)};
      auto const all =
          simulate(plan, random, [](Random& r) { return 20ms + Duration(static_cast<int>(r.unit() * 200)); });
      MESSAGE(count << " requests of " << processes << " processes: ratio to the bound " << ratio(all));
      CHECK(ratio(all) <= 1.02);
      CHECK(ratio(all) >= 1.0);
    }
  }
}

TEST_CASE("pacer: processes that share an account share it evenly") {
  SeededRandom random(9);
  Plan const plan{.processes = 4, .count = 300};
  auto const all = simulate(plan, random, [](Random& r) { return 20ms + Duration(static_cast<int>(r.unit() * 200)); });
  // While all of them still have work: after 600 of 1200 nobody is far from his quarter.
  std::vector<int> sent(4, 0);
  for (std::size_t i = 0; i < 600; ++i) ++sent[all[i].process];
  for (int const count : sent) {
    CHECK(count >= 100);
    CHECK(count <= 200);
  }
}

TEST_CASE("pacer: after a pause requests come evenly until a window has gone by, then as before") {
  cps::Pacer pacer(cps::default_windows());
  pacer.pause(start + 60s);
  SteadyTime now = start;
  std::vector<SteadyTime> sent;
  for (int i = 0; i < 80; ++i) {
    now = std::max(now, pacer.next(now));
    pacer.ended(pacer.take(now), now);
    sent.push_back(now);
  }
  CHECK(sent[0] == start + 60s);
  for (std::size_t i = 1; i < 35; ++i) CHECK(sent[i] - sent[i - 1] >= 1714ms);
  CHECK(sent[34] < start + 120s);
  CHECK(sent[35] >= start + 120s);
  CHECK(sent[79] - sent[44] >= 60s);
  CHECK(pacer.next(start + 10h) <= start + 10h);
}

TEST_CASE("pacer: a pause stops everything, the longest counts, no windows never wait") {
  cps::Pacer paused({{.requests = 5, .per = 60s}});
  paused.pause(start + 42s);
  paused.pause(start + 10s);
  CHECK(paused.next(start) == start + 42s);

  cps::Pacer free({});
  for (int i = 0; i < 1000; ++i) free.take(start);
  CHECK(free.next(start) <= start);
  CHECK(free.estimate(1000, start) == 0ms);
  free.pause(start + 7s);
  CHECK(free.next(start) == start + 7s);
  CHECK(free.estimate(1000, start) == 7s);
}

TEST_CASE("pacer: a window full of requests in flight opens when the first of them has ended long enough ago") {
  cps::Pacer pacer({{.requests = 2, .per = 10s}});
  auto const one = pacer.take(start);
  pacer.take(start);
  CHECK(pacer.next(start + 100s) == SteadyTime::max());
  pacer.ended(one, start + 100s);
  CHECK(pacer.next(start + 100s) == start + 110s);
}

TEST_CASE("pacer: another process's request that nobody ends ends when it expires; our own is ended by us") {
  cps::Pacer ours({{.requests = 2, .per = 10s}}, 1);
  cps::Pacer theirs({{.requests = 2, .per = 10s}}, 2);
  theirs.take(start, cps::Lane::usual, start + 30s);
  ours.take(start, cps::Lane::usual, start + 30s);
  ours.merge(theirs.traffic());
  CHECK(ours.next(start + 29s) == SteadyTime::max());
  ours.tidy(start + 30s);
  CHECK(ours.next(start + 30s) == start + 40s);
  ours.tidy(start + 1h);
  CHECK(ours.traffic().slots.size() == 1);
}

TEST_CASE("pacer: the active certificates' lane has a window of its own and counts in the others") {
  cps::Pacer pacer({{.requests = 5, .per = 60s}, {.requests = 2, .per = 60s, .lane = cps::Lane::active_certificates}});
  auto const lane = cps::Lane::active_certificates;
  for (int i = 0; i < 2; ++i) pacer.ended(pacer.take(start, lane), start);
  CHECK(pacer.next(start + 1s, lane) == start + 60s);
  CHECK(pacer.next(start + 1s) <= start + 1s);
  for (int i = 0; i < 3; ++i) pacer.ended(pacer.take(start + 1s), start + 1s);
  CHECK(pacer.next(start + 2s) == start + 60s);
}

TEST_CASE("pacer: merging keeps our own record, learns the others', and loses nothing when the file was lost") {
  cps::Pacer ours(cps::default_windows(), 1);
  cps::Pacer theirs({{.requests = 9, .per = 1h}}, 2);
  auto const mine = ours.take(start);
  theirs.ended(theirs.take(start), start + 1s);
  theirs.take(start + 2s);
  theirs.pause(start + 5s);
  theirs.merge(ours.traffic());
  ours.ended(mine, start + 3s);
  ours.merge(theirs.traffic());
  REQUIRE(ours.traffic().slots.size() == 3);
  CHECK(std::ranges::is_sorted(ours.traffic().slots, {}, &cps::Slot::ended));
  CHECK(ours.traffic().slots[1].ended == start + 3s);
  CHECK(ours.paused_until() == start + 5s);
  CHECK(ours.traffic().keep == 1h);
  ours.merge({});
  CHECK(ours.traffic().slots.size() == 2);
  CHECK(ours.paused_until() == start + 5s);
}

TEST_CASE("pacer: the estimate is what the windows demand") {
  cps::Pacer const pacer(cps::default_windows());
  CHECK(pacer.estimate(0, start) == 0s);
  CHECK(pacer.estimate(20, start) == 0s);
  CHECK(pacer.estimate(35, start) == 2s);
  CHECK(pacer.estimate(36, start) == 60s);
  CHECK(pacer.estimate(56, start) == 62s);
  CHECK(pacer.estimate(200, start) == 302s);
  CHECK(pacer.estimate(35'000'000, start) == 60s * 999'999 + 2s);
}

TEST_CASE("pacer: the estimate agrees with what happens, from any state") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    cps::Pacer pacer(cps::default_windows());
    SteadyTime now = start;
    for (std::uint64_t i = random.next() % 60; i > 0; --i) {
      now = std::max(now, pacer.next(now)) + Duration(static_cast<int>(random.unit() * 2000));
      pacer.ended(pacer.take(now), now);
    }
    if (seed % 3 == 0) pacer.pause(now + Duration(static_cast<int>(random.unit() * 90'000)));
    std::size_t const more = 1 + random.next() % 400;
    auto const estimate = pacer.estimate(more, now);
    SteadyTime time = now;
    for (std::size_t i = 0; i < more; ++i) {
      time = std::max(time, pacer.next(time));
      pacer.ended(pacer.take(time), time);
    }
    CHECK(std::chrono::abs(estimate - std::chrono::ceil<Duration>(time - now)) <= 2s);
  }
}

TEST_CASE("parse_window: requests and a time") {
  auto const window = cps::parse_window("35/60s").value();
  CHECK(window.requests == 35);
  CHECK(window.per == 60s);
  CHECK(cps::window_text(window) == "35 a minute");
  CHECK(cps::window_text({.requests = 20, .per = 2s}) == "20 in 2 s");
  for (char const* bad : {"", "35", "35/", "/60s", "0/60s", "-1/60s", "35/0s", "35/60", "x/60s", "35 /60s"}) {
    CAPTURE(bad);
    CHECK_FALSE(cps::parse_window(bad).has_value());
  }
}

TEST_CASE("with_reserve: so many requests of each minute are left to people") {
  auto const left = cps::with_reserve(cps::default_windows(), 5).value();
  CHECK(left[0].requests == 30);
  CHECK(left[1].requests == 15);
  CHECK(cps::with_reserve({{.requests = 1000, .per = 1h}}, 5).value()[0].requests == 700);
  CHECK(cps::with_reserve({{.requests = 3, .per = 2s}}, 5).value()[0].requests == 1);
  CHECK(cps::with_reserve(cps::default_windows(), 0).value() == cps::default_windows());
  for (std::int64_t const all : {std::int64_t{35}, std::int64_t{36}, std::numeric_limits<std::int64_t>::max()}) {
    auto const none = cps::with_reserve(cps::default_windows(), all);
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error().message.find("leaves nothing of the limit 35 a minute") != std::string::npos);
  }
}

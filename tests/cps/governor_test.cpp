#include "cps/governor.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/file.h>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace cpsctl;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

struct Place {
  fs::path folder;
  Place() {
    std::string pattern = (fs::temp_directory_path() / "cpsctl-governor-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder = pattern;
  }
  ~Place() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  Place(Place const&) = delete;
  Place& operator=(Place const&) = delete;
  fs::path file() const { return folder / "account.governor"; }
  std::unique_ptr<cps::Ledger> ledger() const { return cps::Ledger::open(file(), system_clock()).value(); }
};

struct Visit {
  int visitor;
  SteadyTime sent, ended;
};

/// Waits for a turn, uses it for a moment, gives it back.
http::Task<> visit(http::Loop& loop, cps::Governor& at, int visitor, Duration takes, std::vector<Visit>& all) {
  cps::Turn turn;
  auto const ticket = co_await at.acquire(std::move(turn));
  REQUIRE(ticket.has_value());
  SteadyTime const sent = system_clock().steady();
  bool const slept = co_await loop.sleep_until(sent + takes);
  CHECK(slept);
  all.push_back({.visitor = visitor, .sent = sent, .ended = system_clock().steady()});
  at.release(*ticket);
}

/// Waits, and notes how it ended.
http::Task<> wait(cps::Governor& at, SteadyTime deadline, std::vector<Errc>& ended) {
  cps::Turn turn{.deadline = deadline};
  auto const ticket = co_await at.acquire(std::move(turn));
  if (!ticket) ended.push_back(ticket.error().code);
}

bool ever_over(std::vector<Visit> const& all, cps::Window window) {
  return std::ranges::any_of(all, [&](Visit const& first) {
    return std::ranges::count_if(all, [&](Visit const& other) {
             return other.ended >= first.ended && other.sent < first.ended + window.per;
           }) > window.requests;
  });
}

}  // namespace

TEST_CASE("governor: first come, first served, within its windows") {
  http::Loop loop;
  SeededRandom random(1);
  cps::Window const window{.requests = 2, .per = 40ms};
  cps::Governor governor(loop, system_clock(), random, cps::Pacer({window}));
  std::vector<Visit> all;
  auto const begun = system_clock().steady();
  for (int i = 0; i < 6; ++i) loop.spawn(visit(loop, governor, i, 0ms, all));
  loop.run();
  REQUIRE(all.size() == 6);
  for (int i = 0; i < 6; ++i) CHECK(all[static_cast<std::size_t>(i)].visitor == i);
  CHECK(system_clock().steady() - begun >= 80ms);
  CHECK_FALSE(ever_over(all, window));
}

TEST_CASE("governor: a turn that is given back is the next one's, in all processes") {
  Place const place;
  http::Loop loop;
  SeededRandom random(1);
  std::vector<cps::Window> const one_an_hour{{.requests = 1, .per = 1h}};
  cps::Governor mine(loop, system_clock(), random, cps::Pacer(one_an_hour, 1), place.ledger());
  cps::Governor theirs(loop, system_clock(), random, cps::Pacer(one_an_hour, 2), place.ledger());
  std::vector<cps::Pacer::Ticket> turns;
  auto const use = [&](cps::Governor& governor) -> http::Task<> {
    cps::Turn turn;
    auto const ticket = co_await governor.acquire(std::move(turn));
    REQUIRE(ticket.has_value());
    turns.push_back(*ticket);
    governor.give_back(*ticket);
  };
  for (int i = 0; i < 3; ++i) loop.spawn(use(mine));
  loop.run();
  loop.spawn(use(theirs));
  loop.run();
  CHECK(turns.size() == 4);
}

TEST_CASE("governor: a turn that would come after the deadline is refused at once, wherever one is in the queue") {
  http::Loop loop;
  SeededRandom random(1);
  cps::Governor governor(loop, system_clock(), random, cps::Pacer({{.requests = 1, .per = 100ms}}));
  std::vector<Visit> all;
  std::vector<Errc> ended;
  auto const begun = system_clock().steady();
  for (int i = 0; i < 4; ++i) loop.spawn(visit(loop, governor, i, 0ms, all));
  // Before him are 300 ms of others.
  loop.spawn(wait(governor, begun + 250ms, ended));
  loop.post([&] {
    CHECK(ended == std::vector<Errc>{Errc::timeout});
    CHECK(all.size() <= 1);
  });
  loop.run();
  CHECK(all.size() == 4);

  governor.throttled(10s);
  CHECK(governor.throttles() == 1);
  auto const late = loop.run(governor.acquire({.deadline = system_clock().steady() + 1s}));
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == Errc::timeout);
  CHECK(late.error().message.find("deadline") != std::string::npos);
}

TEST_CASE("governor: one whose deadline comes in the queue's middle leaves it, the others go on in order") {
  http::Loop loop;
  SeededRandom random(1);
  cps::Governor governor(loop, system_clock(), random, cps::Pacer({{.requests = 1, .per = 20ms}}));
  std::vector<Visit> all;
  std::vector<Errc> ended;
  // The first holds the only slot for longer than anybody could foresee.
  loop.spawn(visit(loop, governor, 0, 80ms, all));
  loop.spawn(visit(loop, governor, 1, 0ms, all));
  loop.spawn(wait(governor, system_clock().steady() + 50ms, ended));
  loop.spawn(visit(loop, governor, 2, 0ms, all));
  loop.run();
  CHECK(ended == std::vector<Errc>{Errc::timeout});
  REQUIRE(all.size() == 3);
  for (int i = 0; i < 3; ++i) CHECK(all[static_cast<std::size_t>(i)].visitor == i);
}

TEST_CASE("governor: cancel ends those who wait and those who come") {
  http::Loop loop;
  SeededRandom random(1);
  cps::Governor governor(loop, system_clock(), random, cps::Pacer({{.requests = 1, .per = 1h}}));
  std::vector<Errc> ended;
  for (int i = 0; i < 4; ++i) loop.spawn(wait(governor, SteadyTime::max(), ended));
  loop.post([&] { governor.cancel(); });
  loop.run();
  CHECK(ended == std::vector<Errc>(3, Errc::cancelled));
  loop.spawn(wait(governor, SteadyTime::max(), ended));
  loop.run();
  CHECK(ended.size() == 4);
}

TEST_CASE("governor: a pause stops everybody and ends by itself") {
  http::Loop loop;
  SeededRandom random(1);
  cps::Governor governor(loop, system_clock(), random, cps::Pacer({{.requests = 100, .per = 100ms}}));
  std::vector<Visit> all;
  auto const begun = system_clock().steady();
  CHECK(governor.throttled(200ms) >= 200ms);
  CHECK(governor.waited() == 0ms);
  for (int i = 0; i < 5; ++i) loop.spawn(visit(loop, governor, i, 0ms, all));
  loop.run();
  REQUIRE(all.size() == 5);
  for (Visit const& visited : all) CHECK(visited.sent >= begun + 200ms);
  CHECK(governor.waited() > 0ms);
}

TEST_CASE("governor: two that share a ledger keep the limit together, and both get on") {
  Place const place;
  http::Loop loop;
  SeededRandom random(1);
  cps::Window const window{.requests = 8, .per = 100ms};
  std::vector<Visit> all;
  {
    cps::Governor one(loop, system_clock(), random, cps::Pacer({window}, 1), place.ledger());
    cps::Governor two(loop, system_clock(), random, cps::Pacer({window}, 2), place.ledger());
    for (int i = 0; i < 20; ++i) {
      loop.spawn(visit(loop, one, 1, 3ms, all));
      loop.spawn(visit(loop, two, 2, 3ms, all));
    }
    loop.run();
  }
  CHECK(all.size() == 40);
  CHECK_FALSE(ever_over(all, window));
  auto const half = std::count_if(all.begin(), all.begin() + 20, [](Visit const& v) { return v.visitor == 1; });
  CHECK(half >= 5);
  CHECK(half <= 15);
  // Nothing is left in flight for those who come later.
  cps::Pacer later({window}, 3);
  CHECK(place.ledger()->update(later, [] { return false; }).has_value());
  CHECK(std::ranges::none_of(later.traffic().slots, &cps::Slot::in_flight));
}

TEST_CASE("governor: a 429 of one process pauses the others") {
  Place const place;
  http::Loop loop;
  SeededRandom random(1);
  std::vector<cps::Window> const windows{{.requests = 8, .per = 1s}};
  cps::Governor one(loop, system_clock(), random, cps::Pacer(windows, 1), place.ledger());
  cps::Governor two(loop, system_clock(), random, cps::Pacer(windows, 2), place.ledger());
  one.throttled(10s);
  auto const turn = loop.run(two.acquire({.deadline = system_clock().steady() + 1s}));
  REQUIRE_FALSE(turn.has_value());
  CHECK(turn.error().code == Errc::timeout);
}

TEST_CASE("governor: a process that holds the ledger and is stopped delays the others, but does not stop them") {
  Place const place;
  http::Loop loop;
  SeededRandom random(1);
  cps::Window const window{.requests = 100, .per = 1h};
  cps::Governor governor(loop, system_clock(), random, cps::Pacer({window}, 1), place.ledger(), {.patience = 30ms});
  int const holder = ::open(place.file().c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(::flock(holder, LOCK_EX) == 0);
  std::vector<Visit> all;
  for (int i = 0; i < 4; ++i) loop.spawn(visit(loop, governor, i, 0ms, all));
  loop.run();
  CHECK(all.size() == 4);
  // Once the ledger is free again, the others learn of what was sent meanwhile.
  ::close(holder);
  loop.spawn(visit(loop, governor, 4, 0ms, all));
  loop.run();
  cps::Pacer other({{.requests = 100, .per = 1h}}, 2);
  CHECK(place.ledger()->update(other, [] { return false; }).has_value());
  CHECK(other.traffic().slots.size() == 5);
}

TEST_CASE("governor: a ledger that fails is done without") {
  Place const place;
  http::Loop loop;
  SeededRandom random(1);
  cps::Governor governor(loop, system_clock(), random, cps::Pacer({{.requests = 9, .per = 50ms}}, 1), place.ledger());
  std::ofstream(place.file()) << "cpsctl-governor 2\n";
  std::vector<Visit> all;
  for (int i = 0; i < 3; ++i) loop.spawn(visit(loop, governor, i, 0ms, all));
  loop.run();
  CHECK(all.size() == 3);
}

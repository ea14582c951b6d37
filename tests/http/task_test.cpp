#include "http/task.hpp"

#include <stdexcept>
#include <thread>

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::http;

namespace {

Task<> wait_and_count(Event& gate, int& passed) {
  co_await gate.wait();
  ++passed;
}

Task<> sleep_for_ever(Loop& loop, int& woken) {
  bool const came = co_await loop.sleep_until(SteadyTime::max());
  woken += came ? 0 : 1;
}

Task<> open_gate(Event& gate) {
  gate.notify_all();
  co_return;
}

Task<> fail() {
  throw std::runtime_error("a bug");
  co_return;
}

}  // namespace

TEST_CASE("loop: an exception that leaves a task leaves run()") {
  Loop loop;
  loop.spawn(fail());
  CHECK_THROWS_WITH(loop.run(), "a bug");
  CHECK_NOTHROW(loop.run());
}

TEST_CASE("event: opens for all who wait, once") {
  Loop loop;
  Event gate(loop);
  int passed = 0;
  for (int i = 0; i < 3; ++i) loop.spawn(wait_and_count(gate, passed));
  loop.spawn(open_gate(gate));
  loop.run();
  CHECK(passed == 3);
  bool const early = loop.run(gate.wait_until(system_clock().steady()));
  CHECK_FALSE(early);
}

TEST_CASE("loop: sleepers are woken early, also from another thread") {
  Loop loop;
  int woken = 0;
  loop.spawn(sleep_for_ever(loop, woken));
  loop.spawn(sleep_for_ever(loop, woken));
  std::thread other([&] { loop.post([&] { loop.post([&] { loop.wake_sleepers(); }); }); });
  loop.run();
  other.join();
  CHECK(woken == 2);
  bool const came = loop.run(loop.sleep_until(system_clock().steady()));
  CHECK(came);
}

TEST_CASE("loop: tasks that still wait end with it") {
  int count = 0;
  {
    Loop loop;
    Event gate(loop);
    loop.spawn(wait_and_count(gate, count));
    loop.spawn(sleep_for_ever(loop, count));
    loop.spawn(fail());
    CHECK_THROWS(loop.run());
  }
  CHECK(count == 0);
}

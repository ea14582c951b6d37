#include "cps/ledger.hpp"

#include "base/random.hpp"
#include "cps/throttle.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

using namespace cpsctl;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

struct SteppedClock final : Clock {
  WallTime wall_now = parse_timestamp("2026-11-23T10:00:00Z").value();
  SteadyTime steady_now = SteadyTime(1h);
  WallTime wall() const override { return wall_now; }
  SteadyTime steady() const override { return steady_now; }
  void step(Duration by) {
    wall_now += by;
    steady_now += by;
  }
};

/// A folder that is gone when the test ends, and a file in it that does not exist yet.
struct Place {
  fs::path folder;
  fs::path file;
  Place() {
    std::string pattern = (fs::temp_directory_path() / "cpsctl-ledger-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder = pattern;
    file = folder / "state/governor/account.governor";
  }
  ~Place() {
    std::error_code ignored;
    fs::permissions(folder, fs::perms::owner_all, ignored);
    fs::remove_all(folder, ignored);
  }
  Place(Place const&) = delete;
  Place& operator=(Place const&) = delete;

  void write(std::string const& text) const {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
  }
  std::string read() const {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

std::vector<cps::Window> const two_a_minute{{.requests = 2, .per = 60s}};

/// One of the processes that share the file.
struct Party {
  cps::Pacer pacer;
  std::unique_ptr<cps::Ledger> ledger;
  Party(Place const& place, Clock const& clock, std::uint64_t run, cps::LedgerOptions options = {})
      : pacer(two_a_minute, run), ledger(cps::Ledger::open(place.file, clock, std::move(options)).value()) {}

  cps::Pacer::Ticket take(SteadyTime now, cps::Process owner = cps::current_process()) {
    cps::Pacer::Ticket ticket = 0;
    auto const access = ledger->update(pacer, [&] {
      ticket = pacer.take(now, cps::Lane::usual, now + 90s, owner);
      return true;
    });
    CHECK(access.value() == cps::Ledger::Access::granted);
    return ticket;
  }
  void end(cps::Pacer::Ticket ticket, SteadyTime now) {
    pacer.ended(ticket, now);
    CHECK(ledger->update(pacer, [] { return true; }).value() == cps::Ledger::Access::granted);
  }
  SteadyTime next(SteadyTime now) {
    SteadyTime at{};
    auto const access = ledger->update(pacer, [&] {
      at = pacer.next(now);
      return false;
    });
    CHECK(access.value() == cps::Ledger::Access::granted);
    return at;
  }
};

cps::LedgerOptions in_domain(std::string domain) {
  return {.domain = std::move(domain), .alive = [](cps::Process const&) { return true; }};
}

cps::Traffic some_traffic(Clock const& clock) {
  cps::Traffic traffic{.paused_until = clock.steady() + 42s, .keep = 60s};
  traffic.slots.push_back({.run = 7, .ticket = 1, .sent = clock.steady() - 30s, .ended = clock.steady() - 29s});
  traffic.slots.push_back({.run = 8,
                           .ticket = 1,
                           .lane = cps::Lane::active_certificates,
                           .sent = clock.steady() - 20s,
                           .ended = clock.steady() - 10s});
  traffic.slots.push_back({.run = 7,
                           .ticket = 2,
                           .sent = clock.steady() - 1s,
                           .expires = clock.steady() + 90s,
                           .owner = {.pid = 4711, .born = 123}});
  return traffic;
}

cps::Epoch epoch(Clock const& clock, std::string domain = "boot/t/p") {
  return {.domain = std::move(domain), .steady = clock.steady(), .wall = clock.wall()};
}

}  // namespace

TEST_CASE("ledger: its text reads back as it was") {
  SteppedClock const clock;
  cps::Traffic const traffic = some_traffic(clock);
  auto const text = cps::ledger_text(traffic, epoch(clock));
  auto const back = cps::read_ledger(text, epoch(clock)).value();
  CHECK(back.paused_until == traffic.paused_until);
  CHECK(back.keep == traffic.keep);
  REQUIRE(back.slots.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CAPTURE(i);
    CHECK(back.slots[i].run == traffic.slots[i].run);
    CHECK(back.slots[i].ticket == traffic.slots[i].ticket);
    CHECK(back.slots[i].lane == traffic.slots[i].lane);
    CHECK(back.slots[i].sent == traffic.slots[i].sent);
    CHECK(back.slots[i].ended == traffic.slots[i].ended);
    CHECK(back.slots[i].expires == traffic.slots[i].expires);
    CHECK(back.slots[i].owner == traffic.slots[i].owner);
  }
  CHECK(cps::ledger_text(back, epoch(clock)) == text);
  CHECK(cps::read_ledger(text + "slot of a longer text that was here before\n", epoch(clock)).has_value());
}

TEST_CASE("ledger: times of another boot are brought over by the wall clock, its processes are unknown") {
  SteppedClock clock;
  auto const text = cps::ledger_text(some_traffic(clock), epoch(clock));
  clock.step(15s);
  clock.steady_now = SteadyTime(20s);  // the machine was restarted meanwhile
  auto const back = cps::read_ledger(text, epoch(clock, "another boot")).value();
  CHECK(back.slots[0].ended == SteadyTime(20s) - 44s);
  CHECK(back.slots[1].ended == SteadyTime(20s) - 25s);
  CHECK(back.slots[2].expires == SteadyTime(20s) + 75s);
  CHECK(back.slots[2].owner.pid == 0);
  CHECK(back.paused_until == SteadyTime(20s) + 27s);
}

TEST_CASE("ledger: a clock that was set makes nobody wait for longer than what was written can mean") {
  SteppedClock clock;
  auto const text = cps::ledger_text(some_traffic(clock), epoch(clock));
  for (Duration const jump : {Duration(-100 * 24h), Duration(-1h), Duration(1h), Duration(100 * 24h)}) {
    CAPTURE(jump.count());
    SteppedClock moved = clock;
    moved.wall_now += jump;
    for (char const* domain : {"boot/t/p", "another boot"}) {
      CAPTURE(domain);
      auto const back = cps::read_ledger(text, epoch(moved, domain)).value();
      for (cps::Slot const& slot : back.slots) {
        CHECK((slot.in_flight() || slot.ended <= moved.steady()));
        CHECK(slot.sent <= moved.steady());
      }
      CHECK(back.paused_until <= moved.steady() + cps::longest_pause + cps::longest_pause / 10);
    }
  }
}

TEST_CASE("ledger: a damaged text is told from a good one, whatever the damage") {
  SteppedClock const clock;
  std::string const good = cps::ledger_text(some_traffic(clock), epoch(clock));
  for (std::size_t length = 0; length + 1 < good.size(); ++length) {
    CAPTURE(length);
    CHECK_FALSE(cps::read_ledger(good.substr(0, length), epoch(clock)).has_value());
  }
  SeededRandom random(3);
  for (int i = 0; i < 50'000; ++i) {
    std::string bad = good;
    for (std::uint64_t n = 1 + random.next() % 4; n > 0; --n)
      bad[random.next() % (bad.size() - 1)] = static_cast<char>(random.next());
    auto const back = cps::read_ledger(bad, epoch(clock, i % 2 == 0 ? "boot/t/p" : "another"));
    if (back) CHECK(bad == good);
  }
  for (char const* foreign : {"", "\n", "hello\n", "cpsctl-governor\n", "cpsctl-governor x\n", "cpsctl-governor 1\n"})
    CHECK_FALSE(cps::read_ledger(foreign, epoch(clock)).has_value());
  CHECK(cps::read_ledger("cpsctl-governor 2\nwhatever\n", epoch(clock)).error().code == Errc::stale);
}

TEST_CASE("ledger: numbers at the edge of what fits are refused or bounded, never overflow") {
  SteppedClock const clock;
  for (char const* number : {"9223372036854775807", "-9223372036854775808", "9007199254740992", "-9007199254740992",
                             "18446744073709551615", "99999999999999999999", "-1", "0"}) {
    for (char const* line : {"clock x {0} 0", "clock x 0 {0}", "clock boot/t/p {0} {0}", "keep {0}", "paused {0}",
                             "slot 1 1 0 {0} {0}", "flight 1 1 0 {0} {0} {0} 0", "flight {0} {0} 0 0 0 0 {0}"}) {
      std::string const body = "cpsctl-governor 1\nclock x 0 0\n" + fmt::format(fmt::runtime(line), number) + "\n" +
                               fmt::format("paused {0}\nslot 1 2 0 {0} {0}\n", number);
      std::uint64_t sum = 0xcbf29ce484222325;
      for (char const c : body) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
      auto const back = cps::read_ledger(body + fmt::format("end {}\n", sum), epoch(clock));
      if (!back) continue;
      cps::Pacer pacer(cps::default_windows());
      pacer.merge(*back);
      pacer.tidy(clock.steady());
      CHECK(pacer.next(clock.steady()) <= clock.steady() + cps::longest_pause * 2);
      CHECK(pacer.estimate(100, clock.steady()) < 1h);
    }
  }
}

TEST_CASE("ledger: what one process sends, the other counts; a pause holds for both") {
  Place const place;
  SteppedClock clock;
  Party one(place, clock, 1);
  Party two(place, clock, 2);
  auto const first = one.take(clock.steady());
  CHECK(two.next(clock.steady()) <= clock.steady());
  clock.step(1s);
  one.end(first, clock.steady());
  auto const second = two.take(clock.steady());
  two.end(second, clock.steady());
  CHECK(one.next(clock.steady()) == clock.steady() + 60s);
  CHECK(two.next(clock.steady()) == clock.steady() + 60s);
  Party three(place, clock, 3);
  CHECK(three.next(clock.steady()) == clock.steady() + 60s);
  three.pacer.pause(clock.steady() + 100s);
  CHECK(three.ledger->update(three.pacer, [] { return true; }).has_value());
  CHECK(one.next(clock.steady()) == clock.steady() + 100s);
  clock.step(101s);
  CHECK(two.next(clock.steady()) <= clock.steady());
}

TEST_CASE("ledger: a process that was killed holds its requests only until somebody looks") {
  Place const place;
  SteppedClock clock;
  bool alive = true;
  cps::LedgerOptions options{.domain = "d", .alive = [&alive](cps::Process const&) { return alive; }};
  Party killed(place, clock, 1, options);
  killed.take(clock.steady(), {.pid = 99, .born = 1});
  killed.take(clock.steady(), {.pid = 99, .born = 1});
  Party other(place, clock, 2, options);
  clock.step(5s);
  CHECK(other.next(clock.steady()) == SteadyTime::max());
  alive = false;
  clock.step(1s);
  CHECK(other.next(clock.steady()) == clock.steady() + 60s);
}

TEST_CASE("ledger: a process that nobody can look up holds its requests until they expire") {
  Place const place;
  SteppedClock clock;
  Party foreign(place, clock, 1, in_domain("container/t/a"));
  foreign.take(clock.steady());
  foreign.take(clock.steady());
  cps::LedgerOptions options{.domain = "container/t/b", .alive = [](cps::Process const&) { return false; }};
  Party other(place, clock, 2, options);
  CHECK(other.next(clock.steady()) == SteadyTime::max());
  clock.step(90s);
  CHECK(other.next(clock.steady()) == clock.steady() + 60s);
}

TEST_CASE("ledger: a file that is held is busy at once, and nothing was decided") {
  Place const place;
  SteppedClock clock;
  Party party(place, clock, 1);
  int const holder = ::open(place.file.c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(::flock(holder, LOCK_EX) == 0);
  bool asked = false;
  auto const look = [&] {
    return party.ledger->update(party.pacer, [&] {
      asked = true;
      return true;
    });
  };
  CHECK(look().value() == cps::Ledger::Access::busy);
  CHECK_FALSE(asked);
  ::close(holder);
  CHECK(look().value() == cps::Ledger::Access::granted);
  CHECK(asked);
}

TEST_CASE("ledger: a file that was removed is made again, and what we know goes into it") {
  Place const place;
  SteppedClock clock;
  Party one(place, clock, 1);
  auto const ticket = one.take(clock.steady());
  one.end(ticket, clock.steady());
  fs::remove(place.file);
  CHECK(one.ledger->update(one.pacer, [] { return true; }).value() == cps::Ledger::Access::busy);
  CHECK(one.ledger->update(one.pacer, [] { return true; }).value() == cps::Ledger::Access::granted);
  Party two(place, clock, 2);
  two.take(clock.steady());
  CHECK(two.pacer.traffic().slots.size() == 2);
}

TEST_CASE("ledger: a damaged file makes everybody wait once, as nobody knows what it said, and is repaired") {
  Place const place;
  SteppedClock clock;
  SUBCASE("cut off") {
    place.write("cpsctl-governor 1\nslot 1 2");
  }
  SUBCASE("larger than it can be") {
    place.write(std::string(std::size_t{2} << 20, 'x'));
  }
  Party one(place, clock, 1);
  CHECK(one.next(clock.steady()) == clock.steady() + 60s);
  Party two(place, clock, 2);
  clock.step(10s);
  CHECK(two.next(clock.steady()) == clock.steady() + 50s);
  clock.step(50s);
  CHECK(two.next(clock.steady()) <= clock.steady());
  CHECK(cps::read_ledger(place.read(), epoch(clock)).has_value());
  CHECK(place.read().size() < 4096);
}

TEST_CASE("ledger: what cannot be a ledger is refused, with the reason") {
  Place const place;
  SteppedClock const clock;
  auto const why = [&]() -> std::string {
    auto opened = cps::Ledger::open(place.file, clock);
    if (!opened) return opened.error().message;
    cps::Pacer pacer(two_a_minute, 1);
    auto const access = (*opened)->update(pacer, [] { return true; });
    return access ? "" : access.error().message;
  };
  fs::create_directories(place.file.parent_path());
  SUBCASE("a newer version's") {
    place.write("cpsctl-governor 2\nend 0\n");
    CHECK(why().find("format 2") != std::string::npos);
    CHECK(place.read() == "cpsctl-governor 2\nend 0\n");
  }
  SUBCASE("a folder") {
    fs::create_directory(place.file);
    CHECK(why().find("Is a directory") != std::string::npos);
  }
  SUBCASE("a link") {
    fs::create_symlink("/dev/null", place.file);
    CHECK_FALSE(why().empty());
  }
  SUBCASE("a pipe, which must not keep us waiting") {
    REQUIRE(::mkfifo(place.file.c_str(), 0600) == 0);
    CHECK(why().find("not a regular file") != std::string::npos);
  }
  SUBCASE("a folder that is a file") {
    fs::remove(place.file.parent_path());
    std::ofstream(place.file.parent_path()) << "x";
    CHECK_FALSE(why().empty());
  }
}

TEST_CASE("ledger: a full disk is an error, and leaves no half text for the others") {
  Place const place;
  SteppedClock const clock;
  { Party party(place, clock, 1); }
  ::fflush(nullptr);
  pid_t const child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    // RLIMIT_FSIZE imitates the full disk: the write stops in the middle.
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit const limit{.rlim_cur = 40, .rlim_max = 40};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    cps::Pacer pacer(two_a_minute, 2);
    auto const ledger = cps::Ledger::open(place.file, clock);
    bool const refused = ledger && !(*ledger)->update(pacer, [] { return true; }).has_value();
    ::_exit(refused ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(place.read().empty());
}

TEST_CASE("ledger: files that nobody has written for a month are swept up, newer ones and unknown files stay") {
  Place const place;
  SteppedClock const clock;
  auto const folder = place.file.parent_path();
  fs::create_directories(folder);
  auto const make = [&](char const* name, bool old) {
    std::ofstream(folder / name) << "x";
    if (old) fs::last_write_time(folder / name, fs::file_time_type::clock::now() - 31 * 24h);
  };
  make("old.governor", true);
  make("new.governor", false);
  make("old.txt", true);
  CHECK(cps::Ledger::open(place.file, clock).has_value());
  CHECK_FALSE(fs::exists(folder / "old.governor"));
  CHECK(fs::exists(folder / "new.governor"));
  CHECK(fs::exists(folder / "old.txt"));
}

TEST_CASE("ledger: a file per host and account key, or per budget group, and no key in its name") {
  auto const name = [](char const* host, char const* key, char const* group = "") {
    return cps::ledger_file("/x", host, key, group).string();
  };
  CHECK(name("a.example", "") == name("A.example", ""));
  CHECK(name("a.example", "") != name("b.example", ""));
  CHECK(name("a.example", "1-2:3") != name("a.example", ""));
  CHECK(name("a.example", "1-2:3").find("1-2") == std::string::npos);
  CHECK(name("a.example", "", "corp") == name("b.example", "1-2:3", "corp"));
  CHECK(name("a.example", "", "corp") != name("a.example", ""));
}

TEST_CASE("processes: this one lives, a child that has ended does not, even before it was looked after") {
  CHECK(cps::is_alive(cps::current_process()));
  cps::Process other = cps::current_process();
  other.born += 1;
  CHECK_FALSE(cps::is_alive(other));
  pid_t const child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(0);
  siginfo_t ended{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) == 0);
  CHECK_FALSE(cps::is_alive({.pid = child, .born = other.born}));
  ::waitpid(child, nullptr, 0);
  CHECK_FALSE(cps::is_alive({.pid = child, .born = other.born}));
  CHECK(cps::current_domain().find(' ') == std::string::npos);
}

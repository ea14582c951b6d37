#include "state/lock.hpp"

#include "base/fields.hpp"
#include "state/files.hpp"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <thread>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace cpsctl;
using namespace std::chrono_literals;

namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cpsctl-lock-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path state() const { return path / "state.json"; }
};

state::Lease lease() {
  return state::own_lease({.id = "run-1", .command = "cpsctl apply"}, system_clock());
}

/// A run of another machine.
state::Lease elsewhere() {
  static state::Lease const other = [] {
    state::Lease one = lease();
    one.owner = "ana";
    one.host = "elsewhere";
    one.machine = "another";
    one.boot = "another";
    one.run = "run-2";
    return one;
  }();
  return other;
}

/// Time passes when somebody waits.
struct Waiting final : Clock {
  WallTime begun = system_clock().wall();
  Duration passed = {};
  std::function<void()> meanwhile = [] {};

  WallTime wall() const override { return begun + passed; }
  SteadyTime steady() const override { return SteadyTime() + passed; }
  state::Patience patience(Duration at_most) {
    return {.at_most = at_most, .pause = [this](Duration time) {
              passed += time;
              meanwhile();
            }};
  }
};

void write_lease(Folder const& folder, state::Lease const& other) {
  json::Document document;
  std::ofstream(folder.state().string() + ".lock") << json::compact(fields::to_json(other, document.GetAllocator()));
}

std::string content(Folder const& folder) {
  std::ifstream file(folder.state().string() + ".lock");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<state::Lease> read_lease(Folder const& folder) {
  state::Lease lease;
  auto const document = json::parse(content(folder), "the lock");
  if (!document || !fields::from_json(*document, lease)) return std::nullopt;
  return lease;
}

}  // namespace

TEST_CASE("lock: one at a time, the second is told who holds it, and the end of the first frees it") {
  Folder const folder;
  auto first = state::lock_file(folder.state(), lease(), {.at_most = 0ms}, system_clock()).value();
  auto const second = state::lock_file(folder.state(), lease(), {.at_most = 0ms}, system_clock());
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == Errc::locked);
  CHECK(second.error().message.find("pid " + std::to_string(::getpid())) != std::string::npos);
  CHECK(second.error().message.find("cpsctl apply") != std::string::npos);
  first.reset();
  CHECK(state::lock_file(folder.state(), lease(), {.at_most = 0ms}, system_clock()).has_value());
}

TEST_CASE("lock: a run waits for its turn, and a holder that is killed is no obstacle") {
  Folder const folder;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  pid_t const child = ::fork();
  if (child == 0) {
    auto const held = state::lock_file(folder.state(), lease(), {.at_most = 0ms}, system_clock());
    [[maybe_unused]] auto const told = ::write(ready[1], held ? "y" : "n", 1);
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  CHECK(answer == 'y');
  CHECK_FALSE(state::lock_file(folder.state(), lease(), {.at_most = 0ms}, system_clock()).has_value());
  ::kill(child, SIGKILL);
  CHECK(state::lock_file(folder.state(), lease(), {.at_most = 30s}, system_clock()).has_value());
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("lock: another machine's lease counts until its heartbeat stands still before our eyes") {
  Folder const folder;
  state::Lease other = elsewhere();
  Waiting clock;
  Duration last_beat = {};
  auto const beats = [&](Duration skew) {
    if (clock.passed - last_beat < 20s) return;
    last_beat = clock.passed;
    other.heartbeat = timestamp(clock.wall() + skew);
    write_lease(folder, other);
  };
  struct Case {
    char const* title;
    Duration age;
    bool lives;
    Duration patience;
    bool taken;
  };
  Case const cases[] = {
      {"at once it is not dead", 0s, false, 0ms, false},
      {"nor when its clock is two minutes behind ours", 2min, false, 0ms, false},
      {"it lives as long as it beats", 0s, true, 5min, false},
      {"whatever its clock says: behind", 5min, true, 5min, false},
      {"whatever its clock says: ahead", -1h, true, 5min, false},
      {"still for less than 60 s", 2min, false, 59s, false},
      {"still for 60 s", 0s, false, 61s, true},
      {"still for 60 s, with a clock ahead", -1h, false, 61s, true},
      {"nobody's clock is 10 min behind", 10min, false, 0ms, true},
      {"nobody's clock is a day ahead", -24h, false, 0ms, true},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      other.heartbeat = timestamp(clock.wall() - c.age);
      write_lease(folder, other);
      if (c.lives) clock.meanwhile = [&] { beats(-c.age); };
      auto const lock = state::lock_file(folder.state(), lease(), clock.patience(c.patience), clock);
      CHECK(lock.has_value() == c.taken);
      if (lock) continue;
      CHECK(lock.error().code == Errc::locked);
      CHECK(lock.error().message.find("ana@elsewhere") != std::string::npos);
      CHECK(lock.error().next ==
            "wait for it to end, or give it time with --lock-timeout 10m: a run whose heartbeat stands still for 60 s "
            "loses the lock; if it is dead: cpsctl state unlock --force");
      CHECK(*read_lease(folder) == other);
    }
  }
}

TEST_CASE("lock: flock decides on one machine, and a host's name does not make one") {
  Folder const folder;
  state::Lease const own{.host = "h", .machine = "m", .boot = "b", .pid = 1, .run = "run-1"};
  struct Case {
    char const *title, *host, *machine, *boot;
    bool taken;
  };
  Case const cases[] = {
      {"the same", "h", "m", "b", true},
      {"another container of the same kernel", "c2", "", "b", true},
      {"the same machine, which was restarted", "h", "m", "b2", true},
      {"another machine of that name", "h", "m2", "b2", false},
      {"another machine of that name, of unknown identity", "h", "", "b2", false},
      {"another machine of one image", "h2", "m", "b2", false},
      {"an older version's lease on this host", "h", "", "", true},
      {"an older version's lease on another host", "h2", "", "", false},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      write_lease(folder, {.host = c.host,
                           .machine = c.machine,
                           .boot = c.boot,
                           .pid = 2,
                           .run = "run-2",
                           .heartbeat = timestamp(system_clock().wall())});
      CHECK(state::lock_file(folder.state(), own, {}, system_clock()).has_value() == c.taken);
    }
  }
}

TEST_CASE("lock: of two machines that find it free at one time, one has it") {
  Folder const folder;
  Waiting clock;
  state::Patience patience = clock.patience(0ms);
  patience.in_view = 1s;
  SUBCASE("the other wrote after us") {
    clock.meanwhile = [&] { write_lease(folder, elsewhere()); };
    auto const lock = state::lock_file(folder.state(), lease(), patience, clock);
    REQUIRE_FALSE(lock.has_value());
    CHECK(lock.error().message.find("ana@elsewhere") != std::string::npos);
    CHECK(*read_lease(folder) == elsewhere());
  }
  SUBCASE("we wrote last") {
    CHECK(state::lock_file(folder.state(), lease(), patience, clock).has_value());
    CHECK(clock.passed == 1s);
  }
}

TEST_CASE("lock: a holder whose lock was taken away says so, and leaves the other's lease alone") {
  Folder const folder;
  Waiting clock;
  {
    auto const lock = state::lock_file(folder.state(), lease(), {}, clock).value();
    clock.passed = 20s;
    lock->beat();
    CHECK_FALSE(lock->lost());
    CHECK_FALSE(lock->unwell());
    CHECK(read_lease(folder)->heartbeat == timestamp(clock.wall()));
    write_lease(folder, elsewhere());
    CHECK_FALSE(lock->lost());
    lock->beat();
    REQUIRE(lock->lost());
    CHECK(lock->lost()->code == Errc::locked);
    CHECK(lock->lost()->message == "the lock " + folder.state().string() +
                                       ".lock was taken away by ana@elsewhere, pid " + std::to_string(::getpid()) +
                                       " (cpsctl apply), since " + elsewhere().since);
    CHECK(*read_lease(folder) == elsewhere());
  }
  CHECK(*read_lease(folder) == elsewhere());
}

TEST_CASE("lock: a heartbeat that cannot be written is told, until it can") {
  Folder const folder;
  auto const lock = state::lock_file(folder.state(), lease(), {}, system_clock()).value();
  std::filesystem::path const file = folder.state().string() + ".lock";
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  lock->beat();
  REQUIRE(lock->unwell());
  CHECK(lock->unwell()->code == Errc::io);
  CHECK_FALSE(lock->lost());
  std::filesystem::remove(file);
  std::ofstream(file).flush();
  lock->beat();
  CHECK_FALSE(lock->unwell());
  CHECK(read_lease(folder)->pid == ::getpid());
}

TEST_CASE("lock: whoever looks finds a lease at any time") {
  Folder const folder;
  Waiting clock;
  state::Lease long_one = lease();
  long_one.command = std::string(300, 'x');
  long_one.heartbeat = "2020-01-01T00:00:00Z";
  write_lease(folder, long_one);
  auto const lock = state::lock_file(folder.state(), lease(), {}, clock).value();
  CHECK(read_lease(folder)->command == "cpsctl apply");
  std::atomic<bool> ended = false;
  std::thread renewing([&] {
    while (!ended) {
      clock.passed += 500ms;  // so that the heartbeat's text has two lengths
      lock->beat();
    }
  });
  std::string const pid = "pid " + std::to_string(::getpid());
  int nameless = 0;
  for (int i = 0; i < 2000; ++i) {
    auto const second = state::lock_file(folder.state(), lease(), {}, system_clock());
    if (second || second.error().message.find(pid) == std::string::npos) ++nameless;
  }
  ended = true;
  renewing.join();
  CHECK(nameless == 0);
}

TEST_CASE("lock: what stands in its way is said with the next step") {
  Folder const folder;
  std::filesystem::create_directory(folder.state().string() + ".lock");
  auto const lock = state::lock_file(folder.state(), lease(), {}, system_clock());
  REQUIRE_FALSE(lock.has_value());
  CHECK(lock.error().code == Errc::io);
  CHECK(lock.error().next == "a folder is in the way: name a file, or move the folder away");
}

TEST_CASE("lock: rubbish in the file is no obstacle, a folder that is not there is an error") {
  Folder const folder;
  std::ofstream(folder.state().string() + ".lock") << "{rubbish";
  CHECK(state::lock_file(folder.state(), lease(), {.at_most = 0ms}, system_clock()).has_value());
  auto const nowhere = state::lock_file(folder.path / "no/state.json", lease(), {.at_most = 0ms}, system_clock());
  REQUIRE_FALSE(nowhere.has_value());
  CHECK(nowhere.error().code == Errc::io);
}

TEST_CASE("unlock: ends what a dead run left, and robs nobody who lives") {
  Folder const folder;
  CHECK(!state::unlock_file(folder.state(), lease(), false, system_clock()).value());
  state::Lease other = elsewhere();
  SUBCASE("a run of this machine that lives is not ended, not even by force") {
    auto const held = state::lock_file(folder.state(), lease(), {.at_most = 0ms}, system_clock()).value();
    auto const ended = state::unlock_file(folder.state(), lease(), true, system_clock());
    REQUIRE(!ended);
    CHECK(ended.error().code == Errc::locked);
    CHECK(ended.error().next == "it lives: wait for it, or end it with kill " + std::to_string(::getpid()));
  }
  SUBCASE("a run of another machine with a fresh heartbeat is ended by force alone") {
    write_lease(folder, other);
    auto const refused = state::unlock_file(folder.state(), lease(), false, system_clock());
    REQUIRE(!refused);
    CHECK(refused.error().next.find("look on elsewhere whether it runs, then add --force") != std::string::npos);
    CHECK(!state::lock_file(folder.state(), lease(), {.at_most = 0ms}, system_clock()));
    auto const ended = state::unlock_file(folder.state(), lease(), true, system_clock());
    REQUIRE(ended);
    CHECK((*ended)->host == "elsewhere");
    CHECK(state::lock_file(folder.state(), lease(), {.at_most = 0ms}, system_clock()));
  }
  SUBCASE("one whose heartbeat stopped long ago is ended") {
    other.heartbeat = "2020-01-01T00:00:00Z";
    write_lease(folder, other);
    CHECK(state::unlock_file(folder.state(), lease(), false, system_clock()).value());
    CHECK(!state::unlock_file(folder.state(), lease(), false, system_clock()).value());
  }
  SUBCASE("one whose heartbeat lies far in the future is ended") {
    other.heartbeat = "2099-01-01T00:00:00Z";
    write_lease(folder, other);
    CHECK(state::unlock_file(folder.state(), lease(), false, system_clock()).value());
  }
  SUBCASE("a torn lease is nobody's") {
    std::ofstream(folder.state().string() + ".lock") << "{rubbish";
    CHECK(!state::unlock_file(folder.state(), lease(), false, system_clock()).value());
  }
}

#include "state/lock.hpp"

#include "base/fields.hpp"
#include "state/files.hpp"

#include <algorithm>
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

TEST_CASE("lock: another machine's lease is refused, however long one waits, with the next step") {
  Folder const folder;
  write_lease(folder, elsewhere());
  int waits = 0;
  state::Patience const patience{.at_most = 30ms, .pause = [&](Duration) {
                                   ++waits;
                                   std::this_thread::sleep_for(10ms);
                                 }};
  auto const lock = state::lock_file(folder.state(), lease(), patience, system_clock());
  REQUIRE_FALSE(lock.has_value());
  CHECK(waits > 0);
  CHECK(lock.error().code == Errc::locked);
  CHECK(lock.error().message.find("ana@elsewhere") != std::string::npos);
  CHECK(lock.error().next ==
        "a state in files is one machine's at a time: wait for that run to end, and keep it in a backend made for "
        "several if they share the work; if that run is dead: cpsctl state unlock --force");
  CHECK(*read_lease(folder) == elsewhere());
}

TEST_CASE("lock: another machine's run that ends is waited for") {
  Folder const folder;
  write_lease(folder, elsewhere());
  state::Patience const patience{.at_most = 10min,
                                 .pause = [&](Duration) { std::ofstream(folder.state().string() + ".lock"); }};
  CHECK(state::lock_file(folder.state(), lease(), patience, system_clock()).has_value());
}

TEST_CASE("lock: a time in the lease is no sign of life, neither the past's nor the future's") {
  Folder const folder;
  for (char const* const time : {"2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"}) {
    state::Lease left = lease();
    left.run = "dead";
    left.since = time;
    write_lease(folder, left);
    CHECK(state::lock_file(folder.state(), lease(), {}, system_clock()).has_value());
    std::ofstream(folder.state().string() + ".lock")
        << "{\"host\": \"" << left.host << "\", \"pid\": 1, \"heartbeat\": \"" << time << "\"}";  // of an older version
    CHECK(state::lock_file(folder.state(), lease(), {}, system_clock()).has_value());
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
      write_lease(folder, {.host = c.host, .machine = c.machine, .boot = c.boot, .pid = 2, .run = "run-2"});
      CHECK(state::lock_file(folder.state(), own, {}, system_clock()).has_value() == c.taken);
    }
  }
}

TEST_CASE("lock: of two machines that find it free at one time, the one that wrote first has it no more") {
  Folder const folder;
  auto const lock = state::lock_file(folder.state(), lease(), {}, system_clock()).value();
  CHECK(lock->held());
  write_lease(folder, elsewhere());
  CHECK_FALSE(lock->held());
}

TEST_CASE("lock: a holder whose lock was taken away says so, and leaves the other's lease alone") {
  Folder const folder;
  std::filesystem::path const file = folder.state().string() + ".lock";
  {
    auto const lock = state::lock_file(folder.state(), lease(), {}, system_clock()).value();
    SUBCASE("another machine's lease is in it") {
      write_lease(folder, elsewhere());
    }
    SUBCASE("the file is another one") {
      std::filesystem::remove(file);
      write_lease(folder, elsewhere());
    }
    auto const held = lock->held();
    REQUIRE_FALSE(held.has_value());
    CHECK(held.error().code == Errc::locked);
    CHECK(held.error().message == "the lock " + file.string() + " was taken away by ana@elsewhere, pid " +
                                      std::to_string(::getpid()) + " (cpsctl apply), since " + elsewhere().since);
    CHECK(*read_lease(folder) == elsewhere());
  }
  CHECK(*read_lease(folder) == elsewhere());
}

TEST_CASE("lock: one that was ended from outside is no longer held, although nobody has it yet") {
  Folder const folder;
  std::filesystem::path const file = folder.state().string() + ".lock";
  auto const lock = state::lock_file(folder.state(), lease(), {}, system_clock()).value();
  SUBCASE("emptied, as by state unlock on another machine") {
    std::ofstream(file).flush();
  }
  SUBCASE("removed") {
    std::filesystem::remove(file);
  }
  SUBCASE("the same words in another file") {
    std::string const words = content(folder);
    std::filesystem::rename(file, file.string() + ".old");  // which keeps the number of its file
    std::ofstream(file) << words;
    CHECK(lock->held().error().code == Errc::locked);
    return;
  }
  CHECK(lock->held().error().message == "the lock " + file.string() + " was ended from outside");
}

TEST_CASE("lock: a link in its place is not followed") {
  Folder const folder;
  std::filesystem::path const file = folder.state().string() + ".lock";
  std::filesystem::path const victim = folder.path / "victim";
  std::ofstream(victim) << "precious";
  auto lock = state::lock_file(folder.state(), lease(), {}, system_clock()).value();
  std::filesystem::remove(file);
  std::filesystem::create_symlink(victim, file);
  CHECK(lock->held().error().code == Errc::io);
  lock.reset();
  CHECK(std::filesystem::file_size(victim) == 8);
}

TEST_CASE("lock: a lease takes the place of a longer one whole") {
  Folder const folder;
  state::Lease long_one = lease();
  long_one.command = std::string(300, 'x');
  write_lease(folder, long_one);
  auto lock = state::lock_file(folder.state(), lease(), {}, system_clock()).value();
  CHECK(read_lease(folder)->command == "cpsctl apply");
  CHECK(content(folder).ends_with("}\n"));
  CHECK(std::ranges::count(content(folder), '\n') == 1);
  lock.reset();
  CHECK(content(folder).empty());
}

TEST_CASE("lock: what is in its way is reported with the next step") {
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
  CHECK(!state::unlock_file(folder.state(), lease(), false).value());
  state::Lease other = elsewhere();
  SUBCASE("a run of this machine that lives is not ended, not even by force") {
    auto const held = state::lock_file(folder.state(), lease(), {.at_most = 0ms}, system_clock()).value();
    auto const ended = state::unlock_file(folder.state(), lease(), true);
    REQUIRE(!ended);
    CHECK(ended.error().code == Errc::locked);
    CHECK(ended.error().next == "it lives: wait for it, or end it with kill " + std::to_string(::getpid()));
  }
  SUBCASE("a run of another machine is ended by force alone: nobody here can tell whether it lives") {
    write_lease(folder, other);
    auto const refused = state::unlock_file(folder.state(), lease(), false);
    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::locked);
    CHECK(refused.error().next ==
          "look on elsewhere whether it runs: nobody else can tell; if it does not, add --force");
    CHECK(!state::lock_file(folder.state(), lease(), {.at_most = 0ms}, system_clock()));
    auto const ended = state::unlock_file(folder.state(), lease(), true);
    REQUIRE(ended);
    CHECK((*ended)->host == "elsewhere");
    CHECK(state::lock_file(folder.state(), lease(), {.at_most = 0ms}, system_clock()));
  }
  SUBCASE("what a dead run of this machine left is ended and told") {
    other = lease();
    other.run = "dead";
    write_lease(folder, other);
    CHECK((*state::unlock_file(folder.state(), lease(), false).value()).run == "dead");
    CHECK(!state::unlock_file(folder.state(), lease(), false).value());
  }
  SUBCASE("a torn lease is nobody's") {
    std::ofstream(folder.state().string() + ".lock") << "{rubbish";
    CHECK(!state::unlock_file(folder.state(), lease(), false).value());
  }
}

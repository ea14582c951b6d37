#include "state/lock.hpp"

#include "base/fields.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>

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
  return state::own_lease("run-1", "cpsctl apply", system_clock());
}

void write_lease(Folder const& folder, state::Lease const& other) {
  json::Document document;
  std::ofstream(folder.state().string() + ".lock") << json::compact(fields::to_json(other, document.GetAllocator()));
}

}  // namespace

TEST_CASE("lock: one at a time, the second is told who holds it, and the end of the first frees it") {
  Folder const folder;
  auto first = state::Lock::take(folder.state(), lease(), {.at_most = 0ms}, system_clock()).value();
  auto const second = state::Lock::take(folder.state(), lease(), {.at_most = 0ms}, system_clock());
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == Errc::locked);
  CHECK(second.error().message.find("pid " + std::to_string(::getpid())) != std::string::npos);
  CHECK(second.error().message.find("cpsctl apply") != std::string::npos);
  first.reset();
  CHECK(state::Lock::take(folder.state(), lease(), {.at_most = 0ms}, system_clock()).has_value());
}

TEST_CASE("lock: a run waits for its turn, and a holder that is killed is no obstacle") {
  Folder const folder;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  pid_t const child = ::fork();
  if (child == 0) {
    auto const held = state::Lock::take(folder.state(), lease(), {.at_most = 0ms}, system_clock());
    [[maybe_unused]] auto const told = ::write(ready[1], held ? "y" : "n", 1);
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  CHECK(answer == 'y');
  CHECK_FALSE(state::Lock::take(folder.state(), lease(), {.at_most = 0ms}, system_clock()).has_value());
  ::kill(child, SIGKILL);
  CHECK(state::Lock::take(folder.state(), lease(), {.at_most = 30s}, system_clock()).has_value());
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("lock: another host's lease counts while its heartbeat is fresh, and not after") {
  Folder const folder;
  state::Lease other = lease();
  other.host = "elsewhere";
  other.owner = "ana";
  write_lease(folder, other);
  auto const refused = state::Lock::take(folder.state(), lease(), {.at_most = 0ms}, system_clock());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("ana@elsewhere") != std::string::npos);
  other.heartbeat = timestamp(system_clock().wall() - 61s);
  write_lease(folder, other);
  CHECK(state::Lock::take(folder.state(), lease(), {.at_most = 0ms}, system_clock()).has_value());
}

TEST_CASE("lock: rubbish in the file is no obstacle, a folder that is not there is an error") {
  Folder const folder;
  std::ofstream(folder.state().string() + ".lock") << "{rubbish";
  CHECK(state::Lock::take(folder.state(), lease(), {.at_most = 0ms}, system_clock()).has_value());
  auto const nowhere = state::Lock::take(folder.path / "no/state.json", lease(), {.at_most = 0ms}, system_clock());
  REQUIRE_FALSE(nowhere.has_value());
  CHECK(nowhere.error().code == Errc::io);
}

TEST_CASE("unlock: ends what a dead run left, and robs nobody who lives") {
  Folder const folder;
  CHECK(!state::unlock(folder.state(), lease(), false, system_clock()).value());
  state::Lease other = lease();
  other.host = "elsewhere";
  SUBCASE("a run of this machine that lives is not ended, not even by force") {
    auto const held = state::Lock::take(folder.state(), lease(), {.at_most = 0ms}, system_clock()).value();
    auto const ended = state::unlock(folder.state(), lease(), true, system_clock());
    REQUIRE(!ended);
    CHECK(ended.error().code == Errc::locked);
    CHECK(ended.error().next == "it lives: wait for it, or end it with kill " + std::to_string(::getpid()));
  }
  SUBCASE("a run of another machine with a fresh heartbeat is ended by force alone") {
    write_lease(folder, other);
    auto const refused = state::unlock(folder.state(), lease(), false, system_clock());
    REQUIRE(!refused);
    CHECK(refused.error().next.find("look on elsewhere whether it runs, then add --force") != std::string::npos);
    CHECK(!state::Lock::take(folder.state(), lease(), {.at_most = 0ms}, system_clock()));
    auto const ended = state::unlock(folder.state(), lease(), true, system_clock());
    REQUIRE(ended);
    CHECK((*ended)->host == "elsewhere");
    CHECK(state::Lock::take(folder.state(), lease(), {.at_most = 0ms}, system_clock()));
  }
  SUBCASE("one whose heartbeat stopped long ago is ended") {
    other.heartbeat = "2020-01-01T00:00:00Z";
    write_lease(folder, other);
    CHECK(state::unlock(folder.state(), lease(), false, system_clock()).value());
    CHECK(!state::unlock(folder.state(), lease(), false, system_clock()).value());
  }
  SUBCASE("rubbish is nobody's lease") {
    std::ofstream(folder.state().string() + ".lock") << "rubbish";
    CHECK(!state::unlock(folder.state(), lease(), false, system_clock()).value());
  }
}

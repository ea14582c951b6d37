#include "state/backend.hpp"

#include <filesystem>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace cpsctl;

TEST_CASE("backend: the location's scheme chooses it, and a path has none") {
  struct Case {
    char const *location, *scheme;
  };
  Case const cases[] = {
      {".cpsctl/state.json", ""},
      {"/var/lib/cpsctl/state.json", ""},
      {"xyz://host/name", "xyz"},
      {"a+b-c.1://", "a+b-c.1"},
      {"://host", ""},
      {"folder/of://files", ""},
      {"C:/state.json", ""},
      {"", ""},
  };
  for (Case const& c : cases) {
    CAPTURE(c.location);
    CHECK(state::scheme_of(c.location) == c.scheme);
    CHECK(state::Backend::at(c.location, system_files(), system_clock()).has_value() == (*c.scheme == '\0'));
  }
}

TEST_CASE(
    "backend: a kind that nobody knows is a usage error, which says what is known and keeps a password to itself") {
  auto const made = state::Backend::at("xyz://ana:secret@db.example.com/cps", system_files(), system_clock());
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().code == Errc::usage);
  CHECK(made.error().message == "no state can be kept at xyz://…: cpsctl keeps it in files");
  CHECK(made.error().next == "name a file: --state .cpsctl/state.json");
}

TEST_CASE("backend: a state in files makes its folder, is locked, written, read and freed again") {
  std::string pattern = (std::filesystem::temp_directory_path() / "cpsctl-backend-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  std::filesystem::path const folder = pattern;
  std::string const location = (folder / "new/state.json").string();
  auto const backend = state::Backend::at(location, system_files(), system_clock()).value();
  CHECK(backend->describe() == location);
  CHECK_FALSE(backend->read("").value().exists);
  CHECK_FALSE(std::filesystem::exists(folder / "new"));  // who looks leaves nothing
  {
    auto const lock = backend->lock({.id = "run-1", .command = "cpsctl apply"}, {}).value();
    auto const second = backend->lock({.id = "run-2", .command = "cpsctl apply"}, {});
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code == Errc::locked);
    auto const store = backend->open({.realm = "sandbox", .host = "localhost", .run = "run-1"}, *lock).value();
    auto const entry = std::make_shared<state::Entry const>(state::Entry{.name = "www", .id = 7});
    REQUIRE(store->write({.phase = state::Phase::stored, .name = "www", .entry = entry}));
    REQUIRE(store->save());
  }
  auto const contents = backend->read("sandbox").value();
  CHECK(contents.entries.at("www").id == 7);
  CHECK(contents.host == "localhost");
  CHECK(backend->read("akamai").error().message.find("belongs to sandbox") != std::string::npos);
  CHECK_FALSE(backend->unlock(false).value());  // nobody holds it any more
  {
    auto const lock = backend->lock({.id = "run-3", .command = "cpsctl apply"}, {}).value();
    auto const store = backend->open({.realm = "sandbox", .run = "run-3"}, *lock).value();
    std::filesystem::remove(location + ".lock");  // so that another run finds none
    auto const other = backend->lock({.id = "run-4", .command = "cpsctl state rebuild"}, {}).value();
    auto const refused = store->write({.phase = state::Phase::dropped, .name = "www"});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::locked);
    CHECK(refused.error().message.find("was taken away by") != std::string::npos);
    CHECK(refused.error().message.find("cpsctl state rebuild") != std::string::npos);
    CHECK_FALSE(store->save().has_value());
    CHECK_FALSE(backend->open({.realm = "sandbox", .run = "run-3"}, *lock).has_value());
    CHECK(backend->read("sandbox").value().entries.contains("www"));
  }
  std::filesystem::remove_all(folder);
}

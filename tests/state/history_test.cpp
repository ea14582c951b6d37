#include "state/history.hpp"

#include "base/fields.hpp"
#include "places.hpp"
#include "state/author.hpp"
#include "state/failing_files.hpp"
#include "state/journal.hpp"
#include "state/open.hpp"
#include "state/replay.hpp"

#include <filesystem>
#include <map>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;

namespace {

std::string const path = "p/state.json";
std::string const journal = path + ".journal";

std::shared_ptr<state::Entry const> entry(std::string const& name, std::int64_t id = 0) {
  return std::make_shared<state::Entry const>(state::Entry{.name = name, .contract = "1-A", .id = id});
}

/// "1 created www (was old) 10001 [10002]: reason" of each.
std::vector<std::string> told(std::vector<state::Event> const& history) {
  std::vector<std::string> lines;
  for (state::Event const& event : history)
    lines.push_back(fmt::format("{} {} {}{} {}{}", event.sequence, fields::word(event.what), event.name,
                                event.old_name.empty() ? "" : " (was " + event.old_name + ")", event.enrollment,
                                event.reason.empty() ? "" : ": " + event.reason));
  return lines;
}

std::unique_ptr<state::Store> open(failing::Disk& disk, std::string run, state::Author by = {}) {
  static at_files::Alone alone;
  return state::open_files(path, {.realm = "sandbox", .run = std::move(run), .by = std::move(by)}, disk, alone).value();
}

std::string data(std::string const& name) {
  return system_files().read(places::data("state", name), std::size_t{1} << 20).value();
}

}  // namespace

TEST_CASE("history: each end of a write is told, by whom, and kept through snapshots and other runs") {
  failing::Disk disk;
  using enum state::Phase;
  using enum state::WriteKind;
  {
    auto const store = open(disk, "first", {.user = "ana", .host = "build-1"});
    auto const put = [&](state::Record record) { return store->write(std::move(record)).value(); };
    std::int64_t const create_www = put({.phase = intent, .name = "www", .entry = entry("www")});
    put({.phase = done, .intent = create_www, .name = "www", .enrollment = 7, .changes = {8}});
    std::int64_t const update_www = put({.phase = intent, .step = update, .name = "www", .entry = entry("www", 7)});
    put({.phase = refused, .intent = update_www, .name = "www", .reason = "answered with 429"});
    put({.phase = stored, .name = "api", .entry = entry("api", 9)});
    put({.phase = stored, .name = "api", .entry = entry("api", 9)});
    put({.phase = stored, .name = "api", .entry = entry("rest", 9)});
    REQUIRE(store->save());
  }
  {
    auto const store = open(disk, "second", {.user = "octocat", .host = "runner", .job = "https://ci.example/1"});
    auto const put = [&](state::Record record) { return store->write(std::move(record)).value(); };
    std::int64_t const remove_www = put({.phase = intent, .step = delete_, .name = "www", .entry = entry("www", 7)});
    put({.phase = done, .intent = remove_www, .step = delete_, .name = "www", .enrollment = 7, .changes = {11}});
    put({.phase = dropped, .name = "www"});
    put({.phase = dropped, .name = "rest"});
    std::int64_t const create_new = put({.phase = intent, .name = "new", .entry = entry("new")});
    put({.phase = conflict, .intent = create_new, .name = "new", .reason = "409"});
    put({.phase = lost, .intent = create_new, .name = "new", .lost = "closed"});
  }
  std::vector<std::string> const all{"2 created www 7",
                                     "4 refused www 7: answered with 429",
                                     "5 adopted api 9",
                                     "6 recorded api 9",
                                     "7 renamed rest (was api) 9",
                                     "9 removing www 7",
                                     "10 removed www 7",
                                     "11 forgotten rest 9",
                                     "13 conflict new 0: 409",
                                     "14 lost new 0: closed"};
  auto const contents = at_files::read(path, "sandbox", disk).value();
  CHECK(told(contents.history) == all);
  CHECK(contents.history.at(0).by.user == "ana");
  CHECK(contents.history.at(0).by.host == "build-1");
  CHECK(contents.history.at(0).run == "first");
  CHECK(contents.history.at(0).changes == std::vector<std::int64_t>{8});
  CHECK(contents.history.at(1).step == update);  // its record does not say
  CHECK(contents.history.at(6).by.job == "https://ci.example/1");
  REQUIRE(contents.open_intents.size() == 1);
  CHECK(contents.open_intents[0].by.user == "octocat");
  for (int i = 0; i < 2; ++i) {
    auto const store = open(disk, "third");
    REQUIRE(store->save());
    CHECK(told(store->contents().history) == all);
  }
  // A crash between snapshot and journal leaves records that the snapshot holds.
  std::string const before = disk.bytes()[journal];
  REQUIRE(open(disk, "fourth")->write({.phase = stored, .name = "x", .entry = entry("x", 12)}));
  std::string const grown = disk.bytes()[journal];
  REQUIRE(open(disk, "fifth")->save());
  disk.bytes()[journal] = grown;
  CHECK(at_files::read(path, "sandbox", disk)->history.size() == all.size() + 1);
}

TEST_CASE("history: it ends 90 days before its last event, and has 10,000 at most") {
  std::vector<state::Event> history;
  auto const add = [&](std::string at) { history.push_back({.at = std::move(at), .name = "www"}); };
  state::keep_within_bounds(history);
  CHECK(history.empty());
  add("2026-08-01T00:00:00Z");
  add("2026-08-25T09:59:59.999Z");
  add("2026-08-25T10:00:00Z");
  add("");  // nobody knows how old
  add("2026-11-23T10:00:00Z");
  state::keep_within_bounds(history);
  REQUIRE(history.size() == 3);
  CHECK(history.front().at == "2026-08-25T10:00:00Z");
  for (int i = 0; i < 12'000; ++i) history.push_back({.sequence = i, .at = "2026-11-23T10:00:00Z", .name = "n"});
  state::keep_within_bounds(history);
  CHECK(history.size() == 10'000);
  CHECK(history.back().sequence == 11'999);
  CHECK(history.front().sequence == 2'000);

  failing::Disk disk;
  auto const store = open(disk, "run");
  for (char const* const at : {"2026-01-01T00:00:00Z", "2026-11-23T10:00:00Z"})
    REQUIRE(store->write({.phase = state::Phase::stored, .name = "a", .at = at, .entry = entry("a", 1)}));
  REQUIRE(store->save());
  CHECK(store->contents().history.size() == 1);
  CHECK(at_files::read(path, "sandbox", disk)->history.size() == 1);
}

TEST_CASE("state file: what older versions wrote is read, brought over by the next run, and lost in nothing") {
  struct Case {
    char const *title, *snapshot, *journal;
    std::vector<std::string> names;
    std::vector<std::string> doubts;
    std::vector<std::string> events;
  };
  Case const cases[] = {
      {"a snapshot alone", "v1/snapshot.json", "", {"intranet-example-com", "shop-example-com"}, {}, {}},
      {"a snapshot and its quiet journal",
       "v1/snapshot.json",
       "v1/after-snapshot.journal",
       {"intranet-example-com", "shop-example-com"},
       {},
       {}},
      {"a run that was killed after a snapshot",
       "v1/snapshot.json",
       "v1/killed.journal",
       {"intranet-example-com", "shop-example-com"},
       {"api-example-com", "www-example-com"},
       {}},
      {"a first run that was killed",
       "",
       "v1/first-run.journal",
       {"api-example-com"},
       {"intranet-example-com"},
       {"2 created api-example-com 10001"}},
      {"a snapshot with a write in doubt", "v1/doubt.json", "v1/doubt.journal", {}, {"shop-example-com"}, {}},
      {"authors and history",
       "v2/snapshot.json",
       "v2/after-snapshot.journal",
       {"intranet-example-com", "shop-example-com"},
       {},
       {"3 created intranet-example-com 10001", "4 created shop-example-com 10002"}},
      {"pending changes that were watched",
       "v3/snapshot.json",
       "v3/after-snapshot.journal",
       {"intranet-example-com", "shop-example-com"},
       {},
       {"3 created intranet-example-com 10001", "4 created shop-example-com 10002"}},
      {"a host for a realm, open intents in the journal alone, and a journal without a serial",
       "v0/snapshot.json",
       "v0/open.journal",
       {"a"},
       {"b"},
       {}},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      failing::Disk disk;
      if (*c.snapshot != '\0') disk.bytes()[path] = data(c.snapshot);
      if (*c.journal != '\0') disk.bytes()[journal] = data(c.journal);
      std::string const realm = at_files::read(path, "", disk).value().realm;
      auto const check = [&](std::vector<std::string> const& events) {
        auto const contents = at_files::read(path, realm, disk).value();
        std::vector<std::string> names, doubts;
        for (auto const& [name, entry] : contents.entries) names.push_back(name);
        for (state::Record const& one : contents.open_intents) doubts.push_back(one.name);
        CHECK(names == c.names);
        CHECK(doubts == c.doubts);
        CHECK(told(contents.history) == events);
        CHECK(contents.notes.empty());
      };
      check(c.events);
      std::int64_t const last = state::replay(path, realm, disk)->sequence;
      {
        auto const store = at_files::open(path, realm, "new", disk).value();
        REQUIRE(store->write({.phase = state::Phase::stored, .name = "tmp", .entry = entry("tmp", 99)}));
        REQUIRE(store->write({.phase = state::Phase::dropped, .name = "tmp"}));
        REQUIRE(store->save());
      }
      CHECK(disk.bytes()[path].starts_with(R"({"formatVersion":4,)"));
      CHECK(disk.bytes()[journal].find(R"( {"formatVersion":4,)") == 8);
      if (*c.snapshot != '\0') CHECK(disk.bytes()[path + ".bak"] == data(c.snapshot));
      std::vector<std::string> events = c.events;
      events.push_back(fmt::format("{} adopted tmp 99", last + 1));
      events.push_back(fmt::format("{} forgotten tmp 99", last + 2));
      check(events);
    }
  }
}

TEST_CASE("author: a pipeline says who let it run and which job it is, anybody else is a user at a machine") {
  using Variables = std::map<std::string, std::string>;
  struct Case {
    char const* title;
    Variables variables;
    std::string user, job;
  };
  std::string const me = state::this_user();
  Case const cases[] = {
      {"nothing", {}, me, ""},
      {"GitHub",
       {{"GITHUB_ACTIONS", "true"},
        {"GITHUB_ACTOR", "octocat"},
        {"GITHUB_SERVER_URL", "https://github.com"},
        {"GITHUB_REPOSITORY", "acme/certs"},
        {"GITHUB_RUN_ID", "42"}},
       "octocat",
       "https://github.com/acme/certs/actions/runs/42"},
      {"GitHub, run again by somebody else",
       {{"GITHUB_ACTIONS", "true"}, {"GITHUB_ACTOR", "octocat"}, {"GITHUB_TRIGGERING_ACTOR", "ana"}},
       "ana",
       "GitHub Actions"},
      {"GitLab",
       {{"GITLAB_CI", "true"}, {"GITLAB_USER_LOGIN", "ana"}, {"CI_JOB_URL", "https://git.example/acme/-/jobs/7"}},
       "ana",
       "https://git.example/acme/-/jobs/7"},
      {"Jenkins, which does not say who",
       {{"BUILD_URL", "https://ci.example/job/certs/7/"}},
       me,
       "https://ci.example/job/certs/7/"},
      {"Azure",
       {{"TF_BUILD", "True"},
        {"BUILD_REQUESTEDFOR", "Ana Diaz"},
        {"SYSTEM_COLLECTIONURI", "https://dev.azure.com/acme/"},
        {"SYSTEM_TEAMPROJECT", "certs"},
        {"BUILD_BUILDID", "7"}},
       "Ana Diaz",
       "https://dev.azure.com/acme/certs/_build/results?buildId=7"},
      {"words for a terminal",
       {{"GITLAB_CI", "true"}, {"GITLAB_USER_LOGIN", "a\x1b[31m\n::error::"}, {"CI_JOB_URL", "x\xff"}},
       "a\\x1b[31m\\n::error::",
       "x\\xff"},
      {"a password in an address",
       {{"GITLAB_CI", "true"}, {"CI_JOB_URL", "https://ana:s3cr@t@git.example/acme@2"}},
       me,
       "https://git.example/acme@2"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      state::Author const author = state::author_of([&](std::string const& name) {
        auto const found = c.variables.find(name);
        return found == c.variables.end() ? std::nullopt : std::optional(found->second);
      });
      CHECK(author.user == c.user);
      CHECK(author.job == c.job);
      CHECK(author.host == state::this_host());
    }
  }
  auto const endless = [](std::string const& name) {
    return name == "GITLAB_CI" || name == "GITLAB_USER_LOGIN" ? std::optional(std::string(100'000, 'x')) : std::nullopt;
  };
  CHECK(state::author_of(endless).user.size() <= 210);
}

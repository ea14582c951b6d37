#include "state/store.hpp"

#include "base/random.hpp"
#include "state/failing_files.hpp"
#include "state/journal.hpp"
#include "state/open.hpp"
#include "state/realm.hpp"
#include "state/replay.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;

namespace {

std::string const path = "p/state.json";
std::string const journal = path + ".journal";
std::string const realm = "sandbox";

std::shared_ptr<state::Entry const> entry(std::string const& name) {
  return std::make_shared<state::Entry const>(
      state::Entry{.name = name, .contract = "1-A", .source = name + ".yaml", .api_schema = "v11"});
}

/// 0: it could not be written.
std::int64_t write(state::Store& store, state::Record record) {
  auto const written = store.write(std::move(record));
  return written ? *written : 0;
}

std::int64_t intend(state::Store& store, std::string const& name) {
  return write(store,
               {.phase = state::Phase::intent, .name = name, .at = "2026-11-23T10:00:00Z", .entry = entry(name)});
}

std::int64_t done(state::Store& store, std::int64_t intent, std::string const& name, std::int64_t id) {
  return write(store, {.phase = state::Phase::done, .intent = intent, .name = name, .enrollment = id});
}

/// What was promised to be on disk.
struct Promised {
  std::set<std::string> intents, entries;
};

/// A run of three creates, a refusal and two snapshots; stops at the first failure, like apply.
Promised run(Files& files) {
  Promised promised;
  auto opened = at_files::open(path, realm, "run", files);
  if (!opened) return promised;
  state::Store& store = **opened;
  for (int i = 1; i <= 3; ++i) {
    std::string const name = fmt::format("n{}", i);
    std::int64_t const intent = intend(store, name);
    if (intent == 0) return promised;
    promised.intents.insert(name);
    if (done(store, intent, name, 100 + i) == 0) return promised;
    promised.intents.erase(name);
    promised.entries.insert(name);
    if (i == 2 && !store.save()) return promised;
  }
  std::int64_t const refused = intend(store, "refused");
  if (refused == 0) return promised;
  if (write(store, {.phase = state::Phase::refused, .intent = refused, .name = "refused"}) == 0) {
    promised.intents.insert("refused");
    return promised;
  }
  if (intend(store, "doubt") == 0) return promised;
  promised.intents.insert("doubt");
  static_cast<void>(store.save());
  return promised;
}

}  // namespace

TEST_CASE("store: what was promised is there after a run that dies or fails at any call") {
  using At = failing::Disk::At;
  int runs = 0;
  for (At const how : {At::crash, At::error}) {
    for (int call = 1;; ++call) {
      CAPTURE(call);
      failing::Disk disk;
      disk.fail_at(call, how);
      Promised const promised = run(disk);
      if (!disk.reached()) break;
      ++runs;
      disk.fail_at(0, At::never);
      auto const contents = at_files::read(path, realm, disk);
      REQUIRE_MESSAGE(contents.has_value(), contents.error().message);
      for (std::string const& name : promised.entries) CHECK(contents->entries.contains(name));
      for (std::string const& name : promised.intents) {
        bool const open = std::ranges::any_of(contents->open_intents, [&](auto const& r) { return r.name == name; });
        // Its result may have reached the disk although nobody was told.
        CHECK((open || contents->entries.contains(name) || name == "refused"));
      }
      // The next run goes on from there.
      std::int64_t const seen = state::replay(path, realm, disk)->sequence;
      auto reopened = at_files::open(path, realm, "again", disk);
      REQUIRE(reopened.has_value());
      std::int64_t const next = intend(**reopened, "next");
      CHECK(next > seen);
      CHECK(done(**reopened, next, "next", 900) != 0);
      CHECK((*reopened)->save().has_value());
      auto const after = at_files::read(path, realm, disk);
      REQUIRE(after.has_value());
      CHECK(after->entries.contains("next"));
      for (std::string const& name : promised.entries) CHECK(after->entries.contains(name));
      CHECK(after->open_intents.size() == contents->open_intents.size());
    }
  }
  MESSAGE(runs << " runs died or failed at one of their calls");
  CHECK(runs > 20);
}

TEST_CASE(
    "store: a journal that is cut or flipped anywhere gives what is good, or an error, and loses nothing silently") {
  failing::Disk disk;
  run(disk);
  std::string const good = disk.bytes()[journal];
  auto const whole = at_files::read(path, realm, disk);
  REQUIRE(whole.has_value());
  std::size_t const head = good.find('\n') + 1;
  for (std::size_t size = head; size < good.size(); ++size) {
    disk.bytes()[journal] = good.substr(0, size);
    auto const contents = at_files::read(path, realm, disk);
    REQUIRE(contents.has_value());
    for (auto const& [name, entry] : whole->entries) CHECK(contents->entries.contains(name));
  }
  SeededRandom random(3);
  for (int i = 0; i < 2000; ++i) {
    std::string bad = good;
    bad[random.next() % bad.size()] = static_cast<char>(random.next());
    disk.bytes()[journal] = bad;
    auto const contents = at_files::read(path, realm, disk);
    if (!contents)
      CHECK(contents.error().next.find("state rebuild") != std::string::npos);
    else if (bad != good && contents->open_intents.size() < whole->open_intents.size())
      CHECK_FALSE(contents->notes.empty());
  }
}

TEST_CASE("store: with an entry goes what was to become of it, but no create in doubt of its name") {
  failing::Disk disk;
  disk.bytes()[journal] =
      state::journal_head({.realm = realm}) +
      state::journal_line(
          {.sequence = 1, .phase = state::Phase::stored, .name = "a", .enrollment = 7, .entry = entry("a")}) +
      state::journal_line({.sequence = 2, .step = state::WriteKind::update, .name = "a", .entry = entry("a")}) +
      state::journal_line({.sequence = 3, .step = state::WriteKind::create, .name = "a", .entry = entry("a")}) +
      state::journal_line({.sequence = 4, .step = state::WriteKind::update, .name = "b", .entry = entry("b")}) +
      state::journal_line({.sequence = 5, .phase = state::Phase::dropped, .name = "a"});
  auto const contents = at_files::read(path, realm, disk);
  REQUIRE(contents.has_value());
  CHECK(contents->entries.empty());
  REQUIRE(contents->open_intents.size() == 2);
  CHECK(contents->open_intents[0].sequence == 3);
  CHECK(contents->open_intents[1].sequence == 4);
}

TEST_CASE("store: a torn tail is cut off, and its bytes are kept") {
  failing::Disk disk;
  run(disk);
  std::string const good = disk.bytes()[journal];
  std::string const tail = "0123abcd {\"seq";
  disk.bytes()[journal] = good + tail;
  auto const contents = at_files::read(path, realm, disk);
  REQUIRE(contents.has_value());
  REQUIRE(contents->notes.size() == 1);
  CHECK(contents->notes[0].find("1 line at its end was not written completely and is left out; a run that writes keeps "
                                "the bytes in p/state.json.journal.torn") != std::string::npos);
  CHECK(disk.bytes()[journal] == good + tail);
  SUBCASE("on any way to the cut") {
    REQUIRE(at_files::open(path, realm, "run", disk).has_value());
    CHECK(disk.bytes()[journal] == good);
  }
  SUBCASE("not cut before they are kept") {
    disk.fail_at(2, failing::Disk::At::crash);
    CHECK_FALSE(at_files::open(path, realm, "run", disk).has_value());
  }
  CHECK(disk.bytes()[journal + ".torn"] == tail);
}

TEST_CASE("store: a journal that no crash leaves so is an error, and stays as it is") {
  failing::Disk disk;
  run(disk);
  std::string const good = disk.bytes()[journal];
  std::string const bad_line = "00000000 {}\n";
  for (std::string const& bad :
       {std::string("garbage\n"), std::string("garbage"), std::string(4096, '\0'), bad_line, good.substr(0, 10),
        bad_line + good, good + bad_line, good.substr(0, good.size() - 3) + "\n"}) {
    CAPTURE(bad);
    disk.bytes()[journal] = bad;
    auto const opened = at_files::open(path, realm, "run", disk);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == Errc::io);
    CHECK_FALSE(opened.error().next.empty());
    CHECK_FALSE(at_files::read(path, realm, disk).has_value());
    CHECK(disk.bytes()[journal] == bad);
    CHECK_FALSE(disk.bytes().contains(journal + ".torn"));
  }
}

TEST_CASE("store: a result that cannot be read does not close its intent, and is an error") {
  std::string const begun =
      state::journal_head({.realm = realm}) + state::journal_line({.sequence = 1, .name = "a", .entry = entry("a")});
  auto const nameless = std::make_shared<state::Entry const>();
  state::Record const cases[] = {
      {.sequence = 2, .phase = state::Phase::done, .intent = 1, .name = "a", .enrollment = 101, .entry = nameless},
      {.sequence = 2, .phase = state::Phase::done, .intent = 1, .name = "a"},  // no id
      {.sequence = 2, .phase = state::Phase::done, .intent = 99, .name = "a", .enrollment = 101},
      {.sequence = 2, .phase = state::Phase::stored, .name = "a", .enrollment = 101},
  };
  for (state::Record const& record : cases) {
    failing::Disk disk;
    disk.bytes()[journal] = begun + state::journal_line(record);
    auto const contents = at_files::read(path, realm, disk);
    REQUIRE_FALSE(contents.has_value());
    CHECK(contents.error().message ==
          "p/state.json.journal is damaged: line 3 tells of an enrollment, but its name or id cannot be read");
    CHECK(contents.error().next.starts_with("cp p/state.json.journal p/state.json.journal.broken && head -n 2 "));
  }
}

TEST_CASE("store: the snapshot and the journal know the open intents, each without the other") {
  failing::Disk disk;
  run(disk);
  auto const whole = at_files::read(path, realm, disk);
  REQUIRE(whole->open_intents.size() == 1);
  CHECK(whole->notes.empty());
  SUBCASE("no journal") {
    disk.bytes().erase(journal);
  }
  SUBCASE("an empty journal") {
    disk.bytes()[journal].clear();
  }
  SUBCASE("no snapshot") {
    disk.bytes().erase(path);
  }
  for (bool const again : {false, true}) {
    if (again) REQUIRE(at_files::open(path, realm, "run", disk).has_value());
    auto const contents = at_files::read(path, realm, disk);
    REQUIRE(contents.has_value());
    REQUIRE(contents->open_intents.size() == 1);
    CHECK(contents->open_intents[0].name == "doubt");
    CHECK(contents->open_intents[0].sequence == whole->open_intents[0].sequence);
  }
  auto store = at_files::open(path, realm, "run", disk).value();
  CHECK(done(*store, whole->open_intents[0].sequence, "doubt", 104) != 0);
  store.reset();
  auto const after = at_files::read(path, realm, disk);
  CHECK(after->open_intents.empty());  // what the journal closed stays closed
  CHECK(after->entries.at("doubt").id == 104);
}

TEST_CASE("store: a write in doubt keeps the run that wrote it, through snapshots and other runs") {
  failing::Disk disk;
  auto const runs_of = [&] {
    auto const contents = at_files::read(path, realm, disk).value();
    std::vector<std::string> runs;
    for (state::Record const& intent : contents.open_intents) runs.push_back(intent.run);
    return runs;
  };
  auto first = at_files::open(path, realm, "first", disk).value();
  CHECK(intend(*first, "a") != 0);
  CHECK(first->contents().open_intents.at(0).run == "first");
  CHECK(runs_of() == std::vector<std::string>{"first"});
  REQUIRE(first->save());
  CHECK(runs_of() == std::vector<std::string>{"first"});
  first.reset();
  auto second = at_files::open(path, realm, "second", disk).value();
  CHECK(intend(*second, "b") != 0);
  REQUIRE(second->save());
  second.reset();
  CHECK(runs_of() == std::vector<std::string>{"first", "second"});
  disk.bytes().erase(path);  // the journal alone knows it, too
  CHECK(runs_of() == std::vector<std::string>{"first", "second"});
}

TEST_CASE("store: an empty journal is reported") {
  failing::Disk disk;
  run(disk);
  disk.bytes()[journal].clear();
  CHECK(at_files::read(path, realm, disk)->notes ==
        std::vector<std::string>{"p/state.json.journal is empty: what a run wrote there last is lost. cpsctl state "
                                 "rebuild, with the PATHs of this run, finds what exists at CPS"});
}

TEST_CASE("store: a journal with another snapshot than its own loses nothing silently") {
  failing::Disk disk;
  struct Pair {
    std::string snapshot, journal;
  };
  auto const now = [&] { return Pair{disk.bytes()[path], disk.bytes()[journal]}; };
  auto store = at_files::open(path, realm, "run", disk).value();
  auto const add = [&](std::string const& name, std::int64_t id) { done(*store, intend(*store, name), name, id); };
  add("a", 101);
  std::int64_t const doubt = intend(*store, "doubt");
  REQUIRE(store->save());
  Pair const first = now();
  add("b", 102);
  Pair const grown = now();
  REQUIRE(store->save());
  Pair const second = now();
  add("c", 103);
  done(*store, doubt, "doubt", 104);
  Pair const last = now();
  store.reset();

  std::string const rebuild = "cpsctl state rebuild, with the PATHs of this run, finds what exists at CPS";
  struct Case {
    char const* title;
    std::string snapshot, journal;
    std::set<std::string> names;
    std::size_t open;
    std::vector<std::string> notes;
  };
  Case const cases[] = {
      {"its own", last.snapshot, last.journal, {"a", "b", "c", "doubt"}, 0, {}},
      {"its own, quiet", second.snapshot, second.journal, {"a", "b"}, 1, {}},
      {"the newer snapshot that a crash left", second.snapshot, grown.journal, {"a", "b"}, 1, {}},
      {"the previous snapshot",
       first.snapshot,
       last.journal,
       {"a", "c", "doubt"},
       0,
       {"p/state.json.journal follows serial 2 of p/state.json, but this is serial 1: what was recorded in between may "
        "be missing. " +
        rebuild}},
      {"no snapshot",
       "",
       last.journal,
       {"c", "doubt"},
       0,
       {"p/state.json.journal follows serial 2 of p/state.json, which is not there: what that held may be missing. " +
        rebuild}},
      {"a snapshot of another history",
       R"({"formatVersion":1,"realm":"sandbox","serial":9,"sequence":99,"enrollments":[{"name":"x","id":999}]})",
       grown.journal,
       {"x", "b"},
       1,
       {"p/state.json.journal belongs to another p/state.json than this one (serial 9): it tells of enrollments that "
        "are not in it, b (102); names that it lacks are taken from there. " +
        rebuild}},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      disk.bytes().erase(path);
      if (!c.snapshot.empty()) disk.bytes()[path] = c.snapshot;
      disk.bytes()[journal] = c.journal;
      auto const contents = at_files::read(path, realm, disk);
      REQUIRE(contents.has_value());
      std::set<std::string> names;
      for (auto const& [name, entry] : contents->entries) names.insert(name);
      CHECK(names == c.names);
      CHECK(contents->open_intents.size() == c.open);
      CHECK(contents->notes == c.notes);
      // The next run that saves ends it.
      std::int64_t const seen = state::replay(path, realm, disk)->sequence;
      auto next = at_files::open(path, realm, "run", disk).value();
      std::int64_t const sequence = intend(*next, "next");
      CHECK(sequence > seen);
      CHECK(done(*next, sequence, "next", 900) != 0);
      REQUIRE(next->save());
      auto const after = at_files::read(path, realm, disk);
      CHECK(after->notes.empty());
      CHECK(after->serial > contents->serial);
      CHECK(after->entries.size() == c.names.size() + 1);
      CHECK(after->open_intents.size() == c.open);
    }
  }
}

TEST_CASE("store: a plan that reads while a run saves sees a whole state") {
  struct Busy : failing::Disk {
    std::function<void()> before_second_read = {};
    int reads = 0;
    Result<std::string> read(std::filesystem::path const& file, std::size_t limit) override {
      if (++reads == 2 && before_second_read) before_second_read();
      return Disk::read(file, limit);
    }
  } disk;
  auto const store = at_files::open(path, realm, "run", disk).value();
  done(*store, intend(*store, "a"), "a", 101);
  REQUIRE(store->save());
  done(*store, intend(*store, "b"), "b", 102);
  disk.reads = 0;
  disk.before_second_read = [&] { REQUIRE(store->save()); };
  auto const contents = at_files::read(path, realm, disk);
  CHECK(disk.reads > 2);
  CHECK(contents->entries.size() == 2);
  CHECK(contents->notes.empty());
}

TEST_CASE("store: files of older versions, which name no serial and keep open intents in the journal alone") {
  failing::Disk disk;
  disk.bytes()[path] =
      R"({"formatVersion":1,"realm":"sandbox","serial":3,"sequence":5,"enrollments":[{"name":"a","id":101}]})";
  disk.bytes()[journal] = state::journal_head({.realm = realm}) +
                          state::journal_line({.sequence = 4, .name = "doubt", .entry = entry("doubt")});
  auto const contents = at_files::read(path, realm, disk);
  REQUIRE(contents.has_value());
  CHECK(contents->notes.empty());
  CHECK(contents->entries.size() == 1);
  CHECK(contents->open_intents.size() == 1);
}

TEST_CASE("store: a run that has nothing new writes nothing, so .bak stays the state before the last change") {
  failing::Disk disk;
  run(disk);
  auto const save = [&] {
    auto const store = at_files::open(path, realm, "run", disk).value();
    REQUIRE(store->save());
  };
  SUBCASE("nothing happened") {
    auto const before = disk.bytes();
    save();
    save();
    CHECK(disk.bytes() == before);
  }
  std::string const snapshot = disk.bytes()[path];
  SUBCASE("a record that was not saved") {
    REQUIRE(intend(*at_files::open(path, realm, "run", disk).value(), "new") != 0);
    save();
    CHECK(disk.bytes()[path] != snapshot);
    CHECK(disk.bytes()[path + ".bak"] == snapshot);
  }
  SUBCASE("a torn end") {
    disk.bytes()[journal] += "torn";
    save();
    CHECK(disk.bytes()[path] != snapshot);
  }
  SUBCASE("a journal of another snapshot") {
    disk.bytes()[journal] = state::journal_head({.realm = realm, .serial = 9});
    save();
    CHECK(at_files::read(path, realm, disk)->serial == 10);
  }
  SUBCASE("no snapshot") {
    disk.bytes().erase(path);
    save();
    CHECK(disk.bytes().contains(path));
  }
  auto const after = disk.bytes();
  save();
  CHECK(disk.bytes() == after);
}

TEST_CASE("store: once the journal was replaced and cannot be opened, nothing more is promised") {
  for (int call = 1; call <= 4; ++call) {
    CAPTURE(call);  // keep .bak, replace the snapshot, replace the journal, open it
    failing::Disk disk;
    run(disk);
    auto store = at_files::open(path, realm, "run", disk).value();
    CHECK(intend(*store, "a") != 0);
    disk.fail_at(call, failing::Disk::At::error);
    CHECK_FALSE(store->save().has_value());
    bool const promised = intend(*store, "b") != 0;
    CHECK(promised == (call <= 2));
    CHECK(store->save().has_value() == promised);
    store.reset();
    auto const contents = at_files::read(path, realm, disk);
    REQUIRE(contents.has_value());
    auto const holds = [&](std::string const& name) {
      return std::ranges::any_of(contents->open_intents, [&](auto const& one) { return one.name == name; });
    };
    CHECK(holds("a"));
    CHECK(holds("b") == promised);
  }
}

TEST_CASE("state file: what cannot be used is reported, with the next step") {
  struct Case {
    char const *title, *text, *says;
  };
  Case const cases[] = {
      {"no JSON", "rubbish", "p/state.json cannot be used"},
      {"empty", "", "p/state.json cannot be used"},
      {"another file", R"({"a":1})", "it is not a cpsctl state"},
      {"newer", R"({"formatVersion":99,"realm":"sandbox"})", "written by a newer cpsctl (format 99"},
      {"a member of the wrong type", R"({"formatVersion":1,"realm":7})", "wrong type"},
      {"another realm", R"({"formatVersion":1,"realm":"akab-x","enrollments":[]})",
       "belongs to akab-x, this run talks to sandbox"},
      {"one id twice",
       R"({"formatVersion":1,"realm":"sandbox","enrollments":[{"name":"a","id":1},{"name":"b","id":1}]})",
       "enrollment 1 appears in it twice"},
      {"one name twice",
       R"({"formatVersion":1,"realm":"sandbox","enrollments":[{"name":"a","id":1},{"name":"a","id":2}]})",
       "name appears in it twice"},
      {"no id", R"({"formatVersion":1,"realm":"sandbox","enrollments":[{"name":"a"}]})", "no usable name, id"},
      {"a name that a shell would take for commands",
       R"({"formatVersion":1,"realm":"sandbox","enrollments":[{"name":"a; touch x","id":1}]})", "no usable name, id"},
      {"a serial that nobody counted", R"({"formatVersion":1,"realm":"sandbox","serial":9223372036854775807})",
       "its serial or sequence was not counted"},
      {"a sequence that nobody counted", R"({"formatVersion":1,"realm":"sandbox","sequence":9007199254740992})",
       "its serial or sequence was not counted"},
      {"a sequence below zero", R"({"formatVersion":1,"realm":"sandbox","sequence":-1})",
       "its serial or sequence was not counted"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      failing::Disk disk;
      disk.bytes()[path] = c.text;
      auto const contents = at_files::read(path, realm, disk);
      REQUIRE_FALSE(contents.has_value());
      CHECK(contents.error().code == Errc::io);
      INFO(contents.error().message);
      CHECK(contents.error().message.find(c.says) != std::string::npos);
      CHECK_FALSE(contents.error().next.empty());
      CHECK_FALSE(at_files::open(path, realm, "run", disk).has_value());
      CHECK(disk.bytes()[path] == c.text);
    }
  }
  failing::Disk disk;
  disk.bytes()[path] =
      R"({"formatVersion":1,"realm":"sandbox","unknown":{},"enrollments":[{"name":"a","id":1,"later":true}]})";
  CHECK(at_files::read(path, realm, disk)->entries.contains("a"));
}

TEST_CASE("store: what is queued while a flush is under way shares the next one") {
  failing::Disk disk;
  disk.hold();
  auto store = at_files::open(path, realm, "run", disk).value();
  constexpr int count = 2000;
  std::mutex mutex;
  std::condition_variable changed;
  int written = 0;
  for (int i = 0; i < count; ++i)
    store->journal({.phase = state::Phase::intent, .name = fmt::format("n{}", i), .entry = entry("n")},
                   [&](Result<state::Record> const& outcome) {
                     std::scoped_lock const lock(mutex);
                     if (outcome) ++written;
                     changed.notify_all();
                   });
  disk.let_go();
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return written == count; });
  CHECK(disk.syncs() <= 2);
  CHECK(at_files::read(path, realm, disk)->open_intents.size() == count);
}

TEST_CASE("store: several records at once are kept in their order, and in the contents") {
  failing::Disk disk;
  auto store = at_files::open(path, realm, "run", disk).value();
  CHECK(store->write_all({}).value() == 0);
  std::int64_t const before = intend(*store, "a");
  std::vector<state::Record> records;
  for (int i = 0; i < 50; ++i) records.push_back({.name = fmt::format("n{}", i), .entry = entry("n")});
  records.push_back({.phase = state::Phase::done, .intent = before, .name = "a", .enrollment = 7});
  CHECK(store->write_all(std::move(records)).value() == before + 51);
  CHECK(store->contents().open_intents.size() == 50);
  CHECK(store->contents().open_intents[49].name == "n49");
  CHECK(store->contents().entries.at("a").id == 7);
  CHECK(at_files::read(path, realm, disk)->entries.contains("a"));
  disk.fail_at(1, failing::Disk::At::error);
  CHECK(
      store->write_all({{.name = "late", .entry = entry("n")}, {.name = "later", .entry = entry("n")}}).error().code ==
      Errc::io);
  CHECK(store->contents().open_intents.size() == 50);
}

TEST_CASE("store: a record's number is the store's answer, in the order of the journal, whatever its owner says") {
  failing::Disk disk;
  auto store = at_files::open(path, realm, "run", disk).value();
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<state::Record> kept;
  for (int i = 0; i < 10; ++i)
    store->journal({.sequence = 99, .name = fmt::format("n{}", i), .run = "another", .entry = entry("n")},
                   [&](Result<state::Record> const& outcome) {
                     std::scoped_lock const lock(mutex);
                     kept.push_back(*outcome);
                     changed.notify_all();
                   });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return kept.size() == 10; });
  for (std::size_t i = 0; i < kept.size(); ++i) {
    CHECK(kept[i].sequence == static_cast<std::int64_t>(i) + 1);
    CHECK(kept[i].name == fmt::format("n{}", i));
    CHECK(kept[i].run == "run");
    store->accept(kept[i]);
  }
  auto const contents = at_files::read(path, realm, disk).value();
  REQUIRE(contents.open_intents.size() == 10);
  CHECK(contents.open_intents.back().sequence == 10);
  CHECK(store->contents().open_intents.back().run == "run");
}

TEST_CASE("store: after a failed flush nothing more is promised") {
  failing::Disk disk;
  auto store = at_files::open(path, realm, "run", disk).value();
  disk.fail_at(2, failing::Disk::At::error);
  CHECK(intend(*store, "a") == 0);
  CHECK(intend(*store, "b") == 0);
  CHECK_FALSE(store->save().has_value());
}

TEST_CASE("store: nothing is written once the lock is another run's, and nothing is promised after that") {
  struct Taken final : state::Lock {
    std::atomic<bool> away = false;
    Result<> held() override {
      if (!away) return {};
      return Error{.code = Errc::locked, .message = "taken away by ana@elsewhere"};
    }
  } lock;
  failing::Disk disk;
  auto store = state::open_files(path, {.realm = realm, .run = "run"}, disk, lock).value();
  std::int64_t const before = intend(*store, "a");
  REQUIRE(before != 0);
  lock.away = true;
  auto const files = disk.bytes();
  SUBCASE("not by a record") {
    auto const written = store->write({.phase = state::Phase::intent, .name = "b", .entry = entry("b")});
    REQUIRE_FALSE(written.has_value());
    CHECK(written.error().code == Errc::locked);
    CHECK(written.error().message == "taken away by ana@elsewhere");
    CHECK(store->contents().open_intents.size() == 1);
  }
  SUBCASE("not by a snapshot") {
    CHECK(store->save().error().code == Errc::locked);
  }
  SUBCASE("not by who opens it") {
    CHECK(state::open_files(path, {.realm = realm, .run = "late"}, disk, lock).error().code == Errc::locked);
    CHECK_FALSE(store->save().has_value());
  }
  CHECK(disk.bytes() == files);
  lock.away = false;  // whatever came in between, its records are not known here
  CHECK(intend(*store, "c") == 0);
  CHECK_FALSE(store->save().has_value());
  CHECK(disk.bytes() == files);
}

TEST_CASE("store: what a write came to is its intent's entry with the id and the changes, also behind a snapshot") {
  failing::Disk disk;
  auto store = at_files::open(path, realm, "run", disk).value();
  auto const agrees = [&](auto const& check) {
    check(store->contents().entries.at("a"));
    check(at_files::read(path, realm, disk)->entries.at("a"));
  };
  auto const created = intend(*store, "a");
  REQUIRE(store->save().has_value());
  write(*store, {.phase = state::Phase::done, .intent = created, .name = "a", .enrollment = 7, .changes = {8}});
  agrees([](state::Entry const& one) {
    CHECK(one.id == 7);
    CHECK(one.source == "a.yaml");
    CHECK(one.changes == std::vector<std::int64_t>{8});
    CHECK(one.removal.empty());
  });
  auto const known = std::make_shared<state::Entry const>(store->contents().entries.at("a"));
  auto const step = state::WriteKind::delete_;
  auto const removed = write(*store, {.phase = state::Phase::intent, .step = step, .name = "a", .entry = known});
  write(*store,
        {.phase = state::Phase::done, .intent = removed, .step = step, .name = "a", .enrollment = 7, .changes = {9}});
  agrees([](state::Entry const& one) {
    CHECK(one.changes == std::vector<std::int64_t>{8});
    CHECK(one.removal == std::vector<std::int64_t>{9});
  });
  CHECK(store->contents().open_intents.empty());
}

TEST_CASE("store: a state belongs to Akamai or to a sandbox, whatever the credential's host is") {
  struct Case {
    char const* host;
    char const* realm;
  };
  for (Case const& one :
       {Case{"akab-x.luna.akamaiapis.net", "akamai"}, Case{"AKAB-Y.luna.AkamaiAPIs.net", "akamai"},
        Case{"akamai", "akamai"}, Case{"sandbox", "sandbox"}, Case{"localhost", "sandbox"},
        Case{"127.0.0.2", "sandbox"}, Case{"::1", "sandbox"}, Case{"127.evil.example", "127.evil.example"},
        Case{"::2", "::2"}, Case{"akamaiapis.net.evil.example", "akamaiapis.net.evil.example"}}) {
    CAPTURE(one.host);
    CHECK(state::realm_of(one.host) == one.realm);
  }
}

TEST_CASE("store: a state that recorded the host of an API client serves the next one, and says which was last") {
  failing::Disk disk;
  std::string const old = "akab-old.luna.akamaiapis.net";
  {
    auto store = at_files::open(path, old, "run", disk).value();
    REQUIRE(done(*store, intend(*store, "www"), "www", 1) != 0);
    REQUIRE(store->save().has_value());
    REQUIRE(intend(*store, "api") != 0);  // in the journal alone
  }
  CHECK(at_files::read(path, "akamai", disk).value().host == old);
  CHECK(at_files::read(path, "sandbox", disk).error().message.find("belongs to akamai") != std::string::npos);
  auto store = at_files::open(path, "akamai", "run", disk, "akab-new.luna.akamaiapis.net").value();
  CHECK(store->contents().entries.contains("www"));
  CHECK(store->contents().open_intents.size() == 1);
  REQUIRE(store->save().has_value());
  CHECK(at_files::read(path, "akamai", disk).value().host == "akab-new.luna.akamaiapis.net");
  CHECK(at_files::read(path, "", disk).value().realm == "akamai");
}

TEST_CASE("store: an entry counts as written when CPS answered, not when its write was prepared") {
  failing::Disk disk;
  {
    auto store = at_files::open(path, realm, "run", disk).value();
    state::Entry prepared = *entry("www");
    prepared.written = "2026-11-23T10:00:00Z";
    auto const intent = write(*store, {.phase = state::Phase::intent,
                                       .step = state::WriteKind::update,
                                       .name = "www",
                                       .entry = std::make_shared<state::Entry const>(prepared)});
    write(
        *store,
        {.phase = state::Phase::done, .intent = intent, .name = "www", .at = "2026-11-23T10:04:00Z", .enrollment = 1});
    CHECK(store->contents().entries.at("www").written == "2026-11-23T10:04:00Z");
  }
  CHECK(at_files::read(path, realm, disk)->entries.at("www").written == "2026-11-23T10:04:00Z");
}

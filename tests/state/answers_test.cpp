// What the state remembers of pending changes and of their answers, through journal and snapshot.
#include "base/fields.hpp"
#include "state/failing_files.hpp"
#include "state/journal.hpp"
#include "state/open.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;

namespace {

std::string const path = "p/state.json";

/// An entry with a change of its own, in a state on a disk in memory.
struct Kept {
  failing::Disk disk;
  std::unique_ptr<state::Store> store;

  Kept() {
    reopen();
    put({.phase = state::Phase::stored,
         .name = "www",
         .entry = std::make_shared<state::Entry const>(
             state::Entry{.name = "www", .contract = "1-A", .id = 7, .written = "then", .changes = {8}})});
  }
  std::int64_t put(state::Record record) { return store->write(std::move(record)).value(); }
  void reopen() {
    store.reset();
    store = at_files::open(path, "sandbox", "run", disk).value();
  }
  std::int64_t answer(std::int64_t change = 8, std::string const& name = "www") {
    return put({.phase = state::Phase::intent,
                .step = state::WriteKind::answer,
                .name = name,
                .digest = "sha256:d",
                .pending_changes = {change},
                .input = "pre-ack",
                .said = "acknowledges 1 warning"});
  }
  void end(std::int64_t intent, state::Phase phase) {
    put({.phase = phase, .intent = intent, .step = state::WriteKind::answer, .name = "www", .reason = "no"});
  }
  void watched(std::vector<state::Watch> watches, std::string const& name = "www") {
    put({.phase = state::Phase::watched, .name = name, .watches = std::move(watches)});
  }
  /// "8:running answered pre-ack 2; 1 open": the same from the journal, and from the snapshot after it.
  std::string told() {
    std::string const now = of(store->contents());
    CHECK(of(at_files::read(path, "sandbox", disk).value()) == now);
    REQUIRE(store->save());
    CHECK(of(at_files::read(path, "sandbox", disk).value()) == now);
    reopen();
    CHECK(of(store->contents()) == now);
    return now;
  }

 private:
  static std::string of(state::Contents const& contents) {
    std::string text;
    for (auto const& [name, entry] : contents.entries)
      for (state::Watch const& watch : entry.watches)
        text += fmt::format("{}:{} answered {} {}; ", watch.change, watch.state, watch.answered, watch.looks);
    return text + fmt::format("{} open", contents.open_intents.size());
  }
};

}  // namespace

TEST_CASE("answers: one that was taken is remembered with its change, one that was refused is not") {
  Kept kept;
  std::int64_t const intent = kept.answer();
  CHECK(kept.told() == "1 open");
  SUBCASE("taken") {
    kept.end(intent, state::Phase::done);
    CHECK(kept.told() == "8: answered pre-ack 0; 0 open");
    state::Watch const watch = kept.store->contents().entries.at("www").watches.at(0);
    CHECK(watch.digest == "sha256:d");
  }
  SUBCASE("refused") {
    kept.end(intent, state::Phase::refused);
    CHECK(kept.told() == "0 open");
  }
  SUBCASE("lost") {
    kept.put({.phase = state::Phase::lost,
              .intent = intent,
              .step = state::WriteKind::answer,
              .name = "www",
              .lost = "closed"});
    CHECK(kept.told() == "1 open");
    CHECK(kept.store->contents().open_intents.at(0).input == "pre-ack");
    kept.end(intent, state::Phase::done);
    CHECK(kept.told() == "8: answered pre-ack 0; 0 open");
  }
  state::Entry const entry = kept.store->contents().entries.at("www");
  CHECK(entry.written == "then");  // no answer writes the enrollment
  CHECK(entry.changes == std::vector<std::int64_t>{8});
}

TEST_CASE("answers: a second one to the same change takes the place of the first") {
  Kept kept;
  kept.watched({{.change = 8, .state = "awaiting-input", .answered = "post-ack", .digest = "sha256:c", .looks = 3},
                {.change = 9, .state = "running"}});
  kept.end(kept.answer(), state::Phase::done);
  CHECK(kept.told() == "8:awaiting-input answered pre-ack 0; 9:running answered  0; 0 open");
}

TEST_CASE("answers: what is seen takes the place of what was, and of nothing else") {
  Kept kept;
  kept.watched({{.change = 8, .state = "running"}});
  kept.watched({{.change = 8, .state = "awaiting-input", .looks = 2}, {.change = 9}});
  CHECK(kept.told() == "8:awaiting-input answered  2; 9: answered  0; 0 open");
  kept.watched({{.change = 1}}, "nobody");
  kept.watched({});
  CHECK(kept.told() == "0 open");
}

TEST_CASE("answers: what is not in the state is not answered, and what leaves it takes its doubts along") {
  Kept kept;
  kept.end(kept.answer(8, "nobody"), state::Phase::done);
  kept.end(4711, state::Phase::done);
  CHECK(kept.told() == "0 open");
  kept.answer();
  kept.put({.phase = state::Phase::dropped, .name = "www"});
  CHECK(kept.told() == "0 open");
}

TEST_CASE("answers: the history says what was answered, and nothing of looks") {
  Kept kept;
  kept.watched({{.change = 8, .state = "running"}});
  kept.end(kept.answer(), state::Phase::done);
  kept.end(kept.answer(), state::Phase::refused);
  std::vector<std::string> told;
  for (state::Event const& event : kept.store->contents().history)
    told.push_back(fmt::format("{} {} {}: {}", fields::word(event.what), event.name, event.enrollment, event.reason));
  CHECK(told ==
        std::vector<std::string>{"adopted www 7: ", "answered www 7: acknowledges 1 warning", "refused www 7: no"});
  CHECK(kept.store->contents().history.at(1).changes == std::vector<std::int64_t>{8});
  CHECK(kept.store->contents().history.at(2).step == state::WriteKind::answer);
}

TEST_CASE("answers: where there is nothing to say of them, the files are as before") {
  Kept kept;
  REQUIRE(kept.store->save());
  std::string const plain = kept.disk.bytes()[path];
  for (char const* const member : {"\"watches\"", "\"removedNames\"", "\"said\"", "\"input\"", "\"deploy\""})
    CHECK(plain.find(member) == std::string::npos);
}

// What is remembered of pending changes, and what became of answers whose reply was lost.
#include "plan/pending.hpp"

using namespace plan_test;

namespace {

/// As it was seen an hour before noon.
state::Watch before(lifecycle::Sight const& sight) {
  state::Watch watch{.change = pending_change, .state = sight.change->state_text, .since = "2026-11-23T11:00:00Z"};
  if (!sight.change->inputs.empty()) watch.input = sight.change->inputs.front().update;
  return watch;
}

state::Watch answered(lifecycle::Sight const& sight, std::int64_t looks = 0) {
  state::Watch watch = before(sight);
  watch.answered = watch.input;
  watch.digest = digest_of(sight);
  watch.looks = looks;
  return watch;
}

lifecycle::Sight unread(lifecycle::Sight sight) {
  sight.info = lifecycle::NotRead();
  return sight;
}

/// "3 done: pre-ack" of records.
std::string told(std::vector<state::Record> const& news) {
  std::string text;
  for (state::Record const& one : news) {
    text += fmt::format("{} {} {}", one.name, fields::word(one.phase), one.intent);
    for (state::Watch const& watch : one.watches) text += fmt::format(" {}:{}", watch.change, watch.state);
    text += '\n';
  }
  return text;
}

}  // namespace

TEST_CASE("watch: since when a change is as it is moves with its state and its input alone") {
  struct Case {
    char const* title;
    std::optional<state::Watch> before;
    lifecycle::Sight now;
    bool moved;
  };
  lifecycle::Sight other_status = working();
  other_status.change->status = "still-at-work";
  lifecycle::Sight other_input = warned();
  other_input.change->inputs.front().update = "post-ack";
  state::Watch nameless = before(working());
  nameless.since.clear();
  Case const cases[] = {{"new", std::nullopt, working(), true},
                        {"the same", before(working()), working(), false},
                        {"another status", before(working()), other_status, false},
                        {"another state", before(working()), warned(), true},
                        {"another input", before(warned()), other_input, true},
                        {"another text of the same input", before(warned()), warned("Unsorted trust chain"), false},
                        {"an older version did not say", nameless, working(), true}};
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      auto const watch = plan::watched(c.now, c.before ? &*c.before : nullptr, {}, noon + 1h).watch;
      CHECK(watch.change == pending_change);
      CHECK(watch.state == c.now.change->state_text);
      CHECK(watch.since == (c.moved ? "2026-11-23T12:00:00Z" : "2026-11-23T11:00:00Z"));  // by CPS's clock
    }
  }
}

TEST_CASE("watch: when a change was first seen on staging is kept whatever comes after") {
  auto watch = plan::watched(staged(), nullptr, {}, noon).watch;
  CHECK(watch.staging_since == "2026-11-23T12:00:00Z");
  lifecycle::Sight later = staged("sha256:f2");
  later.change->answered = noon + 1h;
  watch = plan::watched(later, &watch, {}, noon).watch;
  watch = plan::watched(working(), &watch, {}, noon).watch;
  CHECK(watch.staging_since == "2026-11-23T12:00:00Z");
  CHECK(plan::watched(warned(), nullptr, {}, noon).watch.staging_since.empty());
}

TEST_CASE("watch: an answer is remembered for as long as CPS shows what it answered, and looks are counted") {
  struct Case {
    char const* title;
    lifecycle::Sight now;
    std::int64_t looks;  ///< -1: it is forgotten
  };
  Case const cases[] = {{"still shown", warned(), 3},
                        {"shown with another text", warned("Unsorted trust chain"), -1},
                        {"CPS works on it", working(), -1},
                        {"another input", staged(), -1},
                        {"not read", unread(warned()), 2}};
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      auto const given = answered(warned(), 2);
      auto const watch = plan::watched(c.now, &given, {}, noon).watch;
      CHECK(watch.answered == (c.looks < 0 ? "" : "pre-ack"));
      CHECK(watch.digest.empty() == (c.looks < 0));
      CHECK(watch.looks == std::max<std::int64_t>(c.looks, 0));
    }
  }
}

TEST_CASE("watch: an answer whose reply was lost is done where CPS asks no more, and not done where it asks for long") {
  enum class Fate { done, not_done, doubt };
  lifecycle::Sight gone = warned();
  gone.info = lifecycle::Gone();
  struct Case {
    char const* title;
    lifecycle::Sight now;
    Duration after;  ///< the end of the attempt
    Fate fate;
  };
  Case const cases[] = {{"CPS works on it", working(), 0s, Fate::done},
                        {"it asks for something else", staged(), 0s, Fate::done},
                        {"it asks with another text", warned("Unsorted trust chain"), 0s, Fate::done},
                        {"the input has just gone", gone, 0s, Fate::done},
                        {"the change has ended", ended(), 0s, Fate::done},
                        {"it asks, while the attempt may go on", warned(), -1s, Fate::doubt},
                        {"it asks, a moment after", warned(), 59s, Fate::doubt},
                        {"it asks, long after", warned(), 60s, Fate::not_done},
                        {"what it asks was not read", unread(warned()), 1h, Fate::doubt}};
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      state::Record const intent = unanswered_answer(warned());
      auto const seen = plan::watched(c.now, nullptr, {&intent}, noon + c.after);
      CHECK(seen.in_doubt == (c.fate == Fate::doubt));
      CHECK(seen.done == (c.fate == Fate::done ? std::vector<std::int64_t>{9} : std::vector<std::int64_t>()));
      CHECK(seen.not_done == (c.fate == Fate::not_done ? std::vector<std::int64_t>{9} : std::vector<std::int64_t>()));
    }
  }
}

TEST_CASE("watch: an answer without an end is over, and other writes and other changes are none of it") {
  state::Record endless = unanswered_answer(warned());
  endless.ends_by.clear();
  CHECK(plan::watched(warned(), nullptr, {&endless}, noon).not_done == std::vector<std::int64_t>{9});
  state::Record other = unanswered_answer(warned());
  other.pending_changes = {11};
  state::Record cancel = unanswered_answer(warned());
  cancel.step = state::WriteKind::cancel;
  state::Record nameless = unanswered_answer(warned());
  nameless.pending_changes.clear();
  auto const seen = plan::watched(warned(), nullptr, {&other, &cancel, &nameless}, noon + 1h);
  CHECK_FALSE(seen.in_doubt);
  CHECK(seen.done.empty());
  CHECK(seen.not_done.empty());
}

TEST_CASE("watch: what decides knows what was given, and waits where an answer is in doubt") {
  lifecycle::Sight const sight = warned();
  auto given = answered(sight, 1000);
  auto seen = plan::seen_of(sight, plan::watched(sight, &given, {}, noon), noon);
  REQUIRE(seen.given);
  CHECK(seen.given->update == "pre-ack");
  CHECK(seen.given->looks == 99);
  CHECK(seen.since == parse_timestamp("2026-11-23T11:00:00Z").value());
  state::Record const intent = unanswered_answer(sight);
  seen = plan::seen_of(sight, plan::watched(sight, nullptr, {&intent}, noon), noon);
  REQUIRE(seen.given);
  CHECK(seen.given->looks == 0);
  CHECK(lifecycle::was_given(seen, sight.change->inputs.front(), std::get<cps::InputInfo>(sight.info)));
  CHECK_FALSE(plan::seen_of(sight, plan::watched(sight, nullptr, {&intent}, noon + 1h), noon).given);
}

TEST_CASE("watch: a run records each look, and nothing of what it did not read") {
  World world = sees(warned());
  CHECK(told(plan::news_of(world.inputs, {})) == "www watched 0 10:awaiting-input\n");
  world.inputs.entries.at("www").watches = {before(warned())};
  SUBCASE("one that was not read is as it was") {
    world.inputs.sights.at(pending_change).recalled = lifecycle::Recalled{.read = noon - 1h, .turn = noon + 1h};
    CHECK(told(plan::news_of(world.inputs, {})).empty());
  }
  SUBCASE("an answer is settled before the look is noted") {
    world.inputs.sights.at(pending_change) = working();
    world.inputs.open_intents = {unanswered_answer(warned())};
    CHECK(told(plan::news_of(world.inputs, {})) == "www done 9\nwww watched 0 10:running\n");
  }
  SUBCASE("one that CPS has not taken is refused") {
    world.inputs.open_intents = {unanswered_answer(warned())};
    world.inputs.now = noon + 1h;
    CHECK(told(plan::news_of(world.inputs, {})) == "www refused 9\nwww watched 0 10:awaiting-input\n");
  }
  SUBCASE("one in doubt says nothing of its fate") {
    world.inputs.open_intents = {unanswered_answer(warned())};
    CHECK(told(plan::news_of(world.inputs, {})) == "www watched 0 10:awaiting-input\n");
  }
  SUBCASE("what ended while it was looked at") {
    world.inputs.sights.at(pending_change) = ended();
    CHECK(told(plan::news_of(world.inputs, {})) == "www watched 0\n");
  }
  SUBCASE("what nobody in the state has") {
    world.inputs.entries.clear();
    CHECK(told(plan::news_of(world.inputs, {})).empty());
  }
}

TEST_CASE("watch: a change that CPS does not list any more is forgotten, and its answer is in doubt no more") {
  World world = sees(warned());
  world.inputs.sights.clear();
  world.inputs.entries.at("www").watches = {before(warned())};
  world.inputs.open_intents = {unanswered_answer(warned())};
  cps::Live& listed = world.inputs.listings.at(scope).enrollments.front();
  SUBCASE("it is listed, and was not looked at") {
    CHECK(told(plan::news_of(world.inputs, {})).empty());
  }
  SUBCASE("it is listed no more") {
    listed.pending.clear();
    CHECK(told(plan::news_of(world.inputs, {})) == "www done 9\nwww watched 0\n");
  }
  SUBCASE("the list lags, and a look of its own shows it") {
    world.inputs.lookups[1] = listed;
    listed.pending.clear();
    CHECK(told(plan::news_of(world.inputs, {})).empty());
  }
  SUBCASE("the contract was not listed") {
    world.inputs.listings.clear();
    CHECK(told(plan::news_of(world.inputs, {})).empty());
  }
  SUBCASE("the enrollment is gone: that is another story") {
    world.inputs.listings.at(scope).enrollments.clear();
    world.gone(1);
    CHECK(told(plan::news_of(world.inputs, {})).empty());
  }
}

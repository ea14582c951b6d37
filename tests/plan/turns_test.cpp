// Whose turn it is to be read, and what a plan makes of a change that was not.
#include "plan/turns.hpp"

#include "lifecycle/memory.hpp"
#include "plan/document.hpp"
#include "plan/pending.hpp"

#include <functional>

using namespace plan_test;

namespace {

/// What the state keeps of a look an hour before noon; its turn comes an hour after it.
state::Watch kept(lifecycle::Sight const& sight) {
  state::Watch watch = plan::watched(sight, nullptr, {}, noon).watch;
  watch.read = timestamp(noon - 1h);
  watch.turn = timestamp(noon + 1h);
  return watch;
}

/// The state knows www's change so, and it was not read.
World remembers(lifecycle::Sight const& sight, manifest::Lifecycle lifecycle = {}) {
  World world = sees(sight, std::move(lifecycle));
  world.inputs.listings[scope].answered = noon;
  world.inputs.sights.clear();
  world.inputs.entries.at("www").watches = {kept(sight)};
  return world;
}

std::optional<lifecycle::Sight> recalled(World const& world) {
  return plan::recall(world.inputs, "www", world.inputs.listings.at(scope).enrollments.front().pending.front());
}

/// "www advance: reason" and all that is printed and saved of the plan, but what is only observed.
std::string shown(World const& world) {
  auto const made = plan::view(plan::make_plan(world.inputs).value());
  std::string text = plan::digest(made);
  for (plan::ItemView item : made.items) {
    item.observed = {};
    text += "\n" + fields::to_text(item);
  }
  return text;
}

}  // namespace

TEST_CASE("turns: what was seen last stands in for a look, and a plan with it is the same as with one") {
  lifecycle::Sight stuck = working("error", cps::ChangeState::error);
  stuck.change->error = cps::ChangeError{.code = "42", .description = "the CA says no"};
  lifecycle::Sight gone = warned();
  gone.info = lifecycle::Gone();
  lifecycle::Sight unknown = warned();
  unknown.change->inputs.front().kind.reset();
  unknown.info = lifecycle::NotRead();
  lifecycle::Sight dated = working();
  dated.change->schedule.not_before = "2027-01-01T00:00:00Z";
  lifecycle::Sight const validation =
      asking(cps::InputKind::domain_validation, "lets-encrypt-challenges-completed",
             cps::Challenges{.dv = {{.domain = "www.example.com", .challenges = {{.type = "dns-01", .token = "t"}}}}});
  struct Case {
    char const* title;
    lifecycle::Sight sight;
    manifest::Lifecycle lifecycle;
  };
  Case const cases[] = {{"CPS is at work", working(), {}},
                        {"warnings", warned(), {}},
                        {"warnings that the policy answers", warned(), allowing()},
                        {"CSRs", wants_certificate(), {}},
                        {"staging", staged(), {}},
                        {"challenges", validation, {}},
                        {"an error", stuck, {}},
                        {"an input that has just gone", gone, {}},
                        {"an input of a kind that nobody knows", unknown, {}},
                        {"a state that nobody knows", working("new-state-2031", cps::ChangeState::running), {}},
                        {"dates", dated, {}}};
  for (Case const& c : cases) {
    CAPTURE(c.title);
    World world = remembers(c.sight, c.lifecycle);
    auto const sight = recalled(world);
    REQUIRE(sight);
    CHECK(sight->recalled->turn == noon + 1h);
    world.inputs.sights.emplace(pending_change, *sight);
    World looked = world;
    looked.inputs.sights.at(pending_change) = c.sight;
    // As it was first seen then, also by who looks again now.
    CHECK(shown(world) == shown(looked));
  }
}

TEST_CASE("turns: read whatever is remembered") {
  struct Case {
    char const* title;
    std::function<void(World&)> but;
  };
  Case const cases[] = {
      {"its turn has come", [](World& w) { w.inputs.listings[scope].answered = noon + 1h; }},
      {"nobody has seen it", [](World& w) { w.inputs.entries.at("www").watches.clear(); }},
      {"an older version did not keep it", [](World& w) { w.inputs.entries.at("www").watches.front().seen.reset(); }},
      {"it was answered since", [](World& w) { w.inputs.entries.at("www").watches.front().turn.clear(); }},
      {"a write is in doubt", [](World& w) { w.inputs.open_intents = {unanswered_answer(warned())}; }},
      {"a person names it", [](World& w) { w.inputs.selection.names = {"www"}; }},
      {"the state is of a later time", [](World& w) { w.inputs.listings[scope].answered = noon - 2h; }},
      {"a turn beyond all bounds",
       [](World& w) {
         w.inputs.entries.at("www").watches.front().turn = "2099-01-01T00:00:00Z";
         w.inputs.listings[scope].answered = noon + 23h;
       }},
      {"what is remembered cannot be read", [](World& w) {
         w.inputs.entries.at("www").watches.front().seen = json::share(json::parse("{\"state\":7}", "x").value());
       }}};
  REQUIRE(recalled(remembers(warned())));
  for (Case const& c : cases) {
    CAPTURE(c.title);
    World world = remembers(warned());
    c.but(world);
    CHECK_FALSE(recalled(world));
  }
}

TEST_CASE("turns: a change that a write is about is read") {
  auto const about = [](World world) {
    world.inputs.sights.emplace(pending_change, recalled(world).value());
    return plan::written_about(plan::make_plan(world.inputs).value());
  };
  CHECK(about(remembers(warned(), allowing())) == std::set<std::int64_t>{pending_change});
  CHECK(about(remembers(warned())).empty());
  World dated = remembers(working());
  dated.inputs.desired.front().deploy.not_before = parse_day("2040-01-02").value();
  CHECK(about(dated) == std::set<std::int64_t>{pending_change});
}

TEST_CASE("turns: the next one, by CPS's clock; none of what was not read") {
  World world = sees(working());
  auto const turns = [&] { return plan::next_turns(world.inputs, plan::make_plan(world.inputs).value().looks); };
  CHECK(turns() == plan::Turns{{pending_change, timestamp(noon + 30s)}});
  world.inputs.budget = lifecycle::Budget{.requests = 4, .per = 10min};  // one request for polls in it
  CHECK(turns() == plan::Turns{{pending_change, timestamp(noon + 20min)}});
  world.inputs.sights.at(pending_change).recalled = lifecycle::Recalled{.read = noon, .turn = noon + 1h};
  CHECK(turns().empty());
}

TEST_CASE("turns: the plan document says what was not read for it, and the digest does not hang on that") {
  World world = remembers(warned());
  world.inputs.sights.emplace(pending_change, recalled(world).value());
  auto const view = planned(world);
  auto const item = std::ranges::find(view.items, plan::Action::advance, &plan::ItemView::action);
  REQUIRE(item != view.items.end());
  REQUIRE(item->observed.pending.size() == 1);
  CHECK(item->observed.pending.front().read == timestamp(noon - 1h));
  CHECK(item->observed.pending.front().turn == timestamp(noon + 1h));
}

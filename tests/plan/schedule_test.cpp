// The dates of a deployment: sent to our own change while it is on its way, recorded otherwise, and what allowExpiry is
// about.
#include "plan/schedule.hpp"

#include "plan/pending.hpp"

using namespace plan_test;

namespace {

manifest::DeployWindow window(char const* first, char const* last = "") {
  manifest::DeployWindow deploy;
  if (*first != '\0') deploy.not_before = parse_day(first).value();
  if (*last != '\0') deploy.not_after = parse_day(last).value();
  return deploy;
}

/// www wants these dates for its change, which has those; the state knows of `applied`.
World dated(manifest::DeployWindow const& wanted, state::DeployDays applied, cps::Schedule now,
            lifecycle::Sight sight = working()) {
  if (sight.change) sight.change->schedule = std::move(now);
  World world = sees(sight);
  world.inputs.desired.front().deploy = wanted;
  world.inputs.entries.at("www").deploy = std::move(applied);
  return world;
}

cps::Schedule shows_day(std::string const& day) {
  return {.not_before = day + "T00:00:00Z"};
}

/// Dates that were sent, of which nobody knows whether CPS has them.
state::Record unanswered_dates(char const* first, WallTime ends) {
  state::Entry sent = entry("www", 1);
  sent.changes = {pending_change};
  sent.deploy = {.not_before = first};
  return {.sequence = 9,
          .phase = state::Phase::intent,
          .step = state::WriteKind::schedule,
          .name = "www",
          .at = timestamp(ends - 60s),
          .ends_by = timestamp(ends),
          .known_ids = {1},
          .pending_changes = {pending_change},
          .entry = std::make_shared<state::Entry const>(sent)};
}

std::string steps(World const& world) {
  std::string text;
  for (plan::Item const& item : made(world).items)
    for (std::string const& step : plan::words(plan::steps_of(item))) text += step + "\n";
  return text;
}

}  // namespace

TEST_CASE("schedule: an edit of deploy alone goes to our change that is under way") {
  World const world = dated(window("2026-12-10", "2027-01-31"), {.not_before = "2026-12-01"}, shows_day("2026-12-01"));
  expect(world,
         "www update 1: only spec.deploy was edited: change 10 (new-certificate) gets other dates, not before "
         "2026-12-10, not after 2027-01-31 [change 10 (new-certificate), ours: CPS works on it (at-work), since "
         "2026-11-23T12:00:00Z]\n"
         "0 unchanged");
  CHECK(steps(world) ==
        "PUT /enrollments/1/changes/10/deployment-schedule; not before 2026-12-10, not after 2027-01-31\n");
  auto const changes = made(world).items.at(0).changes;
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].pointer == "/deploy/notBefore");
  CHECK(json::compact(*changes[0].live) == "\"2026-12-01\"");
  CHECK(json::compact(*changes[0].desired) == "\"2026-12-10\"");
  CHECK(changes[1].pointer == "/deploy/notAfter");
  CHECK_FALSE(changes[1].live);
  for (diff::Change const& change : changes) CHECK(change.effect == schema::Effect::schedule);
  CHECK(made(world).summary.update == 1);
  CHECK(
      made(world).items.at(0).fingerprint !=
      made(dated(window("2026-12-11"), {.not_before = "2026-12-01"}, shows_day("2026-12-01"))).items.at(0).fingerprint);
}

TEST_CASE("schedule: when nothing is sent") {
  lifecycle::Sight const production = [] {
    lifecycle::Sight sight = working();
    sight.change->status = "deploy-cert-to-production";
    return sight;
  }();
  struct Case {
    char const* title;
    World world;
    char const* says;
  };
  auto const edited = [](lifecycle::Sight sight) {
    return dated(window("2026-12-10"), {.not_before = "2026-12-01"}, shows_day("2026-12-01"), std::move(sight));
  };
  World colleague = edited(working());
  colleague.inputs.entries.at("www").changes = {};
  lifecycle::Sight renewing = working();
  renewing.pending.type = "renewal";
  World idle = edited(working());
  idle.inputs.listings[scope].enrollments.front().pending = {};
  World seen_before = edited(working());
  seen_before.inputs.entries.at("www").watches = {{.change = pending_change, .staging_since = "2026-11-22T00:00:00Z"}};
  std::string const recorded = "www update 1: only the state is updated; the manifest changed in: deploy";
  Case const cases[] = {
      {"dates that did not move", dated(window("2026-12-01"), {.not_before = "2026-12-01"}, shows_day("2026-12-24")),
       "1 unchanged"},
      {"neither the manifest nor the state has any", dated({}, {}, shows_day("2026-12-24")), "1 unchanged"},
      {"CPS has them already", dated(window("2026-12-10"), {}, {.not_before = "2026-12-10T16:00:00Z"}),
       "the manifest changed in: deploy"},
      {"on staging", edited(staged()), "it is too late for other dates"},
      {"on its way to production", edited(production), "it is too late for other dates"},
      {"seen on staging before", seen_before, "it is too late for other dates"},
      {"somebody else's change", colleague, "is not of this manifest's making, and keeps its dates"},
      {"a renewal", edited(renewing), "is not of this manifest's making, and keeps its dates"},
      {"it has ended", edited(ended()), "nothing of ours is under way"},
      {"nothing is pending", idle, "nothing of ours is under way"}};
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      INFO(summary(c.world));
      CHECK(steps(c.world).empty());
      CHECK(summary(c.world).find(c.says) != std::string::npos);
      bool const edit = std::string_view(c.says) != "1 unchanged";
      CHECK(made(c.world).summary.record == (edit ? 1 : 0));
    }
  }
  CHECK(summary(cases[4].world).starts_with(recorded));
}

TEST_CASE("schedule: a date that is past is an error where it would be sent, and nowhere else") {
  auto const past = window("", "2026-11-22");
  World const sent = dated(past, {}, {});
  CHECK(steps(sent).empty());
  CHECK(summary(sent).find("www blocked(update) 1: spec.deploy.notAfter 2026-11-22 is past") != std::string::npos);
  CHECK(summary(dated(past, {}, {}, staged())).find("only the state is updated") != std::string::npos);
  CHECK(summary(dated(past, {.not_after = "2026-11-22"}, {})).find("1 unchanged") != std::string::npos);
}

TEST_CASE("schedule: dates in doubt are settled by what the change shows") {
  World world = dated(window("2026-12-10"), {.not_before = "2026-12-01"}, shows_day("2026-12-10"));
  auto const with = [&](WallTime ends) {
    World copy = world;
    copy.inputs.listings[scope].begun = noon;
    copy.inputs.open_intents = {unanswered_dates("2026-12-10", ends)};
    return copy;
  };
  SUBCASE("it has them") {
    plan::Plan const plan = made(with(noon - 1min));
    REQUIRE(plan.items.size() == 1);
    CHECK(plan.items[0].records());
    CHECK(plan.items[0].closes.done == std::vector<std::int64_t>{9});
  }
  world.inputs.sights.at(pending_change).change->schedule = shows_day("2026-12-01");
  SUBCASE("it has not: they are sent again") {
    plan::Plan const plan = made(with(noon - 1min));
    CHECK(steps(with(noon - 1min)).find("not before 2026-12-10") != std::string::npos);
    CHECK(plan.items.at(0).closes.not_done == std::vector<std::int64_t>{9});
  }
  SUBCASE("not while the attempt may be under way") {
    CHECK(steps(with(noon + 1min)).empty());
    CHECK(summary(with(noon + 1min)).find("a new deployment schedule was sent at") != std::string::npos);
    CHECK(made(with(noon + 1min)).summary.wait == 1);
  }
  SUBCASE("the manifest took them back meanwhile: what CPS has counts") {
    world.inputs.desired.front().deploy = window("2026-12-01");
    world.inputs.sights.at(pending_change).change->schedule = shows_day("2026-12-10");
    CHECK(steps(with(noon - 1min)).find("not before 2026-12-01") != std::string::npos);
    CHECK(made(with(noon - 1min)).items.at(0).closes.done == std::vector<std::int64_t>{9});
  }
  SUBCASE("the change has ended") {
    world.inputs.sights.at(pending_change) = ended();
    plan::Plan const plan = made(with(noon - 1min));
    REQUIRE(plan.items.size() == 1);
    CHECK(plan.items[0].records());
    CHECK(plan.items[0].closes.not_done == std::vector<std::int64_t>{9});
  }
}

TEST_CASE("schedule: an answer and a date of one change stand beside each other") {
  World world = dated(window("2026-12-10"), {}, {}, warned());
  world.inputs.desired.front().lifecycle = allowing();
  world.inputs.entries.at("www").lifecycle = fields::shared(allowing());
  plan::Plan const plan = made(world);
  REQUIRE(plan.items.size() == 2);
  CHECK(plan.items[0].key().part == plan::Part::enrollment);
  CHECK(plan.items[0].writes());
  CHECK(plan.items[1].key().part == plan::Part::change);
  CHECK(plan.items[1].writes());
}

TEST_CASE("allowExpiry: a late date and an approval by hand need consent, where the live certificate's end is known") {
  constexpr char const* managed = R"("changeManagement":true,"productionSlots":[1])";
  auto const blocked = [&](std::optional<WallTime> ends, manifest::Lifecycle const& policy, char const* more) {
    World world;
    manifest::Desired wanted = desired("www", "www.example.com", R"("changeManagement":true)");
    json::Document changed = json::clone(*wanted.enrollment);
    json::set(changed, "changeManagement", json::Value(std::string_view(more).find(":true") != std::string::npos),
              changed.GetAllocator());
    json::find(*json::find(changed, "csr"), "sans")->PushBack("new.example.com", changed.GetAllocator());
    wanted.enrollment = json::share(changed);
    wanted.lifecycle = policy;
    wanted.deploy = window("2026-12-10");
    cps::Live live_one = live(1, "www.example.com", more);
    world.want(std::move(wanted)).has(std::move(live_one)).knows(entry("www", 1));
    if (ends) world.inputs.live_ends.emplace(1, *ends);
    std::string const text = summary(world);
    bool const held = text.find("seven days before the live certificate ends") != std::string::npos;
    INFO(text);
    CHECK(held == (text.find("blocked(update)") != std::string::npos));
    return held;
  };
  WallTime const late = parse_timestamp("2026-12-18T00:00:00Z").value();   // a week after the date is before it
  WallTime const early = parse_timestamp("2026-12-16T00:00:00Z").value();  // and here it is not
  CHECK(blocked(early, {}, managed));
  CHECK_FALSE(blocked(late, {}, managed));
  CHECK_FALSE(blocked(std::nullopt, {}, managed));
  CHECK_FALSE(blocked(early, {.allow_expiry = true}, managed));
  CHECK_FALSE(blocked(early, {.promotion = {.mode = manifest::PromotionMode::auto_}}, managed));
  CHECK_FALSE(blocked(early, {}, R"("changeManagement":false,"productionSlots":[1])"));
}

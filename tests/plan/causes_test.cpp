#include "plan/world.hpp"

using namespace plan_test;

namespace {

/// Applied once with `last`, wanted as `now`, and found as `live` at CPS; each is a piece of the document.
World story(std::string const& last, std::string const& now, std::string const& at_cps) {
  World world;
  auto known = entry("www", 1);
  known.last_applied = document("www.example.com", last);
  return world.want(desired("www", "www.example.com", now)).has(live(1, "www.example.com", at_cps)).knows(known);
}

std::string causes(World const& world) {
  std::string text;
  auto const plan = planned(world);
  for (auto const& change : plan.items.at(0).changes)
    text += fmt::format("{} {}{}\n", json::dotted(change.pointer), fields::word(change.cause),
                        change.unset ? " set back" : "");
  return text;
}

std::string const on = R"("changeManagement":true)";
std::string const off = R"("changeManagement":false)";

}  // namespace

TEST_CASE("causes: who changed a field is told from what was applied last") {
  CHECK(causes(story(off, on, off)) == "changeManagement manifest\n");
  CHECK(causes(story(on, on, off)) == "changeManagement outside\n");
  CHECK(causes(story(R"("orgId":1)", R"("orgId":2)", R"("orgId":3)")) == "orgId both\n");
  CHECK(causes(story("", on, off)) == "changeManagement manifest\n");
  World renewing = story(on, on, off);
  renewing.inputs.consent.on_pending = manifest::OnPendingChange::cancel;
  renewing.inputs.listings[scope].enrollments[0].pending = {{.id = {5}, .type = "renewal"}};
  CHECK(causes(renewing) == "changeManagement cps\n");
}

TEST_CASE("causes: a field that the manifest gave up is set back, or left, and the plan says so") {
  SUBCASE("it can be null: it is set back") {
    World const world = story(R"("orgId":7)", "", R"("orgId":7)");
    CHECK(causes(world) == "orgId manifest set back\n");
    auto const plan = planned(world);
    CHECK(json::find(*target_of(made(world)), "orgId")->IsNull());
  }
  SUBCASE("it was null already: nothing is sent, the state learns it") {
    auto const plan = planned(story(R"("orgId":7)", "", ""));
    CHECK(plan.items[0].state_only);
    CHECK(plan.items[0].steps.empty());
  }
  SUBCASE("it is required: it is left as CPS has it") {
    auto const plan = planned(story(on, "", on));
    CHECK(plan.items[0].state_only);
    CHECK(plan.items[0].notes.at(0) == "no longer in the manifest, left as CPS has it: changeManagement");
  }
  SUBCASE("nobody knows what was applied last: nothing is set back") {
    World world = story("", "", R"("orgId":7)");
    world.inputs.entries.at("www").last_applied = nullptr;
    CHECK(planned(world).items[0].state_only);
    CHECK(planned(world).items[0].changes.empty());
  }
}

TEST_CASE("causes: an unchanged manifest has nothing to record, a changed policy is recorded without a write") {
  World const quiet = story(on, on, on);
  CHECK_FALSE(planned(quiet).work());
  World policy = quiet;
  policy.inputs.desired[0].lifecycle.deletion = manifest::Deletion::delete_;
  policy.inputs.desired[0].labels = {{"team", "web"}};
  auto const plan = planned(policy);
  CHECK(plan.items[0].state_only);
  CHECK(plan.items[0].reason == "only the state is updated; the manifest changed in: lifecycle, labels");
  CHECK_FALSE(plan.changes());
  SUBCASE("another spelling of the same wish is not a change") {
    World spelled = story(R"("org":{"name":"É"})", R"("org":{"name":"É"})", R"("org":{"name":"É"})");
    CHECK_FALSE(planned(spelled).work());
  }
}

TEST_CASE("causes: an update whose answer never came") {
  World world = story(off, on, off);
  SUBCASE("it may still be under way: nothing else is sent") {
    world.inputs.open_intents = {unanswered(state::WriteKind::update, "www", "2026-11-23T09:59:30Z")};
    auto const plan = planned(world);
    CHECK(plan.items[0].waits);
    CHECK(plan.items[0].next == "run again after 2026-11-23T10:00:30Z");
  }
  SUBCASE("it is over and was not done: it is sent again, and settles the first") {
    world.inputs.open_intents = {unanswered(state::WriteKind::update, "www", "2026-11-23T09:50:00Z")};
    auto const plan = planned(world);
    CHECK(plan.items[0].action == plan::Action::update);
    CHECK(made(world).items[0].closes.not_done == std::vector<std::int64_t>{8});
  }
  SUBCASE("the list shows it: it is recorded, nothing is sent") {
    world = story(off, on, on);
    world.inputs.open_intents = {unanswered_update("2026-11-23T09:59:30Z", on)};
    auto const plan = planned(world);
    CHECK(plan.items[0].state_only);
    CHECK(made(world).items[0].closes.done == std::vector<std::int64_t>{8});
  }
}

TEST_CASE("causes: an update whose answer never came, and the manifest is what it was before") {
  std::string const more = R"("orgId":7)";
  SUBCASE("it was done: what it brought is set back, also when the list is young") {
    World world = story("", "", more);
    world.inputs.open_intents = {unanswered_update("2026-11-23T09:59:30Z", more)};
    auto const plan = planned(world);
    CHECK(causes(world) == "orgId manifest set back\n");
    CHECK(made(world).items[0].closes.done == std::vector<std::int64_t>{8});
    CHECK(plan.items[0].steps == std::vector<std::string>{"GET /enrollments/1", "PUT /enrollments/1"});
  }
  SUBCASE("it was done, and something else was changed since: what it brought is set back all the same") {
    World world = story(off, off, more + "," + on);
    world.inputs.open_intents = {unanswered_update("2026-11-23T09:50:00Z", more + "," + off)};
    CHECK(causes(world) == "changeManagement outside\norgId manifest set back\n");
  }
  SUBCASE("the list does not show it and may lag: nothing is concluded") {
    World world = story("", "", "");
    world.inputs.open_intents = {unanswered_update("2026-11-23T09:59:30Z", more)};
    CHECK(planned(world).items[0].waits);
    world.inputs.open_intents = {unanswered_update("2026-11-23T09:56:00Z", more)};
    CHECK(planned(world).items[0].waits);
    CHECK(planned(world).items[0].next == "run again after 2026-11-23T10:02:00Z");
  }
  SUBCASE("it is not shown, and a list that cannot lag any more was read: it is closed") {
    World world = story("", "", "");
    world.inputs.open_intents = {unanswered_update("2026-11-23T09:50:00Z", more)};
    auto const plan = planned(world);
    CHECK(plan.items[0].state_only);
    CHECK(made(world).items[0].closes.not_done == std::vector<std::int64_t>{8});
    CHECK(made(world).items[0].closes.done.empty());
  }
  SUBCASE("what somebody else has set meanwhile is not taken for it") {
    World world = story("", "", R"("orgId":9)");
    world.inputs.open_intents = {unanswered_update("2026-11-23T09:50:00Z", more)};
    CHECK(planned(world).items[0].changes.empty());
  }
  SUBCASE("it was to take a field away, and the list shows the field: that is no proof") {
    World world = story(more, more, more);
    world.inputs.open_intents = {unanswered_update("2026-11-23T09:50:00Z", "")};
    CHECK(made(world).items[0].closes.done.empty());
  }
}

TEST_CASE("causes: a delete whose answer never came") {
  World world;
  world.want(desired("other", "other.example.com"))
      .has(live(9, "other.example.com"))
      .knows(entry("other", 9, "other.example.com"));
  auto known = entry("www", 1);
  known.lifecycle = json::share(json::parse(R"({"deletion":"delete"})", "policy").value());
  world.has(live(1, "www.example.com")).knows(known);
  world.inputs.consent = {.allow_delete = true, .max_deletes = 1};
  auto& enrollment = world.inputs.listings[scope].enrollments[1];
  SUBCASE("a change has appeared since, which may be the removal: nothing is claimed, and nothing sent") {
    enrollment.pending = {{.id = {70}, .type = "modify-certificate"}};
    world.inputs.open_intents = {unanswered(state::WriteKind::delete_, "www", "2026-11-20T09:59:30Z")};
    auto const plan = planned(world);
    CHECK(plan.items[0].action == plan::Action::blocked);
    CHECK(plan.items[0].waits);
    CHECK(plan.items[0].next == "run again once that change has ended");
  }
  SUBCASE("a renewal that CPS began is not the removal") {
    enrollment.pending = {{.id = {70}, .type = "renewal"}};
    world.inputs.open_intents = {unanswered(state::WriteKind::delete_, "www", "2026-11-20T09:59:30Z")};
    auto const plan = planned(world);
    CHECK(plan.items[0].reason == "change 70 (renewal) is pending at CPS");
  }
  SUBCASE("it was about an enrollment that the name does not mean any more: it is sent again, and the old one closed") {
    auto old = unanswered(state::WriteKind::delete_, "www", "2026-11-23T09:59:59Z");
    old.known_ids = {77};
    world.inputs.open_intents = {old};
    CHECK(planned(world).items[0].steps == std::vector<std::string>{"GET /enrollments/1", "DELETE /enrollments/1"});
    CHECK(made(world).items[0].closes.not_done == std::vector<std::int64_t>{8});
  }
  SUBCASE("its manifest is back") {
    world.want(desired("www", "www.example.com"));
    auto lost = unanswered(state::WriteKind::delete_, "www", "2026-11-23T09:50:00Z");
    lost.known_ids = {1};
    world.inputs.open_intents = {lost};
    SUBCASE("it is there, and the delete can not happen any more: the doubt is closed") {
      auto const plan = planned(world);
      CHECK(plan.items[0].state_only);
      CHECK(made(world).items[0].closes.not_done == std::vector<std::int64_t>{8});
    }
    SUBCASE("it may still be under way") {
      world.inputs.open_intents[0].ends_by = "2026-11-23T10:00:30Z";
      CHECK(planned(world).items[0].waits);
    }
    SUBCASE("it is gone: that was the delete, so no consent is asked, and the doubt ends with it") {
      std::erase_if(world.inputs.listings[scope].enrollments, [](auto const& one) { return one.id.value == 1; });
      world.gone(1);
      auto const plan = planned(world);
      CHECK(plan.items[0].action == plan::Action::create);
      CHECK(plan.items[0].reason == "enrollment 1 was deleted");
      CHECK(made(world).items[0].closes.not_done == std::vector<std::int64_t>{8});
    }
  }
  SUBCASE("nothing has happened, and it is over: it is sent again") {
    world.inputs.open_intents = {unanswered(state::WriteKind::delete_, "www", "2026-11-23T09:50:00Z")};
    CHECK(planned(world).items[0].steps == std::vector<std::string>{"GET /enrollments/1", "DELETE /enrollments/1"});
    CHECK(made(world).items[0].closes.not_done == std::vector<std::int64_t>{8});
  }
  SUBCASE("it may still be under way") {
    world.inputs.open_intents = {unanswered(state::WriteKind::delete_, "www", "2026-11-23T09:59:30Z")};
    CHECK(planned(world).items[0].waits);
  }
}

TEST_CASE("causes: a null is sent once where CPS answers it with a default, and then it is fulfilled") {
  std::string const null = R"("certificateChainType":null)", filled = R"("certificateChainType":"default")";
  CHECK(causes(story(filled, null, filled)) == "certificateChainType manifest\n");
  CHECK_FALSE(planned(story(null, null, filled)).work());
  CHECK(planned(World().want(desired("www", "www.example.com", null)).has(live(1, "www.example.com", filled)))
            .items[0]
            .state_only);
  SUBCASE("another write does not carry it along unseen") {
    auto const plan = planned(story(null + "," + off, null + "," + on, filled + "," + off));
    CHECK(plan.items[0].changes.size() == 1);
    CHECK(json::find(*target_of(made(story(null + "," + off, null + "," + on, filled + "," + off))),
                     "certificateChainType") == nullptr);
  }
}

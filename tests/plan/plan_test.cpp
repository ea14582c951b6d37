#include "plan/document.hpp"
#include "plan/world.hpp"

using namespace plan_test;

TEST_CASE("plan: every row of the table") {
  SUBCASE("wanted, not there, not known: create") {
    expect(World().want(desired("www", "www.example.com")), "www create\n0 unchanged");
  }
  SUBCASE("wanted, there and known, equal: none") {
    expect(World().want(desired("www", "www.example.com")).has(live(1, "WWW.Example.com.")).knows(entry("www", 1)),
           "1 unchanged");
  }
  SUBCASE("wanted, there and known, different: an update") {
    expect(World()
               .want(desired("www", "www.example.com", R"("changeManagement":true)"))
               .has(live(1, "www.example.com", R"("changeManagement":false)"))
               .knows(entry("www", 1)),
           "www update 1\n0 unchanged");
  }
  SUBCASE("an immutable field that differs") {
    expect(World()
               .want(desired("www", "www.example.com", R"("certificateType":"san")"))
               .has(live(1, "www.example.com", R"("certificateType":"single")"))
               .knows(entry("www", 1)),
           "www blocked(update) 1: certificateType cannot be changed in place\n0 unchanged");
  }
  SUBCASE("known, but a lookup says 404: deleted outside") {
    expect(World().want(desired("www", "www.example.com")).knows(entry("www", 1)).gone(1),
           "www blocked(create) 1: enrollment 1 was deleted outside cpsctl\n0 unchanged");
  }
  SUBCASE("known, the list lags, a lookup finds it: as if it were listed") {
    World world;
    world.want(desired("www", "www.example.com")).knows(entry("www", 1));
    world.inputs.lookups[1] = live(1, "www.example.com");
    expect(world, "1 unchanged");
  }
  SUBCASE("there, not known, identical: adopt") {
    expect(World().want(desired("www", "www.example.com")).has(live(1, "www.example.com")),
           "www adopt 1: exists already and is identical\n0 unchanged");
  }
  SUBCASE("there, not known, different: blocked by policy") {
    expect(World()
               .want(desired("www", "www.example.com", R"("changeManagement":true)"))
               .has(live(1, "www.example.com", R"("changeManagement":false)")),
           "www blocked(adopt) 1: enrollment 1 exists already and differs\n0 unchanged");
  }
  SUBCASE("there, not known, adopt: never") {
    auto one = desired("www", "www.example.com");
    one.lifecycle.adopt = manifest::Adopt::never;
    expect(World().want(one).has(live(1, "www.example.com")),
           "www blocked(adopt) 1: enrollment 1 exists already, and spec.lifecycle.adopt is never\n0 unchanged");
  }
  SUBCASE("adopt: always with a difference is an adoption that writes") {
    auto one = desired("www", "www.example.com", R"("changeManagement":true)");
    one.lifecycle.adopt = manifest::Adopt::always;
    expect(World().want(one).has(live(1, "www.example.com", R"("changeManagement":false)")),
           "www adopt 1: exists already and differs: it is taken over and changed\n0 unchanged");
  }
  SUBCASE("equal with a pending change: none, and a note") {
    auto one = live(1, "www.example.com");
    one.pending = {{.id = {5}, .type = "new-certificate"}};
    expect(World().want(desired("www", "www.example.com")).has(one).knows(entry("www", 1)),
           "www none 1 [in progress at CPS: change 5 (new-certificate)]\n1 unchanged");
  }
  SUBCASE("different with a pending change: blocked, and the note") {
    auto one = live(1, "www.example.com", R"("changeManagement":false)");
    one.pending = {{.id = {5}}};
    expect(
        World().want(desired("www", "www.example.com", R"("changeManagement":true)")).has(one).knows(entry("www", 1)),
        "www blocked(update) 1: change 5 is pending at CPS [in progress at CPS: change 5]\n0 unchanged");
  }
  SUBCASE("the manifest is gone: orphan") {
    expect(World().has(live(1, "www.example.com")).knows(entry("www", 1)),
           "www orphan 1: its manifest is gone; the enrollment is kept\n0 unchanged");
  }
  SUBCASE("the manifest is gone and its last policy was to delete") {
    auto known = entry("www", 1);
    known.lifecycle = json::share(json::parse(R"({"deletion":"delete"})", "policy").value());
    expect(World().has(live(1, "www.example.com")).knows(known),
           "www blocked(delete) 1: no manifest is left at all: that is more likely a mistake than a wish to delete "
           "everything\n0 unchanged");
  }
  SUBCASE("manifest and enrollment are gone: forget") {
    expect(World().knows(entry("www", 1)).gone(1),
           "www forget 1: its manifest is gone, and so is the enrollment\n0 unchanged");
  }
  SUBCASE("an entry outside the given paths is not looked at") {
    World world;
    world.has(live(1, "www.example.com")).knows(entry("www", 1));
    world.inputs.paths = {"certs/other.yaml"};
    expect(world, "0 unchanged");
  }
  SUBCASE("what nobody wants and nobody knows is not ours") {
    expect(World().has(live(1, "www.example.com")), "0 unchanged");
  }
}

TEST_CASE("plan: which enrollment a manifest means") {
  SUBCASE("several candidates, one of them identical") {
    expect(World()
               .want(desired("www", "www.example.com", R"("changeManagement":true)"))
               .has(live(1, "www.example.com", R"("changeManagement":false)"))
               .has(live(2, "www.example.com", R"("changeManagement":true)")),
           "www adopt 2: exists already and is identical\n0 unchanged");
  }
  SUBCASE("several candidates, none or both identical: all are named") {
    expect(
        World().want(desired("www", "www.example.com")).has(live(1, "www.example.com")).has(live(2, "www.example.com")),
        "www blocked(adopt): several enrollments could be it: 1, 2\n0 unchanged");
  }
  SUBCASE("the same name on another network is another enrollment, and CPS would refuse a second") {
    auto other = live(1, "www.example.com");
    json::Document changed = json::clone(*other.document);
    (*json::find(*json::find(changed, "networkConfiguration"), "secureNetwork")).SetString("standard-tls");
    other.document = json::share(changed);
    World world;
    world.want(desired("www", "www.example.com")).has(other);
    expect(world, "www blocked(create): CPS has this common name already: 1\n0 unchanged");
    world.inputs.desired[0].lifecycle.allow_duplicate_cn = true;
    expect(world, "www create\n0 unchanged");
  }
  SUBCASE("it belongs to a name that no manifest declares: a rename") {
    World world;
    world.want(desired("new", "www.example.com")).has(live(1, "www.example.com")).knows(entry("old", 1));
    world.inputs.paths = {"certs/new.yaml"};
    expect(world, "new blocked(adopt): looks like a rename: the state knows this enrollment as old\n0 unchanged");
    CHECK(plan::make_plan(world.inputs)->items[0].next == "cpsctl state mv old new");
  }
  SUBCASE("two manifests match one enrollment: both are blocked") {
    expect(World()
               .want(desired("a", "www.example.com"))
               .want(desired("b", "www.example.com"))
               .has(live(1, "www.example.com")),
           "a blocked(adopt) 1: several manifests match enrollment 1: a, b\n"
           "b blocked(adopt) 1: several manifests match enrollment 1: a, b\n0 unchanged");
  }
  SUBCASE("two manifests want to create one name: both are blocked") {
    expect(World().want(desired("a", "www.example.com")).want(desired("b", "WWW.example.com")),
           "a blocked(create): several manifests want the common name www.example.com: a, b\n"
           "b blocked(create): several manifests want the common name WWW.example.com: a, b\n0 unchanged");
  }
  SUBCASE("the contract of a manifest moved") {
    World world;
    world.want(desired("www", "www.example.com")).has(live(1, "www.example.com"));
    auto known = entry("www", 1);
    known.contract = "1-OTHER";
    world.knows(known);
    world.inputs.listings[{"", "1-OTHER"}] = {.contract = "1-OTHER", .api_schema = "v11"};
    expect(
        world,
        "www blocked(update) 1: its contract cannot be changed in place: it is enrollment 1 of 1-OTHER\n0 unchanged");
  }
}

TEST_CASE("plan: an account that moved is blocked, and where everything moved nothing is created in addition") {
  World world;
  for (char const* name : {"a", "b", "c"}) {
    int const id = name[0];
    world.want(desired(name, fmt::format("{}.example.com", name)))
        .knows(entry(name, id, fmt::format("{}.example.com", name)));
    world.has(live(id, fmt::format("{}.example.com", name)));
  }
  world.want(desired("new", "new.example.com"));
  CHECK(planned(world).summary.create == 1);
  world.inputs.default_account = "OTHER";
  world.inputs.listings[{"OTHER", contract}] = {.account_key = "OTHER", .contract = contract, .api_schema = "v11"};
  auto const plan = planned(world);
  CHECK(plan.items[0].reason == "its account cannot be changed in place: it is enrollment 97 of account (own)");
  CHECK(plan.summary.create == 0);
  CHECK(plan.summary.blocked == 4);
}

TEST_CASE("plan: much that is gone blocks creates, little does not") {
  World world;
  for (int i = 1; i <= 20; ++i) {
    world.knows(entry(fmt::format("known-{}", i), i, fmt::format("k{}.example.com", i)));
    world.want(desired(fmt::format("known-{}", i), fmt::format("k{}.example.com", i)));
    if (i <= 2)
      world.gone(i);
    else
      world.has(live(i, fmt::format("k{}.example.com", i)));
  }
  world.want(desired("zzz-new", "new.example.com"));
  CHECK(plan::make_plan(world.inputs)->summary.create == 1);
  world.inputs.listings[scope].enrollments.erase(world.inputs.listings[scope].enrollments.begin());
  world.gone(3);
  auto const plan = plan::make_plan(world.inputs);
  CHECK(plan->summary.create == 0);
  CHECK(plan->items.back().reason == "3 of the 20 enrollments that the state knows in contract 1-1TJZH5 are gone");
}

TEST_CASE("plan: what we deleted ourselves is no sign of a wrong account") {
  World world;
  for (std::int64_t i = 1; i <= 20; ++i) {
    std::string const name = fmt::format("k{:02}", i);
    std::string const common_name = name + ".example.com";
    state::Entry known = entry(name, i, common_name);
    if (i <= 12) {
      known.removal = {i + 1000};
      world.gone(i);
    } else {
      world.want(desired(name, common_name)).has(live(i, common_name));
    }
    world.knows(std::move(known));
  }
  world.want(desired("zzz-new", "new.example.com"));
  auto const plan = plan::make_plan(world.inputs);
  CHECK(plan->summary.create == 1);
  CHECK(plan->summary.forget == 12);
  CHECK(plan->summary.blocked == 0);
}

TEST_CASE("plan: a create whose answer never came") {
  std::string const story = "a create was sent at 2026-11-23T09:55:00Z and its answer never came";
  auto const world = [] { return World().want(desired("www", "www.example.com")); };
  SUBCASE("not listed, and the list may lag: it waits") {
    expect(world().doubt("www", "2026-11-23T09:55:00Z"),
           "www blocked(create): " + story + "; CPS may still have done it\n0 unchanged");
    CHECK(plan::make_plan(world().doubt("www", "2026-11-23T09:55:00Z").inputs)->items[0].next ==
          "run again after 2026-11-23T10:01:00Z: CPS's list tells then");
  }
  SUBCASE("listed, new and equal: proven") {
    auto const plan =
        plan::make_plan(world().doubt("www", "2026-11-23T09:55:00Z").has(live(5, "www.example.com")).inputs);
    REQUIRE(plan->items.size() == 1);
    CHECK(plan->items[0].action() == plan::Action::adopt);
    CHECK(plan->items[0].id == 5);
    CHECK(plan->items[0].closes.done == std::vector<std::int64_t>{7});
    CHECK(plan->items[0].closes.not_done.empty());
  }
  SUBCASE("listed, but it was there before: that is not it") {
    expect(world().doubt("www", "2026-11-23T09:55:00Z", {5}).has(live(5, "www.example.com")),
           "www blocked(create): " + story + "; CPS may still have done it\n0 unchanged");
  }
  SUBCASE("several are listed, new and equal: ambiguous, all are named") {
    expect(world().doubt("www", "2026-11-23T09:55:00Z").has(live(5, "www.example.com")).has(live(6, "www.example.com")),
           "www blocked(create): " + story + "; it may have made 5, 6\n0 unchanged");
  }
  SUBCASE("one that is listed and new differs: that is not known to be it, and nothing is sent") {
    auto const differing = world().doubt("www", "2026-11-20T09:55:00Z").has(different(5));
    expect(differing,
           "www blocked(create): a create was sent at 2026-11-20T09:55:00Z and its answer never came; it may have made "
           "5\n0 unchanged");
    auto const plan = planned(differing);
    REQUIRE(plan.items[0].changes.size() == 1);
    CHECK(plan.items[0].changes[0].pointer == "/networkConfiguration/quicEnabled");
  }
  SUBCASE("one that differs from what was sent, and the manifest agrees with it: it is taken over") {
    auto agreeing = world().doubt("www", "2026-11-20T09:55:00Z").has(different(5));
    agreeing.inputs.desired[0].enrollment = different(5).document;
    auto const plan = planned(agreeing);
    REQUIRE(plan.items.size() == 1);
    CHECK(plan.items[0].action == plan::Action::adopt);
    CHECK(plan.items[0].state_only);
    CHECK(plan.items[0].id == 5);
    CHECK(made(agreeing).items[0].closes.not_done == std::vector<std::int64_t>{7});
  }
  SUBCASE("proven, and the manifest was edited since: what was sent is recorded, the edits are shown") {
    auto edited = world().doubt("www", "2026-11-23T09:55:00Z").has(live(5, "www.example.com"));
    edited.inputs.desired[0].enrollment = different(5).document;
    auto const plan = planned(edited);
    REQUIRE(plan.items.size() == 1);
    CHECK(made(edited).items[0].closes.done == std::vector<std::int64_t>{7});
    CHECK(plan.items[0].state_only);
    REQUIRE(plan.items[0].changes.size() == 1);
    CHECK(plan.items[0].changes[0].cause == diff::Cause::manifest);
  }
  SUBCASE("not listed long after: disproven, it may be sent again") {
    auto const plan = plan::make_plan(world().doubt("www", "2026-11-23T09:50:00Z").inputs);
    REQUIRE(plan->items.size() == 1);
    CHECK(plan->items[0].action() == plan::Action::create);
    CHECK(plan->items[0].closes.not_done == std::vector<std::int64_t>{7});
  }
  auto const refused = [&](std::string const& at) {
    auto refusal = world().doubt("www", at);
    refusal.inputs.open_intents[0].reason = "409";
    return refusal;
  };
  SUBCASE("answered with 409: the list may lag behind an earlier arrival of it, so it waits") {
    expect(refused("2026-11-23T09:55:00Z"),
           "www blocked(create): a create was sent at 2026-11-23T09:55:00Z and refused (409); CPS may still have done "
           "it\n0 unchanged");
  }
  SUBCASE("answered with 409, and an equal one is listed: an earlier arrival of it was taken") {
    CHECK(plan::make_plan(refused("2026-11-23T09:55:00Z").has(live(5, "www.example.com")).inputs)->items[0].id == 5);
  }
  SUBCASE("answered with 409, and another one is listed: that is somebody else's, and not taken over unasked") {
    auto const plan = plan::make_plan(refused("2026-11-23T09:55:00Z").has(different(5)).inputs);
    REQUIRE(plan->items.size() == 1);
    CHECK(plan->items[0].action() == plan::Action::blocked);
    CHECK(plan->items[0].reason.find("may have made") == std::string::npos);
    CHECK(!plan->items[0].waits());
  }
  SUBCASE("answered with 409, and another one is listed: the list may lag behind ours all the same") {
    manifest::Lifecycle second;
    second.allow_duplicate_cn = true;
    manifest::Lifecycle taking;
    taking.adopt = manifest::Adopt::always;
    struct Case {
      char const* title;
      manifest::Lifecycle lifecycle;
      cps::Live theirs;
      char const* later;
    };
    cps::Live elsewhere = live(5, "www.example.com", R"("orgId":7)");
    json::Document other = json::clone(*elsewhere.document);
    json::find(*json::find(other, "networkConfiguration"), "sniOnly")->SetBool(false);
    elsewhere.document = json::share(other);
    for (Case const& c : {Case{"a second one is wanted", second, elsewhere, "create"},
                          Case{"what is there is to be changed", taking, different(5), "adopt"}}) {
      CAPTURE(c.title);
      World waiting = refused("2026-11-23T09:55:00Z").has(c.theirs);
      waiting.inputs.desired[0].lifecycle = c.lifecycle;
      auto const early = made(waiting).items.at(0);
      CHECK(early.waits());
      CHECK(early.next == "run again after 2026-11-23T10:01:00Z: CPS's list tells then");
      World settled = refused("2026-11-23T09:54:00Z").has(c.theirs);
      settled.inputs.desired[0].lifecycle = c.lifecycle;
      auto const late = made(settled).items.at(0);
      CHECK(fields::word(late.action()) == std::string(c.later));
      CHECK(late.closes.not_done == std::vector<std::int64_t>{7});
    }
  }
  SUBCASE("an intent that cannot be read proves nothing and disproves nothing") {
    auto broken = world().doubt("www", "2026-11-20T09:50:00Z");
    broken.inputs.open_intents[0].entry = nullptr;
    CHECK(plan::make_plan(broken.inputs)->summary.blocked == 1);
    broken = world().doubt("www", "rubbish");
    CHECK(plan::make_plan(broken.inputs)->summary.blocked == 1);
  }
  SUBCASE("another manifest with that name does not get past it") {
    auto two = world().want(desired("zzz", "www.example.com")).doubt("www", "2026-11-23T09:55:00Z");
    CHECK(plan::make_plan(two.inputs)->summary.create == 0);
  }
  SUBCASE("its manifest is gone: it is still spoken of") {
    expect(World().doubt("www", "2026-11-23T09:55:00Z"),
           "www blocked(create): " + story + "; its manifest is gone\n0 unchanged");
    auto const made = planned(World().doubt("www", "2026-11-23T09:55:00Z").has(live(5, "www.example.com")));
    CHECK(made.items[0].state_only);
    CHECK(made.items[0].id == 5);
    CHECK(made.items[0].desired->source == "certs/www.yaml");
    CHECK(planned(World().doubt("www", "2026-11-20T09:55:00Z")).items[0].action == plan::Action::forget);
  }
}

TEST_CASE("plan: client mutual authentication is a second write, and a missing one is called so") {
  std::string const mutual =
      R"("networkConfiguration":{"secureNetwork":"enhanced-tls","sniOnly":true,"quicEnabled":false,"clientMutualAuthentication":{"setId":"S"}})";
  auto one = desired("www", "www.example.com");
  one.enrollment = json::share(
      json::parse(
          R"({"ra":"lets-encrypt","validationType":"dv","csr":{"cn":"www.example.com","sans":[]},)" + mutual + "}",
          "document")
          .value());
  auto const create = plan::make_plan(World().want(one).inputs);
  CHECK(plan::steps_of(create->items[0]).size() == 3);
  CHECK(plan::view(*create).requests_to_apply == 3);
  auto known = entry("www", 1);
  known.open_steps = {"/networkConfiguration/clientMutualAuthentication/setId"};
  expect(World().want(one).has(live(1, "www.example.com")).knows(known),
         "www update 1: the second write of its create is missing: "
         "networkConfiguration.clientMutualAuthentication.setId\n0 unchanged");
  // It is no drift, and says so also while something else is in its way.
  auto const missing = plan::make_plan(World().want(one).has(live(1, "www.example.com")).knows(known).inputs);
  REQUIRE(missing->items[0].changes.size() == 1);
  CHECK(missing->items[0].changes[0].cause == diff::Cause::owed);
  CHECK(std::get<plan::Update>(missing->items[0].work).completes);
  cps::Live busy = live(1, "www.example.com");
  busy.pending.push_back({.id = {77}, .type = "renewal"});
  auto const waiting = plan::make_plan(World().want(one).has(busy).knows(known).inputs);
  CHECK(waiting->items[0].waits());
  CHECK(waiting->items[0].reason ==
        "the second write of its create is missing: networkConfiguration.clientMutualAuthentication.setId; waits for "
        "change 77 (renewal) to end");
  CHECK(waiting->items[0].next.find("--on-pending cancel") != std::string::npos);
}

TEST_CASE("plan: a deploy window that is past blocks what would send it, and nothing else") {
  auto one = desired("www", "www.example.com");
  one.deploy.not_after = parse_day("2026-11-22").value();
  CHECK(plan::make_plan(World().want(one).inputs)->summary.blocked == 1);
  auto known = entry("www", 1);
  known.deploy.not_after = "2026-11-22";
  expect(World().want(one).has(live(1, "www.example.com")).knows(known), "1 unchanged");
  one.deploy.not_after = parse_day("2026-11-23").value();
  CHECK(plan::make_plan(World().want(one).inputs)->summary.create == 1);
}

TEST_CASE("plan: the contracts to list are those of the manifests and of the state, each in its highest version") {
  auto newer = desired("b", "b.example.com");
  newer.api_schema = "v12";
  auto known = entry("c", 3);
  known.contract = "1-OLD";
  auto const found = plan::scopes(
      {.desired = {desired("a", "a.example.com"), newer}, .entries = {{"c", known}}, .default_account = "KEY"});
  CHECK(found == std::map<plan::Scope, std::string>{{{"KEY", contract}, "v12"}, {{"", "1-OLD"}, "v11"}});
}

TEST_CASE("plan: the same inputs in any order give the same bytes") {
  World world;
  for (int i = 0; i < 30; ++i) {
    world.want(desired(fmt::format("n{}", i), fmt::format("n{}.example.com", i % 25)));
    if (i % 3 == 0) world.has(live(100 + i, fmt::format("n{}.example.com", i)));
  }
  auto const bytes = [&] { return json::compact(plan::document(planned(world))); };
  std::string const once = bytes();
  CHECK(bytes() == once);
  std::ranges::reverse(world.inputs.desired);
  std::ranges::reverse(world.inputs.listings[scope].enrollments);
  CHECK(bytes() == once);
}

TEST_CASE("plan: a common name in doubt is not created under another name") {
  SUBCASE("the manifest was renamed after the lost create: time ends that doubt") {
    auto const renamed = [](char const* sent) {
      return World().want(desired("new", "www.example.com")).doubt("old", sent);
    };
    auto const early = made(renamed("2026-11-23T09:55:00Z"));
    REQUIRE(early.items.at(0).name == "new");
    CHECK(early.items[0].waits());
    CHECK(early.items[0].next == "run again after 2026-11-23T10:01:00Z: CPS's list tells then");
    CHECK(early.summary.wait == 2);
    CHECK(made(renamed("2026-11-23T09:54:00Z")).items.at(0).action() == plan::Action::create);
    // What was done is recorded under the old name; that the new one is meant a person has to say.
    auto const done = made(renamed("2026-11-23T09:55:00Z").has(live(5, "www.example.com")));
    CHECK(done.items.at(0).held() != nullptr);
    CHECK(done.items[0].reason == "enrollment 5 is what a create of old made");
    CHECK(done.items[0].next == "run again; if old was renamed: cpsctl state mv old new after that");
    CHECK(done.items.at(1).records());
    CHECK(done.items[1].id == 5);
    // Creates of both are in doubt: whose it is nobody can tell.
    auto const both =
        renamed("2026-11-23T09:55:00Z").has(live(5, "www.example.com")).doubt("new", "2026-11-23T09:55:00Z");
    CHECK(made(both).summary.blocked == 2);
  }
  SUBCASE("the lost create's manifest lies outside the given paths") {
    World world = World().want(desired("new", "www.example.com")).doubt("old", "2026-11-23T09:55:00Z");
    world.inputs.paths = {"certs/new.yaml"};
    CHECK(plan::make_plan(world.inputs)->summary.create == 0);
  }
  SUBCASE("the lost create's manifest moved to another contract, and a second one wants its place") {
    auto moved = desired("old", "www.example.com");
    moved.contract = "1-OTHER";
    auto second = desired("second", "www.example.com");
    second.lifecycle.allow_duplicate_cn = true;
    World world = World().want(moved).want(second).doubt("old", "2026-11-23T09:55:00Z");
    world.inputs.listings[{"", "1-OTHER"}] = {.contract = "1-OTHER", .api_schema = "v11"};
    CHECK(plan::make_plan(world.inputs)->summary.create == 0);
  }
  SUBCASE("another common name goes on") {
    CHECK(plan::make_plan(World().want(desired("new", "api.example.com")).doubt("old", "2026-11-23T09:55:00Z").inputs)
              ->summary.create == 1);
  }
}

TEST_CASE("plan: another contract's list says nothing about a lost create") {
  World world = World().doubt("www", "2026-11-20T09:50:00Z");
  auto moved = desired("www", "www.example.com");
  moved.contract = "1-OTHER";
  world.want(moved);
  world.inputs.listings[{"", "1-OTHER"}] = {
      .contract = "1-OTHER", .api_schema = "v11", .begun = parse_timestamp("2026-11-23T10:00:00Z").value()};
  CHECK(plan::make_plan(world.inputs)->summary.create == 0);
}

TEST_CASE("plan: what a lookup found is there for every manifest, although the list lags") {
  World world = World().want(desired("new", "www.example.com")).knows(entry("old", 1));
  world.inputs.lookups[1] = live(1, "www.example.com");
  world.inputs.paths = {"certs/new.yaml"};
  expect(world, "new blocked(adopt): looks like a rename: the state knows this enrollment as old\n0 unchanged");
}

TEST_CASE("plan: two manifests match one enrollment, and only one of them agrees with it: both are blocked") {
  expect(World()
             .want(desired("a", "www.example.com"))
             .want(desired("b", "www.example.com", R"("changeManagement":true)"))
             .has(live(1, "www.example.com", R"("changeManagement":false)")),
         "a blocked(adopt) 1: several manifests match enrollment 1: a, b\n"
         "b blocked(adopt) 1: several manifests match enrollment 1: a, b\n0 unchanged");
}

TEST_CASE("plan: all that is in doubt under one name has to be decided") {
  auto two = World().want(desired("www", "www.example.com")).doubt("www", "2026-11-20T09:50:00Z");
  two.doubt("www", "2026-11-23T09:58:00Z");
  two.inputs.open_intents.back().sequence = 8;
  CHECK(plan::make_plan(two.inputs)->summary.create == 0);
}

TEST_CASE("plan: a doubt that the list disproves holds no other manifest back") {
  World world = World().want(desired("new", "www.example.com")).doubt("old", "2026-11-23T09:50:00Z");
  CHECK(plan::make_plan(world.inputs)->summary.create == 1);
}

TEST_CASE("plan: several lost creates of one name are settled together") {
  auto const world = [] {
    World two = World().want(desired("www", "www.example.com")).doubt("www", "2026-11-20T09:50:00Z");
    two.doubt("www", "2026-11-21T09:50:00Z", {5});
    two.inputs.open_intents.back().sequence = 8;
    return two;
  };
  SUBCASE("nothing is there: disproven, both are closed") {
    auto const plan = plan::make_plan(world().inputs);
    CHECK(plan->items[0].action() == plan::Action::create);
    CHECK(plan->items[0].closes.not_done == std::vector<std::int64_t>{7, 8});
  }
  SUBCASE("the first made one, the second nothing: proven") {
    auto const plan = plan::make_plan(world().has(live(5, "www.example.com")).inputs);
    CHECK(plan->items[0].action() == plan::Action::adopt);
    CHECK(plan->items[0].id == 5);
  }
  SUBCASE("the state learned another way of what they made: all are closed at once") {
    World known =
        World().want(desired("www", "www.example.com")).has(live(5, "www.example.com")).knows(entry("www", 5));
    known.doubt("www", "2026-11-20T09:50:00Z").doubt("www", "2026-11-21T09:50:00Z");
    known.inputs.open_intents.back().sequence = 8;
    auto const item = made(known).items.at(0);
    CHECK(item.records());
    CHECK(item.closes.done == std::vector<std::int64_t>{7, 8});
  }
  SUBCASE("two are there: ambiguous") {
    auto const plan = plan::make_plan(world().has(live(5, "www.example.com")).has(live(6, "www.example.com")).inputs);
    CHECK(plan->summary.blocked == 1);
  }
}

TEST_CASE("plan: several lost creates of one name whose manifest is gone are one item") {
  auto const world = [] {
    World two = World().doubt("www", "2026-11-20T09:50:00Z");
    two.doubt("www", "2026-11-21T09:50:00Z", {5});
    two.inputs.open_intents.back().sequence = 8;
    return two;
  };
  SUBCASE("nothing is there: both are disproven") {
    auto const plan = plan::make_plan(world().inputs);
    REQUIRE(plan->items.size() == 1);
    CHECK(plan->items[0].action() == plan::Action::forget);
    CHECK(std::holds_alternative<plan::Disproved>(plan->items[0].work));
    CHECK(plan->items[0].closes.not_done == std::vector<std::int64_t>{7, 8});
  }
  SUBCASE("the first made one, the second nothing: it is recorded, and nothing loses it again") {
    auto const plan = plan::make_plan(world().has(live(5, "www.example.com")).inputs);
    REQUIRE(plan->items.size() == 1);
    CHECK(plan->items[0].action() == plan::Action::adopt);
    CHECK(plan->items[0].id == 5);
    CHECK(plan->items[0].closes.done == std::vector<std::int64_t>{7});
    CHECK(plan->items[0].closes.not_done == std::vector<std::int64_t>{8});
  }
  SUBCASE("two are there: a person has to say") {
    auto const plan = plan::make_plan(world().has(live(5, "www.example.com")).has(live(6, "www.example.com")).inputs);
    REQUIRE(plan->items.size() == 1);
    CHECK(plan->summary.blocked == 1);
  }
}

TEST_CASE("plan: a lifecycle in the state that cannot be read is an error of the state, not the usual policy") {
  World world = World().want(desired("www", "www.example.com")).has(live(1, "www.example.com"));
  for (char const* const text : {R"({"deletion":"perhaps"})", R"({"deletion":7})", "[]"}) {
    CAPTURE(text);
    state::Entry known = entry("www", 1);
    known.lifecycle = json::share(json::parse(text, "policy").value());
    world.inputs.entries.insert_or_assign("www", known);
    auto const plan = plan::make_plan(world.inputs);
    REQUIRE(!plan);
    CHECK(plan.error().code == Errc::io);
    CHECK(plan.error().message.find("the state's lifecycle of www cannot be read") != std::string::npos);
  }
}

TEST_CASE("plan: what was written lately is looked up where the list has it differ, and nothing else is") {
  struct Case {
    char const* title;
    char const* written;
    cps::Live listed;
    json::Ref wanted;
    json::Ref applied;
    bool looked_up;
  };
  constexpr char const* lately = "2026-11-23T09:55:01Z";
  json::Ref const off = document("www.example.com");
  json::Ref const on = different(1).document;
  std::vector<Case> const cases{
      {"nothing differs", lately, live(1, "www.example.com"), off, off, false},
      {"the list shows what was there before the write", lately, live(1, "www.example.com"), on, on, true},
      {"the list shows the write, and the manifest was edited since", lately, different(1), off, on, true},
      {"the list shows what was there before, and the manifest is that again", lately, live(1, "www.example.com"), off,
       on, true},
      {"the list cannot lag any more", "2026-11-23T09:55:00Z", live(1, "www.example.com"), on, on, false},
      {"nobody knows when it was written", "", live(1, "www.example.com"), on, on, false},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    auto wanted = desired("www", "www.example.com");
    wanted.enrollment = c.wanted;
    auto known = entry("www", 1);
    known.last_applied = c.applied;
    known.written = c.written;
    auto const lookups = plan::lookups_needed(World().want(wanted).has(c.listed).knows(known).inputs);
    REQUIRE(lookups.size() == (c.looked_up ? 1 : 0));
    if (c.looked_up) CHECK(lookups[0].why == plan::Lookup::Why::behind);
  }
  SUBCASE("a removal that the list does not show; of what is kept nobody asks") {
    auto removed = entry("www", 1);
    removed.written = lately;
    CHECK(plan::lookups_needed(World().has(different(1)).knows(removed).inputs).empty());
    removed.removal = {77};
    World world = World().has(live(1, "www.example.com")).knows(removed);
    CHECK(plan::lookups_needed(world.inputs).size() == 1);
    world.inputs.listings[scope].enrollments[0].pending = {{.id = {77}}};
    CHECK(plan::lookups_needed(world.inputs).empty());
  }
}

TEST_CASE("plan: what a lookup found stands for what the list says") {
  auto known = entry("www", 1);
  known.last_applied = different(1).document;
  known.written = "2026-11-23T09:59:00Z";
  auto wanted = desired("www", "www.example.com");
  wanted.enrollment = known.last_applied;
  World world = World().want(wanted).has(live(1, "www.example.com")).knows(known);
  auto lookups = plan::lookups_needed(world.inputs);
  auto const round = plan::next_round(lookups, world.inputs);
  REQUIRE(round.size() == 1);
  SUBCASE("the list lags: there is nothing to do") {
    plan::learn(world.inputs, round[0], different(1));
    expect(world, "1 unchanged");
  }
  SUBCASE("somebody changed it: that is changed back, and carried out on a look of its own") {
    cps::Live found = live(1, "www.example.com", R"("orgId":7)");
    found.begun = world.inputs.now;
    plan::learn(world.inputs, round[0], found);
    auto const plan = made(world);
    CHECK(plan.summary.update == 1);
    CHECK(plan.items.at(0).looked_up());
    CHECK(json::find(*plan.items[0].live.document, "orgId") != nullptr);
  }
  SUBCASE("it is gone") {
    plan::learn(world.inputs, round[0], std::nullopt);
    expect(world, "www blocked(create) 1: enrollment 1 was deleted outside cpsctl\n0 unchanged");
  }
  SUBCASE("it tells nothing about the account, however many there are") {
    std::vector<plan::Lookup> many(40, round[0]);
    CHECK(plan::next_round(many, world.inputs).size() == 40);
    CHECK(world.inputs.lookups.empty());
  }
}

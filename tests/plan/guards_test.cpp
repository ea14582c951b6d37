#include "plan/world.hpp"

using namespace plan_test;

namespace {

state::Entry deletable(std::string const& name, std::int64_t id, std::string const& common_name = "www.example.com") {
  state::Entry one = entry(name, id, common_name);
  one.lifecycle = json::share(json::parse(R"({"deletion":"delete"})", "policy").value());
  return one;
}

/// One enrollment whose manifest is gone and may be deleted, and another one that stays.
World removal(std::string const& more = "") {
  World world;
  world.want(desired("other", "other.example.com"))
      .has(live(9, "other.example.com"))
      .knows(entry("other", 9, "other.example.com"));
  return world.has(live(1, "www.example.com", more)).knows(deletable("www", 1));
}

std::string const in_production = R"("productionSlots":[7])";

cps::Live pending(cps::Live one, std::int64_t change, std::string const& type = "new-certificate") {
  one.pending = {{.id = {change}, .type = type}};
  return one;
}

/// Wants another value than the one live enrollment has, which was applied before.
World change(cps::Live one, manifest::Lifecycle lifecycle = {}) {
  World world;
  auto wanted = desired("www", "www.example.com", R"("changeManagement":true)");
  wanted.lifecycle = lifecycle;
  auto known = entry("www", 1);
  known.last_applied = document("www.example.com", R"("changeManagement":false)");
  return world.want(wanted).has(std::move(one)).knows(known);
}

cps::Live unchanged(std::string const& more = "") {
  return live(1, "www.example.com", R"("changeManagement":false)" + (more.empty() ? "" : "," + more));
}

}  // namespace

TEST_CASE("guards: a certificate is deleted only when everybody agrees") {
  struct Case {
    char const* title;
    std::function<void(World&)> with;
    char const* outcome;
  };
  auto const allow = [](World& world) {
    world.inputs.consent.allow_delete = true;
    world.inputs.consent.max_deletes = 1;
  };
  Case const cases[] = {
      {"without consent it stays", [](World&) {}, "blocked"},
      {"--allow-delete alone is not enough: --max-deletes is 0",
       [](World& world) { world.inputs.consent.allow_delete = true; }, "blocked"},
      {"--max-deletes alone is not enough", [](World& world) { world.inputs.consent.max_deletes = 9; }, "blocked"},
      {"with both it goes", allow, "delete"},
      {"its last applied policy was orphan",
       [&](World& world) {
         allow(world);
         world.knows(entry("www", 1));
       },
       "orphan"},
      {"the manifest lies outside the given paths",
       [&](World& world) {
         allow(world);
         world.inputs.paths = {"certs/other.yaml"};
       },
       "none"},
      {"it is not selected",
       [&](World& world) {
         allow(world);
         world.inputs.selection.names = {"other"};
       },
       "none"},
      {"nothing is wanted at all",
       [&](World& world) {
         allow(world);
         world.inputs.desired.clear();
       },
       "blocked"},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    World world = removal();
    c.with(world);
    auto const plan = planned(world);
    auto const item = std::ranges::find(plan.items, "www", &plan::ItemView::name);
    CHECK((item == plan.items.end() ? "none" : fields::word(item->action)) == c.outcome);
    CHECK(plan.summary.delete_ == (std::string(c.outcome) == "delete" ? 1 : 0));
  }
}

TEST_CASE("guards: what serves in production needs a consent by name") {
  World world = removal(in_production);
  world.inputs.consent = {.allow_delete = true, .max_deletes = 5};
  CHECK(planned(world).summary.delete_ == 0);
  world.inputs.consent.confirm_delete = {"other"};
  CHECK(planned(world).summary.delete_ == 0);
  world.inputs.consent.confirm_delete = {"www"};
  auto const plan = planned(world);
  CHECK(plan.summary.delete_ == 1);
  CHECK(plan.items[0].production);
  CHECK(plan.items[0].steps == std::vector<std::string>{"DELETE /enrollments/1"});
}

TEST_CASE("guards: more deletes than allowed: none of them is carried out") {
  World world = removal();
  world.has(live(2, "b.example.com")).knows(deletable("b", 2, "b.example.com"));
  world.inputs.consent = {.allow_delete = true, .max_deletes = 1};
  auto const plan = planned(world);
  CHECK(plan.summary.delete_ == 0);
  CHECK(plan.items[0].reason == "2 enrollments would be deleted, at most 1 may be");
  CHECK(plan.items[0].next == "if that is what you want, run with --allow-delete --max-deletes 2");
}

TEST_CASE("guards: a pending change blocks a delete, too") {
  World world = removal();
  world.inputs.consent = {.allow_delete = true, .max_deletes = 1};
  world.inputs.listings[scope].enrollments[1].pending = {{.id = {5}, .type = "renewal"}};
  CHECK(planned(world).summary.delete_ == 0);
  world.inputs.consent.on_pending = manifest::OnPendingChange::cancel;
  auto const plan = planned(world);
  CHECK(plan.summary.delete_ == 1);
  CHECK(plan.items[0].cancels == std::vector<std::int64_t>{5});
}

TEST_CASE("guards: a removal that is under way is shown and sends nothing") {
  World world = removal();
  world.inputs.consent = {.allow_delete = true, .max_deletes = 1};
  auto removing = deletable("www", 1);
  removing.removal = {77};
  world.knows(removing);
  auto& enrollment = world.inputs.listings[scope].enrollments[1];
  enrollment.pending = {{.id = {77}}};
  auto const plan = planned(world);
  CHECK(plan.items[0].action == plan::Action::delete_);
  CHECK(plan.items[0].steps.empty());
  SUBCASE("its manifest came back: nothing happens until it is gone") {
    world.want(desired("www", "www.example.com"));
    auto const back = planned(world);
    CHECK(back.items[0].action == plan::Action::blocked);
    CHECK(back.items[0].waits);
  }
  SUBCASE("its manifest came back, and it is gone: created again without further consent") {
    world.want(desired("www", "www.example.com")).gone(1);
    world.inputs.listings[scope].enrollments.pop_back();
    auto const back = planned(world);
    CHECK(back.items[0].action == plan::Action::create);
    CHECK(back.items[0].id == 0);
  }
  SUBCASE("it is gone: forgotten") {
    world.gone(1);
    world.inputs.listings[scope].enrollments.pop_back();
    CHECK(planned(world).items[0].action == plan::Action::forget);
  }
}

TEST_CASE("guards: somebody else's pending change is not ours to cancel") {
  using manifest::OnPendingChange;
  auto const world = [](OnPendingChange policy) {
    return change(pending(unchanged(), 5, "renewal"), {.on_pending_change = policy});
  };
  auto const refused = planned(world(OnPendingChange::refuse));
  CHECK(refused.items[0].reason == "change 5 (renewal) is pending at CPS");
  CHECK_FALSE(refused.items[0].waits);
  CHECK(planned(world(OnPendingChange::wait)).items[0].waits);
  SUBCASE("what was deployed: each change is cancelled by its own id, the newest first") {
    for (char const* const where : {"productionSlots", "stagingSlots"}) {
      auto deployed = pending(unchanged(fmt::format(R"("{}":[7])", where)), 5, "renewal");
      deployed.pending.push_back({.id = {6}});
      auto const item = planned(change(deployed, {.on_pending_change = OnPendingChange::cancel})).items.at(0);
      CHECK(item.steps == std::vector<std::string>{"GET /enrollments/1", "DELETE /enrollments/1/changes/6",
                                                   "DELETE /enrollments/1/changes/5; renewal", "GET /enrollments/1",
                                                   "PUT /enrollments/1"});
      CHECK(item.cancels == std::vector<std::int64_t>{6, 5});
    }
  }
  SUBCASE("what was never deployed: the first change of our own create goes with the write") {
    World own = change(pending(unchanged(), 5), {.on_pending_change = OnPendingChange::cancel});
    own.inputs.entries.at("www").changes = {5};
    auto const item = planned(own).items.at(0);
    CHECK(item.cancels == std::vector<std::int64_t>{5});
    CHECK(item.steps ==
          std::vector<std::string>{"GET /enrollments/1", "PUT /enrollments/1; cancels change 5 (new-certificate)"});
  }
  SUBCASE("what was never deployed, and the change is not ours: the enrollment would go with it") {
    auto const item = planned(world(OnPendingChange::cancel)).items.at(0);
    CHECK(item.action == plan::Action::blocked);
    CHECK(item.waits);
    CHECK(item.reason == "waits for change 5 (renewal) to end: cancelling it would remove the enrollment");
  }
  SUBCASE("the flag comes before the manifest") {
    World strict = world(OnPendingChange::cancel);
    strict.inputs.consent.on_pending = OnPendingChange::refuse;
    CHECK(planned(strict).summary.blocked == 1);
  }
  SUBCASE("without a difference it is a note, and nothing waits") {
    World quiet;
    quiet.want(desired("www", "www.example.com")).has(pending(live(1, "www.example.com"), 5)).knows(entry("www", 1));
    CHECK(planned(quiet).items[0].action == plan::Action::none);
    CHECK_FALSE(planned(quiet).work());
  }
}

TEST_CASE("guards: inside the renewal window a change needs consent by name") {
  World world = change(unchanged(R"("autoRenewalStartTime":"2026-11-23T09:59:59Z")"));
  CHECK(planned(world).items[0].reason ==
        "it is in its renewal window since 2026-11-23T09:59:59Z: CPS refuses changes");
  world.inputs.consent.override_renewal_window = {"www"};
  CHECK(planned(world).items[0].overrides_renewal_window);
  CHECK(planned(change(unchanged(R"("autoRenewalStartTime":"2026-11-23T10:00:01Z")"))).summary.update == 1);
}

TEST_CASE("guards: more changes than allowed: none of them is carried out") {
  World world = change(unchanged());
  CHECK(planned(world).summary.update == 1);
  world.inputs.consent.max_changes = 0;
  auto const plan = planned(world);
  CHECK(plan.summary.update == 0);
  CHECK(plan.items[0].reason == "1 enrollment would be changed or deleted, at most 0 may be in one run");
  SUBCASE("a part is one at least, of however few") {
    world.inputs.consent = {.max_changes_percent = 5};
    CHECK(planned(world).summary.update == 1);
    world.inputs.consent.max_changes_percent = 0;
    CHECK(planned(world).summary.update == 0);
    world.inputs.consent.max_changes_percent = 5;
    for (int i = 2; i <= 20; ++i) {
      std::string const name = fmt::format("n{}.example.com", i);
      world.want(desired(fmt::format("n{}", i), name)).has(live(i, name)).knows(entry(fmt::format("n{}", i), i, name));
    }
    CHECK(planned(world).summary.update == 1);  // 5 % of 20 is one
    World two = world;
    two.want(desired("b", "b.example.com", R"("changeManagement":true)"))
        .has(live(30, "b.example.com"))
        .knows(entry("b", 30, "b.example.com"));
    INFO(planned(two).summary.update);
    CHECK(planned(two).summary.update == 0);  // 5 % of 21 is one, too
  }
  SUBCASE("creates do not count") {
    world.inputs.desired = {desired("new", "new.example.com")};
    world.inputs.paths = {"certs/new.yaml"};
    CHECK(planned(world).summary.create == 1);
  }
}

TEST_CASE("guards: what was deleted outside cpsctl is not created again by itself") {
  World world = World().want(desired("www", "www.example.com")).knows(entry("www", 1)).gone(1);
  CHECK(planned(world).items[0].next ==
        "check that account, section and sandbox are the right ones; then remove the manifest, or consent to a new one "
        "with --recreate www");
  world.inputs.consent.recreate = {"www"};
  auto const plan = planned(world);
  CHECK(plan.items[0].action == plan::Action::create);
  CHECK(plan.items[0].id == 0);
  CHECK(plan.items[0].reason == "enrollment 1 was deleted outside cpsctl");
  SUBCASE("not while an earlier one of these creates is in doubt") {
    world.doubt("www", "2026-11-23T09:58:00Z");
    CHECK(planned(world).summary.create == 0);
  }
  SUBCASE("somebody made one by hand: that is taken over instead") {
    world.has(live(5, "www.example.com"));
    CHECK(planned(world).items[0].action == plan::Action::adopt);
    CHECK(planned(world).items[0].id == 5);
  }
}

TEST_CASE("guards: a wrong account, where everything is gone, loses neither certificates nor ids") {
  World world;
  for (int i = 1; i <= 40; ++i) {
    std::string const name = fmt::format("n{}", i);
    world.knows(entry(name, i, name + ".example.com"));
    if (i > 20) world.want(desired(name, name + ".example.com"));
  }
  world.want(desired("zzz", "zzz.example.com"));
  int asked = 0;
  for (auto lookups = plan::lookups_needed(world.inputs); !lookups.empty();)
    for (plan::Lookup const& lookup : plan::next_round(lookups, world.inputs)) {
      world.gone(lookup.id);
      ++asked;
    }
  CHECK(asked == 5);  // more than 10 % are gone: nobody asks for the other 35
  auto const plan = planned(world);
  CHECK(plan.summary.create == 0);
  CHECK(plan.summary.forget == 0);
  CHECK(plan.summary.blocked == 41);
  CHECK_FALSE(plan.work());
}

TEST_CASE("guards: a handful of 404s is enough of an account of thousands; where lists lag, each is asked for") {
  World world;
  for (int i = 1; i <= 2000; ++i) {
    std::string const name = fmt::format("n{:04}", i);
    world.knows(entry(name, i, name + ".example.com"));
  }
  bool gone = true;
  int expected = 5;
  SUBCASE("all are gone") {}
  SUBCASE("none is: the list lagged") {
    gone = false;
    expected = 2000;
  }
  int asked = 0;
  for (auto lookups = plan::lookups_needed(world.inputs); !lookups.empty();)
    for (plan::Lookup const& lookup : plan::next_round(lookups, world.inputs)) {
      if (gone)
        world.gone(lookup.id);
      else
        world.inputs.lookups[lookup.id] = live(static_cast<int>(lookup.id), lookup.name + ".example.com");
      ++asked;
    }
  CHECK(asked == expected);
}

TEST_CASE("guards: a partial plan says so, and leaves alone what it did not look at") {
  World world;
  auto a = desired("a", "a.example.com");
  a.labels = {{"team", "web"}};
  auto b = desired("b", "b.example.com");
  b.contract = "1-OTHER";
  world.want(a).want(b).knows(entry("gone", 3, "gone.example.com"));
  world.has(live(3, "gone.example.com"));
  SUBCASE("by label") {
    world.inputs.selection.labels = {{"team", "web"}};
  }
  SUBCASE("by name") {
    world.inputs.selection.names = {"a*"};
  }
  SUBCASE("by name and contract") {
    world.inputs.selection.names = {"*"};
    world.inputs.selection.contracts = {contract};
    world.inputs.entries.clear();
  }
  CHECK(plan::scopes(world.inputs) == std::map<plan::Scope, std::string>{{scope, "v11"}});
  auto const plan = planned(world);
  REQUIRE(plan.items.size() == 1);
  CHECK(plan.items[0].name == "a");
  CHECK(plan.summary.left_out >= 1);
}

TEST_CASE("guards: a create in doubt without a manifest is selected by the labels that it had") {
  World world = World().doubt("www", "2026-11-23T09:55:00Z");
  state::Entry sent = *world.inputs.open_intents.at(0).entry;
  sent.labels = {{"team", "web"}};
  world.inputs.open_intents[0].entry = std::make_shared<state::Entry const>(sent);
  world.inputs.selection.labels = {{"team", "web"}};
  CHECK(planned(world).items.size() == 1);
  world.inputs.selection.labels = {{"team", "mail"}};
  CHECK(planned(world).items.empty());
}

TEST_CASE("guards: a delete is of the enrollment that the state means, and shows the name that CPS has") {
  auto const removed = [](state::Entry known, cps::Live one) {
    World world;
    world.want(desired("other", "other.example.com"))
        .has(live(9, "other.example.com"))
        .knows(entry("other", 9, "other.example.com"));
    known.lifecycle = json::share(json::parse(R"({"deletion":"delete"})", "policy").value());
    world.has(std::move(one)).knows(std::move(known));
    world.inputs.consent = {.allow_delete = true, .max_deletes = 1};
    return planned(world).items.at(0);
  };
  SUBCASE("another common name") {
    auto const item = removed(entry("old", 1, "obsolete.example.com"), live(1, "payroll.example.com"));
    CHECK(item.action == plan::Action::blocked);
    CHECK(item.common_name == "payroll.example.com");
    CHECK(item.reason ==
          "enrollment 1 has the common name payroll.example.com at CPS, and the state says obsolete.example.com");
  }
  SUBCASE("another kind") {
    auto known = entry("old", 1);
    json::Document applied = json::clone(*known.last_applied);
    json::find(applied, "validationType")->SetString("ov");
    known.last_applied = json::share(applied);
    CHECK(removed(known, live(1, "www.example.com")).reason ==
          "enrollment 1 has the kind dv at CPS, and the state says ov");
  }
  SUBCASE("the same in another spelling") {
    CHECK(removed(entry("old", 1, "WWW.example.com."), live(1, "www.example.com")).action == plan::Action::delete_);
  }
}

TEST_CASE("guards: what CPS or a CA refuses keeps back what would send it, and nothing else") {
  auto wanted = desired("www", "www.example.com");
  wanted.refusals = {{.pointer = "/csr/o", .message = "csr.o: has 65 bytes", .hint = "shorten it"}};
  World world;
  SUBCASE("a create sends all of it") {
    auto const plan = planned(world.want(wanted));
    CHECK(plan.items[0].action == plan::Action::blocked);
    CHECK(plan.items[0].wanted == plan::Action::create);
    CHECK(plan.items[0].reason == "csr.o: has 65 bytes");
    CHECK(plan.items[0].next == "shorten it");
  }
  SUBCASE("what exists and agrees is unchanged") {
    CHECK(planned(world.want(wanted).knows(entry("www", 1)).has(live(1, "www.example.com"))).summary.unchanged == 1);
  }
  SUBCASE("what exists is adopted") {
    CHECK(planned(world.want(wanted).has(live(1, "www.example.com"))).summary.adopt == 1);
  }
  SUBCASE("another field of it can be changed") {
    auto const plan = planned(world.want(wanted).knows(entry("www", 1)).has(different(1)));
    CHECK(plan.summary.update == 1);
  }
  SUBCASE("the field itself cannot") {
    wanted.refusals[0].pointer = "/networkConfiguration/quicEnabled";
    CHECK(planned(world.want(wanted).knows(entry("www", 1)).has(different(1))).summary.blocked == 1);
  }
}

TEST_CASE("guards: a removal that did not happen is forgotten, so that it excuses nothing later") {
  World world = change(unchanged(), {});
  world.inputs.desired.at(0).enrollment = world.inputs.entries.at("www").last_applied;
  world.inputs.entries.at("www").removal = {77};
  plan::Plan const plan = made(world);
  REQUIRE(plan.items.size() == 1);
  CHECK(plan.items[0].records());
  CHECK(plan.items[0].reason == "its removal, which was sent before, has not happened");
}

TEST_CASE("guards: what is on hold is not written, and says why; the state still learns of it") {
  auto const held = [](World world) {
    for (auto& one : world.inputs.desired) one.lifecycle.hold = "frozen for the launch";
    return world;
  };
  auto const update = planned(held(change(unchanged(), {}))).items.at(0);
  CHECK(update.action == plan::Action::blocked);
  CHECK(update.wanted == plan::Action::update);
  CHECK(update.reason == "on hold: frozen for the launch");
  CHECK(update.next == "take spec.lifecycle.hold out of the manifest when it may go on");
  CHECK(update.steps.empty());
}

TEST_CASE("guards: more names than CPS allows the enrollment are not sent") {
  World world;
  auto const with_sans = [](char const* sans) {
    auto one = desired("www", "www.example.com");
    json::Document changed = json::clone(*one.enrollment);
    *json::find(*json::find(changed, "csr"), "sans") =
        json::Value(*json::find(json::parse(fmt::format(R"({{"sans":[{}]}})", sans), "sans").value(), "sans"),
                    changed.GetAllocator());
    one.enrollment = json::share(changed);
    return one;
  };
  world.knows(entry("www", 1))
      .has(live(1, "www.example.com", R"("maxAllowedSanNames":3,"maxAllowedWildcardSanNames":1)"));
  SUBCASE("as many as it allows") {
    CHECK(planned(world.want(with_sans(R"("WWW.example.com.","a.example.com","*.b.example.com")"))).summary.update ==
          1);
  }
  SUBCASE("one more") {
    auto const plan = planned(world.want(with_sans(R"("a.example.com","b.example.com","c.example.com")")));
    REQUIRE(plan.summary.blocked == 1);
    CHECK(plan.items[0].reason == "it would have 4 names, and CPS allows this enrollment 3");
  }
  SUBCASE("one wildcard more") {
    auto const plan = planned(world.want(with_sans(R"("*.a.example.com","*.b.example.com")")));
    REQUIRE(plan.summary.blocked == 1);
    CHECK(plan.items[0].reason == "it would have 2 wildcard names, and CPS allows this enrollment 1");
  }
}

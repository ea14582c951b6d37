#include "apply/basis.hpp"

#include "plan/world.hpp"

using namespace plan_test;
using namespace cpsctl::apply;
using cpsctl::manifest::OnPendingChange;

namespace {

cps::PendingChange change(std::int64_t id) {
  return {.id = {id}, .type = "new-certificate"};
}

/// An update of enrollment 1. `pending`: what it gives up.
plan::Item updating(std::vector<std::int64_t> const& pending = {}) {
  World world;
  auto one = desired("www", "www.example.com", R"("orgId":7)");
  one.lifecycle.on_pending_change = OnPendingChange::cancel;
  auto now = live(1, "www.example.com", R"("productionSlots":[1])");
  for (std::int64_t const id : pending) now.pending.push_back(change(id));
  auto const made = plan_test::made(world.want(one).has(now).knows(entry("www", 1)));
  REQUIRE(std::holds_alternative<plan::Update>(made.items.at(0).work));
  return made.items.at(0);
}

Errc code_of(Result<> const& result) {
  return result ? Errc::internal : result.error().code;
}

}  // namespace

TEST_CASE("basis: an enrollment is what was planned on, has changed, or is gone") {
  plan::Item const item = updating();
  CHECK(check_unmoved(item, item.live));
  CHECK(code_of(check_unmoved(item, {.id = {1}, .document = document("www.example.com", R"("orgId":9)")})) ==
        Errc::stale);
  CHECK(code_of(check_unmoved(item, {.id = {2}, .document = item.live.document})) == Errc::stale);
  CHECK(code_of(check_unmoved(item, {})) == Errc::not_found);
}

TEST_CASE("basis: after the plan's cancels only they may have changed it") {
  plan::Item const item = updating({5, 6});
  cps::Live now = item.live;
  std::set<std::int64_t> const done{6};
  SUBCASE("what is still to be cancelled may be pending") {
    now.pending = {change(5)};
    CHECK(check_without(done, item, now));
  }
  SUBCASE("nothing is pending any more") {
    now.pending.clear();
    CHECK(check_without(done, item, now));
  }
  SUBCASE("one of them is still being cancelled") {
    now.pending = {change(6)};
    CHECK(code_of(check_without(done, item, now)) == Errc::conflict);
  }
  SUBCASE("another change has begun") {
    now.pending = {change(7)};
    CHECK(code_of(check_without(done, item, now)) == Errc::stale);
  }
  SUBCASE("the cancel brought back another enrollment") {
    now.pending.clear();
    now.document = document("www.example.com", R"("productionSlots":[1],"changeManagement":true)");
    CHECK(code_of(check_without(done, item, now)) == Errc::stale);
  }
}

TEST_CASE("basis: an enrollment of the same name that appeared since the plan is somebody's, unless this run made it") {
  World world;
  auto duplicate = desired("www", "www.example.com");
  duplicate.lifecycle.allow_duplicate_cn = true;
  auto const other = live(3, "www.example.com");
  plan::Item const item = plan_test::made(world.want(duplicate).has(other).knows(entry("other", 3))).items.at(0);
  auto const nobody = [](std::int64_t) { return false; };
  CHECK(check_none_appeared(item, {}, nobody));
  CHECK(check_none_appeared(item, item.known_ids, nobody));
  CHECK(code_of(check_none_appeared(item, {8, 9}, nobody)) == Errc::stale);
  CHECK(check_none_appeared(item, {8, 9}, nobody).error().message ==
        "somebody created 8, 9 with this common name since it was planned");
  CHECK(check_none_appeared(item, {8}, [](std::int64_t id) { return id == 8; }));
}

TEST_CASE("basis: a second write cancels the first change of its own create, and no other") {
  cps::Live now = live(1, "www.example.com");
  CHECK(own_first_change(now, {5}).value() == false);
  now.pending = {change(5)};
  CHECK(own_first_change(now, {5}).value() == true);
  CHECK_FALSE(own_first_change(now, {}).has_value());
  CHECK_FALSE(own_first_change(now, {6}).has_value());
  now.pending = {change(5), change(6)};
  CHECK(own_first_change(now, {5}).error().code == Errc::conflict);
}

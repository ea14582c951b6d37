// From when until when certificates are valid: what the state knows, and what is asked.
#include "plan/dates.hpp"

#include "plan/pending.hpp"

using namespace plan_test;

namespace {

constexpr char const* serves = R"("productionSlots":[7])";
constexpr char const* end = "2027-01-17T00:00:00Z";

std::vector<state::Dates> until(std::string const& day) {
  return {{.network = "production", .algorithm = "RSA", .not_after = day}};
}

/// www serves a certificate in production, of which the state knows this.
World serving(state::Certificates certificates = {}, std::string const& more = serves) {
  World world;
  state::Entry known = entry("www", 1);
  known.certificates = std::move(certificates);
  world.has(live(1, "www.example.com", more)).knows(std::move(known));
  world.inputs.now = noon;
  return world;
}

state::Certificates known(std::vector<std::int64_t> ended = {}) {
  return {
      .learned = timestamp(noon - 1h), .listed = timestamp(noon - 1h), .ended = std::move(ended), .dates = until(end)};
}

std::optional<WallTime> end_in(World const& world) {
  auto const ends = plan::live_ends(world.inputs).value();
  auto const found = ends.find(1);
  return found == ends.end() ? std::nullopt : std::optional(found->second);
}

cps::Live& listed(World& world) {
  return world.inputs.listings[scope].enrollments.front();
}

}  // namespace

TEST_CASE("dates: what the state knows counts until a change has ended, or CPS renews at another time") {
  WallTime const ends = parse_timestamp(end).value();
  World world = serving(known());
  state::Entry& entry = world.inputs.entries.at("www");
  CHECK(end_in(world) == ends);
  SUBCASE("a change that is pending changes nothing yet") {
    entry.watches = {{.change = 10}};
    listed(world).pending = {{.id = {10}}};
    CHECK(end_in(world) == ends);
    CHECK(plan::dates_wanted(world.inputs)->one_by_one.empty());
    listed(world).pending.clear();
    CHECK_FALSE(end_in(world));
    CHECK(plan::dates_wanted(world.inputs)->one_by_one == std::vector<std::string>{"www"});
  }
  SUBCASE("one that had ended before they were learned") {
    entry.certificates.ended = {10};
    entry.changes = {10};
    CHECK(end_in(world) == ends);
  }
  SUBCASE("one of ours that the list may not show yet has not ended") {
    entry.changes = {10};
    entry.written = timestamp(world.inputs.listings[scope].begun - 1s);
    CHECK(end_in(world) == ends);
    entry.written = timestamp(world.inputs.listings[scope].begun - world.inputs.settle);
    CHECK_FALSE(end_in(world));
  }
  SUBCASE("another time for its renewal tells of another certificate") {
    listed(world) =
        live(1, "www.example.com", std::string(serves) + R"(,"autoRenewalStartTime":"2027-02-01T00:00:00Z")");
    CHECK_FALSE(end_in(world));
  }
  SUBCASE("what serves no more has no dates") {
    listed(world) = live(1, "www.example.com");
    CHECK_FALSE(end_in(world));
  }
}

TEST_CASE("dates: the earliest end in production counts") {
  std::vector<state::Dates> dates{{.network = "staging", .not_after = "2026-12-01T00:00:00Z"},
                                  {.network = "production", .algorithm = "RSA", .not_after = "2027-02-01T00:00:00Z"},
                                  {.network = "production", .algorithm = "ECDSA", .not_after = end},
                                  {.network = "production", .not_after = "soon"}};
  CHECK(plan::production_end(dates) == parse_timestamp(end).value());
  CHECK_FALSE(plan::production_end({}));
}

TEST_CASE("dates: a contract's list is asked for once a day, and what it told is not asked again") {
  World world = serving();
  world.knows(entry("api", 2)).has(live(2, "api.example.com"));  // serves nothing yet
  auto wanted = plan::dates_wanted(world.inputs).value();
  CHECK(wanted.contracts == std::set<plan::Scope>{scope});
  CHECK(wanted.one_by_one.empty());

  REQUIRE(plan::learn_dates(world.inputs, {{.name = "www", .dates = until(end)}}, scope).has_value());
  CHECK(end_in(world) == parse_timestamp(end).value());
  wanted = plan::dates_wanted(world.inputs).value();
  CHECK(wanted.contracts.empty());
  CHECK(wanted.one_by_one.empty());

  world.inputs.now = noon + 23h;
  CHECK(plan::dates_wanted(world.inputs)->contracts.empty());
  world.inputs.now = noon + 24h;
  CHECK(plan::dates_wanted(world.inputs)->contracts.size() == 1);
  world.inputs.now = noon - 1h;  // a state from a machine whose clock was ahead
  CHECK(plan::dates_wanted(world.inputs)->contracts.size() == 1);
}

TEST_CASE("dates: what the list does not tell is asked for one by one; what serves nothing is not") {
  World world = serving();
  REQUIRE(plan::learn_dates(world.inputs, {}, scope).has_value());
  CHECK(plan::dates_wanted(world.inputs)->one_by_one == std::vector<std::string>{"www"});
  world.inputs.only = std::set<std::string>{"api"};
  CHECK(plan::dates_wanted(world.inputs)->one_by_one.empty());
  World const idle = serving({}, R"("stagingSlots":[7])");
  CHECK(plan::dates_wanted(idle.inputs)->contracts.empty());
  CHECK(plan::dates_wanted(idle.inputs)->one_by_one.empty());
}

TEST_CASE("dates: the list says less, and takes nothing away unless a certificate ends at another time") {
  World world = serving(known());
  state::Certificates const& certificates = world.inputs.entries.at("www").certificates;
  auto const list = [&](std::string const& day) {
    std::vector<state::Dates> dates{{.network = "production", .not_after = day}};
    REQUIRE(plan::learn_dates(world.inputs, {{.name = "www", .dates = std::move(dates)}}, scope).has_value());
  };
  list(end);
  CHECK(certificates.dates == until(end));
  list("2027-06-01T00:00:00Z");
  CHECK(certificates.dates.front().algorithm.empty());
  CHECK(end_in(world) == parse_timestamp("2027-06-01T00:00:00Z").value());
}

TEST_CASE("dates: the journal learns of those that are new, beside what was seen of changes") {
  World world = serving();
  world.inputs.entries.at("www").watches = {{.change = 10}};
  auto const before = world.inputs.entries;
  CHECK(plan::dates_news(world.inputs, before).empty());
  REQUIRE(plan::learn_dates(world.inputs, {{.name = "www", .dates = until(end)}}).has_value());
  auto const news = plan::dates_news(world.inputs, before);
  REQUIRE(news.size() == 1);
  CHECK(news.front().phase == state::Phase::watched);
  CHECK(news.front().watches == before.at("www").watches);
  REQUIRE(news.front().certificates);
  CHECK(news.front().certificates->ended == std::vector<std::int64_t>{10});
  CHECK(news.front().certificates->dates == until(end));
}

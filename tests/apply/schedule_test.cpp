// Other dates for a deployment of ours that is under way: sent once, whatever becomes of what CPS says to them.
#include "apply/bench.hpp"

using namespace apply_test;

namespace {

/// An enrollment whose change waits for a person, and whose manifest has got another date since.
struct Dated : Bench {
  Dated() {
    serve({.inputs = sandbox::Inputs::wait});
    manifests = {desired("a")};
    REQUIRE(outcomes(apply()) == "a done\n");
    looks = true;
    client->calls.clear();
    want("2099-01-02");
  }
  void want(char const* day) { manifests.front().deploy.not_before = parse_day(day).value(); }
  std::int64_t change() { return state().entries.at("a").changes.at(0); }
  std::ptrdiff_t writes() const { return sent("PUT"); }
  cps::Schedule at_cps() {
    cps::Session own = session();
    cps::ChangeReader reader(own);
    return loop.run(reader.schedule({.subject = "a", .enrollment = {state().entries.at("a").id}, .change = {change()}}))
        .value();
  }
};

bool dates(http::Request const& request) {
  return request.method == "PUT";
}

/// What became of the enrollment; its change has an item of its own, which waits for a person.
std::string dated(Result<apply::ApplyResult> result) {
  REQUIRE(result.has_value());
  std::erase_if(result->items, [](auto const& item) { return item.part == plan::Part::change; });
  return outcomes(result);
}

Error answered(Errc code) {
  return Error{.code = code, .message = "409", .reached = Reached::no};
}

}  // namespace

TEST_CASE("schedule: it is sent once, its change stays ours, and the next run is quiet") {
  Dated bench;
  std::int64_t const change = bench.change();
  auto const result = bench.apply();
  CHECK(dated(result) == "a done\n");
  CHECK(result->items[0].changes == std::vector{change});
  CHECK(bench.writes() == 1);
  CHECK(bench.at_cps().not_before == "2099-01-02T00:00:00Z");
  CHECK(bench.at_cps().not_after.empty());
  CHECK(bench.change() == change);
  CHECK(bench.state().entries.at("a").deploy.not_before == "2099-01-02");
  CHECK(bench.state().open_intents.empty());
  CHECK(bench.state().history.back().what == state::Happened::rescheduled);
  CHECK(bench.state().history.back().reason == "not before 2099-01-02");
  CHECK(dated(bench.apply()) == "");
  CHECK(bench.writes() == 1);

  bench.manifests.front().deploy = {.not_after = parse_day("2099-02-03").value()};
  CHECK(dated(bench.apply()) == "a done\n");
  CHECK(bench.at_cps().not_before.empty());
  CHECK(bench.at_cps().not_after == "2099-02-03T23:59:59Z");
  bench.manifests.front().deploy = {};
  CHECK(dated(bench.apply()) == "a done\n");
  CHECK(bench.at_cps().not_after.empty());
  CHECK(dated(bench.apply()) == "");
}

TEST_CASE("schedule: its reply is lost, and CPS has taken it: the next run knows, and sends nothing") {
  Dated bench;
  std::int64_t const change = bench.change();
  bench.client->after = [](http::Request const& request, Result<http::Response> response) -> Result<http::Response> {
    if (dates(request)) return lost();
    return response;
  };
  auto const result = bench.apply();
  CHECK(dated(result) == "a doubt\n");
  CHECK_FALSE(result->items[0].again);
  CHECK(bench.state().open_intents.size() == 1);
  bench.client->after = {};
  CHECK(dated(bench.apply()) == "a done\n");
  CHECK(bench.writes() == 1);
  CHECK(bench.state().open_intents.empty());
  CHECK(bench.state().history.back().what == state::Happened::rescheduled);
  CHECK(bench.change() == change);
  CHECK(dated(bench.apply()) == "");
}

TEST_CASE("schedule: it was lost on its way: sent again once the attempt is over") {
  Dated bench;
  bench.client->instead = [](http::Request const& request) -> std::optional<Result<http::Response>> {
    if (!dates(request)) return std::nullopt;
    return Result<http::Response>(lost());
  };
  CHECK(dated(bench.apply()) == "a doubt\n");
  CHECK(bench.at_cps().not_before.empty());
  bench.client->instead = {};
  bench.time_passed = std::chrono::minutes(5);
  CHECK(dated(bench.apply()) == "a done\n");
  CHECK(bench.writes() == 2);
  CHECK(bench.at_cps().not_before == "2099-01-02T00:00:00Z");
  CHECK(bench.state().open_intents.empty());
}

TEST_CASE("schedule: CPS says that it is too late: stale, and nothing is recorded") {
  Dated bench;
  bench.client->instead = [](http::Request const& request) -> std::optional<Result<http::Response>> {
    if (!dates(request)) return std::nullopt;
    return Result<http::Response>(answered(Errc::conflict));
  };
  auto const result = bench.apply();
  CHECK(dated(result) == "a stale\n");
  CHECK(result->items[0].message.find("CPS takes no other dates for change") != std::string::npos);
  CHECK(bench.state().open_intents.empty());
  CHECK(bench.state().entries.at("a").deploy.not_before.empty());
}

TEST_CASE("schedule: what moved since the plan is not written over") {
  Dated bench;
  bench.between = [&bench] {
    cps::Session own = bench.session();
    cps::ChangeWriter writer(own);
    cps::ScheduleRequest other{
        .ref = {.subject = "a", .enrollment = {bench.state().entries.at("a").id}, .change = {bench.change()}},
        .not_before = parse_timestamp("2099-05-05T00:00:00Z").value()};
    REQUIRE(bench.loop.run(writer.reschedule(std::move(other))).has_value());
  };
  auto const result = bench.apply();
  CHECK(dated(result) == "a stale\n");
  CHECK(bench.at_cps().not_before == "2099-05-05T00:00:00Z");
}

#include "sandbox/timeline.hpp"

#include "support_changes.hpp"
#include "support_server.hpp"

#include <doctest/doctest.h>

namespace cpsctl::sandbox::test {
namespace {

using namespace std::chrono_literals;

TEST_CASE("timeline: the real time, faster, moved on, and never back") {
  WallTime const real = parse_timestamp("2026-11-23T10:00:00Z").value();
  struct Case {
    char const* title;
    std::optional<Timeline> earlier;
    std::int64_t speed;
    Duration forward;
    Duration later;  ///< after the start, in real time
    char const* shown;
  };
  Timeline const ran{.real = "2026-11-23T09:00:00Z", .shown = "2026-12-01T00:00:00Z", .speed = 24};
  Timeline const set_back{.real = "2026-11-23T11:00:00Z", .shown = "2026-12-01T00:00:00Z", .speed = 24};
  Case const cases[] = {
      {"real", {}, 1, 0s, 1h, "2026-11-23T11:00:00Z"},
      {"sixty times as fast", {}, 60, 0s, 1h, "2026-11-25T22:00:00Z"},
      {"moved on", {}, 1, 48h, 1h, "2026-11-25T11:00:00Z"},
      {"it went on at its speed while nobody looked", ran, 1, 0s, 0s, "2026-12-02T00:00:00Z"},
      {"and goes on at the real one", ran, 1, 0s, 1h, "2026-12-02T01:00:00Z"},
      {"moved on once more", ran, 1, 24h, 0s, "2026-12-03T00:00:00Z"},
      {"a real clock that was set back", set_back, 1, 0s, 0s, "2026-12-01T00:00:00Z"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      auto const timeline = continued(c.earlier, real, c.speed, c.forward);
      CHECK(timestamp(shown_at(timeline, real + c.later)) == c.shown);
    }
  }
}

TEST_CASE("timeline: changes follow the sandbox's time, signatures the real one") {
  Bench bench({.pace = Pace::usual, .inputs = Inputs::wait, .speed = 60});
  REQUIRE(bench.post(dv_body).status == 202);
  Pending const change{bench};
  CHECK(change.stands() == "pre-verification-safety-checks running");
  bench.clock.pass(1s);
  CHECK(change.stands() == "coordinate-domain-validation awaiting-input");
  REQUIRE(change.acknowledge("lets-encrypt-challenges-completed").status == 200);
  bench.clock.pass(1min);
  Response const live = bench.get(10001);
  CHECK(at(live.body, "/productionSlots") == "[10001]");
  CHECK(live.delivery.skew == Duration(61min - 61s));
  CHECK(text_at(live.body, "/autoRenewalStartTime") == "2027-02-01T10:18:00Z");

  bench.behaviour = {.forward = 70 * 24h};
  bench.restart();
  CHECK(bench.put(10001, bench.get(10001).body, "force-renewal=true").status == 409);
  bench.behaviour = {};
  bench.restart();
  CHECK(slug(bench.put(10001, bench.get(10001).body, "force-renewal=true")) == "renewal-in-progress");
}

TEST_CASE("timeline: a running server is moved on, and its clients go on signing") {
  Folder const folder;
  auto const server =
      Server::start({.folder = folder.path, .behaviour = {.pace = Pace::usual, .inputs = Inputs::wait}});
  REQUIRE(server);
  auto const known = read_credentials(**server);
  auto const status = [&] {
    Answers const answers = converse(**server, {signed_for(known, "GET", change_path(10001, 10001))});
    REQUIRE(answers.last);
    return text_at(answers.last->body, "/statusInfo/status");
  };
  REQUIRE(converse(**server, {signed_for(known, "POST", "/cps/v2/enrollments?contractId=C-1", dv_body)}).statuses ==
          std::vector<int>{202});
  CHECK(status() == "pre-verification-safety-checks");
  REQUIRE((*server)->forward(1min));
  CHECK(status() == "coordinate-domain-validation");
  (*server)->stop();
  CHECK((*server)->forward(1min));
}

TEST_CASE("timeline: over the wire, the Date is the sandbox's") {
  Folder const folder;
  auto const server = Server::start({.folder = folder.path, .behaviour = {.forward = 30 * 24h}});
  REQUIRE(server);
  WallTime const now = system_clock().wall();
  Answers const answers =
      converse(**server, {signed_for(read_credentials(**server), "GET", "/cps/v2/enrollments?contractId=C-1")});
  REQUIRE(answers.last);
  CHECK(answers.last->status == 200);
  std::string const date = std::string(answers.last->header("Date"));
  bool later = false;  // within two minutes: a busy machine is slow
  for (int seconds = 0; seconds < 120; ++seconds)
    later = later || date == http_date(now + 30 * 24h + std::chrono::seconds(seconds));
  CAPTURE(date);
  CHECK(later);
}

}  // namespace
}  // namespace cpsctl::sandbox::test

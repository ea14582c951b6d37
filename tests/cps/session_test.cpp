#include "cps/session.hpp"

#include "cps/api.hpp"
#include "cps/bench.hpp"

#include <deque>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace cpsctl::test;
using namespace std::chrono_literals;

namespace {

constexpr char const* status_body =
    R"({"enrollment":"/cps/v2/enrollments/7","changes":["/cps/v2/enrollments/7/changes/8"]})";
constexpr char const* burst = R"({"title":"Bad request","detail":"denied by IPBLOCK-BURST4-54013"})";

cps::Call reading() {
  return {.path = "/enrollments/7", .accept = "a/b", .subject = "www"};
}

cps::Call writing(std::string method) {
  return {.method = std::move(method),
          .path = "/enrollments",
          .accept = "a/b",
          .content_type = "c/d",
          .body = "{}",
          .repeat = cps::Repeat::after_refusal,
          .subject = "www"};
}

cps::CreateRequest everything() {
  return {.subject = "www",
          .account_key = "1-5C0YLB:1-8BYUX",
          .contract = "1-1TJZH5",
          .api_schema = "v12",
          .body = R"({"org":"Müller"})",
          .deploy_not_before = parse_day("2026-12-01").value(),
          .deploy_not_after = parse_day("2026-12-31").value(),
          .allow_duplicate_cn = true};
}

}  // namespace

TEST_CASE("create: every parameter, the media types and the signature are those of the bytes that are sent") {
  Bench bench({answer(202, status_body)});
  cps::Writer writer(bench.session);
  auto const created = bench.loop.run(writer.create(everything()));
  REQUIRE(created.has_value());
  CHECK(created->enrollment.value == 7);
  REQUIRE(created->changes.size() == 1);
  CHECK(created->changes[0].value == 8);
  REQUIRE(bench.client.requests.size() == 1);
  http::Request const& sent = bench.client.requests[0];
  CHECK(sent.method == "POST");
  CHECK(sent.target ==
        "/cps/v2/enrollments?accountSwitchKey=1-5C0YLB%3A1-8BYUX&allow-duplicate-cn=true&contractId=1-1TJZH5"
        "&deploy-not-after=2026-12-31&deploy-not-before=2026-12-01");
  CHECK(sent.body == R"({"org":"Müller"})");
  CHECK(header(sent, "Accept") == "application/vnd.akamai.cps.enrollment-status.v1+json");
  CHECK(header(sent, "Content-Type") == "application/vnd.akamai.cps.enrollment.v12+json; charset=utf-8");
  CHECK(header(sent, "Authorization").find("timestamp=20261123T10:00:00+0000;") != std::string::npos);
  CHECK(header(sent, "Authorization") == resigned(sent));
}

TEST_CASE("what is not asked for is not sent") {
  Bench bench({answer(202, status_body)});
  cps::Writer writer(bench.session);
  cps::CreateRequest plain{.contract = "1-1TJZH5", .body = "{}"};
  CHECK(bench.loop.run(writer.create(plain)).has_value());
  cps::UpdateRequest careful{.id = {7}, .body = "{}"};
  CHECK(bench.loop.run(writer.update(careful)).has_value());
  cps::UpdateRequest cancelling{.id = {7}, .body = "{}", .allow_cancel_pending_changes = true};
  CHECK(bench.loop.run(writer.update(cancelling)).has_value());
  std::vector<std::string> targets;
  for (http::Request const& sent : bench.client.requests) targets.push_back(sent.method + " " + sent.target);
  CHECK(targets == std::vector<std::string>{"POST /cps/v2/enrollments?contractId=1-1TJZH5", "PUT /cps/v2/enrollments/7",
                                            "PUT /cps/v2/enrollments/7?allow-cancel-pending-changes=true"});
}

TEST_CASE("a GET has no content type, and its answer is bounded") {
  Bench bench({answer(200, R"({"id":7})")});
  cps::Reader reader(bench.session);
  auto const live = bench.loop.run(reader.get("1-2:3", {7}, "v11", "www"));
  REQUIRE(live.has_value());
  CHECK(live->id.value == 7);
  http::Request const& sent = bench.client.requests[0];
  CHECK(sent.target == "/cps/v2/enrollments/7?accountSwitchKey=1-2%3A3");
  CHECK(header(sent, "Accept") == "application/vnd.akamai.cps.enrollment.v11+json");
  CHECK(header(sent, "Content-Type") == "(none)");
  CHECK(header(sent, "Authorization") == resigned(sent));
  CHECK(bench.client.bodies_allowed[0] == std::size_t{16} << 20U);
}

TEST_CASE("what names another enrollment than was asked for is not believed: no document, and of a write a doubt") {
  Bench bench({answer(200, R"({"id":666})"), answer(200, R"({"id":666})"), answer(200, R"({"id":666})")});
  cps::Reader reader(bench.session);
  auto const live = bench.loop.run(reader.get("", {77}, "v11", "www"));
  REQUIRE_FALSE(live.has_value());
  CHECK(live.error().code == Errc::protocol);
  CHECK(live.error().message.find("asked for enrollment 77 and answered with 666") != std::string::npos);
  Bench writes({answer(200, status_body), answer(202, status_body)});
  cps::Writer writer(writes.session);
  for (auto const& done : {writes.loop.run(writer.update({.id = {4242}, .api_schema = "v11", .body = "{}"})),
                           writes.loop.run(writer.remove({.id = {4242}}))}) {
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().reached == Reached::unknown);
    CHECK(done.error().message.find("about enrollment 7") != std::string::npos);
  }
}

TEST_CASE("send: another service has a path of its own, and 4xx that are answers there") {
  http::Response const blocked{
      .status = 400,
      .headers = {{.name = "X-RateLimit-Next", .value = "2026-11-23T10:00:00.005Z"}},
      .body = R"({"title":"Bad request","detail":"The request was blocked: IPBLOCK-BURST4-1"})"};
  Bench bench({answer(404), answer(409, R"({"type":"x/zone"})"), answer(403), answer(404), blocked});
  cps::Session session(bench.loop, bench.client, credentials(), bench.clock, bench.random,
                       {.windows = {}, .base_path = "/config-dns/v2"});
  cps::Call const asks{.path = "/zones/a", .answers = {400, 404, 409}};
  for (int const status : {404, 409}) {
    auto const answered = bench.loop.run(session.send(asks));
    REQUIRE(answered);
    CHECK(answered->status == status);
  }
  CHECK(bench.client.requests[0].target == "/config-dns/v2/zones/a");
  std::vector<std::pair<cps::Call, Errc>> const refused = {
      {asks, Errc::unauthorized}, {{.path = "/zones/a"}, Errc::not_found}, {asks, Errc::rate_limited}};
  for (auto const& [call, code] : refused) {
    auto const answered = bench.loop.run(session.send(call));
    REQUIRE_FALSE(answered);
    CHECK(answered.error().code == code);
  }
}

TEST_CASE("send: reads are tried again on what may pass, writes only when nothing can have happened") {
  struct Case {
    char const* title;
    cps::Call call;
    std::deque<Result<http::Response>> answers;
    std::size_t sent;
    std::optional<Errc> code;
    Reached reached;
  };
  Result<http::Response> const lost = failed(Errc::unavailable, Reached::unknown);
  Result<http::Response> const unsent = failed(Errc::unavailable, Reached::no);
  Result<http::Response> const hopeless =
      Error{.code = Errc::unavailable, .message = "an unknown host", .reached = Reached::no, .lasting = true};
  std::vector<Case> const cases{
      {"a read outlives two 500s", reading(), {answer(500), answer(503), answer(200)}, 3, {}, {}},
      {"a read gives up after four", reading(), {answer(500)}, 4, Errc::unavailable, Reached::unknown},
      {"a read outlives a lost connection", reading(), {lost, answer(200)}, 2, {}, {}},
      {"a read outlives a refused connection", reading(), {unsent, answer(200)}, 2, {}, {}},
      {"an unknown host stays unknown", reading(), {hopeless, answer(200)}, 1, Errc::unavailable, Reached::no},
      {"a 501 is for ever", reading(), {answer(501), answer(200)}, 1, Errc::unavailable, Reached::unknown},
      {"a 429 for ever is given up after ten", reading(), {throttled()}, 10, Errc::rate_limited, Reached::no},
      {"a 404 is an answer", reading(), {answer(404)}, 1, Errc::not_found, Reached::no},
      {"refused credentials stay refused", reading(), {answer(401), answer(200)}, 1, Errc::unauthorized, Reached::no},
      {"an answer that never comes is waited for twice",
       reading(),
       {failed(Errc::timeout, Reached::unknown)},
       2,
       Errc::timeout,
       Reached::unknown},
      {"garbage is asked for twice",
       reading(),
       {failed(Errc::protocol, Reached::unknown)},
       2,
       Errc::protocol,
       Reached::unknown},
      {"a redirect is not followed", reading(), {answer(302)}, 1, Errc::protocol, Reached::unknown},
      {"a 429 is waited out by a read", reading(), {throttled(), throttled(), answer(200)}, 3, {}, {}},
      {"a 429 does not use up a read's attempts",
       reading(),
       {answer(500), throttled(), throttled(), answer(500), answer(200)},
       5,
       {},
       {}},
      {"a POST is not repeated after a 500",
       writing("POST"),
       {answer(500), answer(202)},
       1,
       Errc::unavailable,
       Reached::unknown},
      {"a POST is not repeated after a lost answer",
       writing("POST"),
       {lost, answer(202)},
       1,
       Errc::unavailable,
       Reached::unknown},
      {"a POST is not repeated after a timeout",
       writing("POST"),
       {failed(Errc::timeout, Reached::unknown), answer(202)},
       1,
       Errc::timeout,
       Reached::unknown},
      {"a POST is not repeated after a 409",
       writing("POST"),
       {answer(409), answer(202)},
       1,
       Errc::conflict,
       Reached::no},
      {"a POST is repeated when there was no connection", writing("POST"), {unsent, unsent, answer(202)}, 3, {}, {}},
      {"a POST is not repeated after garbage",
       writing("POST"),
       {failed(Errc::protocol, Reached::unknown), answer(202)},
       1,
       Errc::protocol,
       Reached::unknown},
      {"a POST is not repeated after a 503 that names a time",
       writing("POST"),
       {http::Response{.status = 503, .headers = {{.name = "X-RateLimit-Next", .value = "2026-11-23T10:00:00.005Z"}}},
        answer(202)},
       1,
       Errc::unavailable,
       Reached::unknown},
      {"a POST is repeated after a 429", writing("POST"), {throttled(), answer(202)}, 2, {}, {}},
      {"a PUT is repeated after a 429", writing("PUT"), {throttled(), answer(200)}, 2, {}, {}},
      {"a PUT is not repeated after a 503",
       writing("PUT"),
       {answer(503), answer(200)},
       1,
       Errc::unavailable,
       Reached::unknown},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Bench bench(c.answers);
      auto const response = bench.loop.run(bench.session.send(c.call));
      CHECK(bench.client.requests.size() == c.sent);
      CHECK(bench.session.requests() == c.sent);
      CHECK(response.has_value() == !c.code.has_value());
      if (c.code) CHECK(response.error().code == *c.code);
      if (c.code) CHECK(response.error().reached == c.reached);
      std::set<std::string> nonces;
      for (http::Request const& sent : bench.client.requests) {
        CHECK(header(sent, "Authorization") == resigned(sent));
        nonces.insert(edgegrid::parse_authorization(header(sent, "Authorization")).value().nonce);
      }
      CHECK(nonces.size() == c.sent);
    }
  }
}

TEST_CASE("the gateway's burst block pauses the account like a 429") {
  http::Response blocked{
      .status = 400, .headers = {{.name = "X-RateLimit-Next", .value = "2026-11-23T10:00:00.005Z"}}, .body = burst};
  Bench bench({blocked, answer(202, status_body)});
  cps::Writer writer(bench.session);
  CHECK(bench.loop.run(writer.create(everything())).has_value());
  CHECK(bench.client.requests.size() == 2);
  CHECK(bench.session.counters().throttles == 1);
}

TEST_CASE("a write that was taken, but whose answer names nothing, is a doubt") {
  for (char const* body :
       {"", "not json", "[]", "{}", R"({"enrollment":7})", R"({"enrollment":"/cps/v2/enrollments/x"})"}) {
    CAPTURE(body);
    Bench bench({answer(202, body)});
    cps::Writer writer(bench.session);
    auto const created = bench.loop.run(writer.create(everything()));
    REQUIRE_FALSE(created.has_value());
    CHECK(created.error().code == Errc::protocol);
    CHECK(created.error().reached == Reached::unknown);
    CHECK(bench.client.requests.size() == 1);
  }
}

TEST_CASE("a list that broke off is read again from its beginning") {
  http::Response half{
      .status = 200, .headers = {{.name = "X-Cut", .value = "yes"}}, .body = R"({"enrollments":[{"id":1},{"id":2},)"};
  Bench bench({half, answer(503), answer(200, R"({"enrollments":[{"id":3}]})")});
  cps::Reader reader(bench.session);
  auto const listing = bench.loop.run(reader.list("", "1-1TJZH5", "v11"));
  REQUIRE(listing.has_value());
  REQUIRE(listing->enrollments.size() == 1);
  CHECK(listing->enrollments[0].id.value == 3);
  CHECK(bench.client.requests.size() == 3);
  CHECK(bench.client.requests[0].target == "/cps/v2/enrollments?contractId=1-1TJZH5");
  CHECK(header(bench.client.requests[0], "Accept") == "application/vnd.akamai.cps.enrollments.v11+json");
}

TEST_CASE("an answer that is cut or nonsense is asked for once more, and then is an error") {
  struct Case {
    char const* title;
    char const* first;
    bool list;
  };
  Case const cases[] = {
      {"half a list", R"({"enrollments":[{"id":3})", true},       {"no list at all", R"({"enrollments":7})", true},
      {"a page of a portal", "<html>please log in</html>", true}, {"half an enrollment", R"({"id":3,"csr":{)", false},
      {"an enrollment without id", R"({"csr":{}})", false},       {"nothing", "", false},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      auto const ask = [&](Bench& bench) -> std::optional<Errc> {
        cps::Reader reader(bench.session);
        if (c.list) {
          auto const listing = bench.loop.run(reader.list("", "1-1TJZH5", "v11"));
          if (listing) CHECK(listing->enrollments.size() == 1);
          return listing ? std::nullopt : std::optional(listing.error().code);
        }
        auto const live = bench.loop.run(reader.get("", {3}, "v11", "www"));
        if (live) CHECK(live->id.value == 3);
        return live ? std::nullopt : std::optional(live.error().code);
      };
      Bench repaired({answer(200, c.first), answer(200, c.list ? R"({"enrollments":[{"id":3}]})" : R"({"id":3})")});
      CHECK(ask(repaired) == std::nullopt);
      CHECK(repaired.session.counters().retries == 1);
      Bench for_ever({answer(200, c.first)});
      CHECK(ask(for_ever) == Errc::protocol);
      CHECK(for_ever.client.requests.size() == 2);
    }
  }
}

TEST_CASE("when the deadline ends the tries it is a timeout, with what went wrong in its words") {
  Bench bench({answer(503)}, {}, system_clock().steady() - 1s);
  auto const response = bench.loop.run(bench.session.send(reading()));
  REQUIRE_FALSE(response.has_value());
  CHECK(response.error().code == Errc::timeout);
  CHECK(bench.client.requests.empty());

  // Here the deadline falls between two tries: SmallRandom lets no time pass, the first answer does.
  Bench late({answer(503)}, {}, system_clock().steady() + 20ms);
  cps::Call call = reading();
  call.before_send = [&late]() -> http::Task<Result<>> {
    bool const slept = co_await late.loop.sleep_until(late.session.options().deadline);
    CHECK(slept);
    co_return Result<>();
  };
  auto const ended = late.loop.run(late.session.send(call));
  REQUIRE_FALSE(ended.has_value());
  CHECK(ended.error().code == Errc::timeout);
  CHECK(describe(ended.error()).find("was answered with 503") != std::string::npos);
  CHECK(describe(ended.error()).find("no time is left") != std::string::npos);
}

TEST_CASE("counters: what was sent, what of it again, and what was refused") {
  Bench bench({throttled(), answer(500), answer(200)});
  CHECK(bench.loop.run(bench.session.send(reading())).has_value());
  cps::Counters const counters = bench.session.counters();
  CHECK(counters.requests == 3);
  CHECK(counters.retries == 2);
  CHECK(counters.throttles == 1);
}

TEST_CASE("the active certificates' lane has its own window") {
  Bench bench({answer(200)}, {{.requests = 50, .per = 60s}}, system_clock().steady() + 10s);
  cps::Call call = reading();
  call.lane = cps::Lane::active_certificates;
  for (int i = 0; i < 10; ++i) CHECK(bench.loop.run(bench.session.send(call)).has_value());
  auto const eleventh = bench.loop.run(bench.session.send(call));
  REQUIRE_FALSE(eleventh.has_value());
  CHECK(eleventh.error().code == Errc::timeout);
  CHECK(bench.loop.run(bench.session.send(reading())).has_value());
}

TEST_CASE("a budget group joins accounts") {
  Bench bench({answer(200)});
  cps::SessionOptions options{
      .windows = {{.requests = 1, .per = 1h}}, .deadline = system_clock().steady() + 10s, .budget_group = "corp"};
  cps::Session session(bench.loop, bench.client, credentials(), bench.clock, bench.random, options);
  cps::Call other = reading();
  other.account_key = "1-2:3";
  CHECK(bench.loop.run(session.send(reading())).has_value());
  CHECK_FALSE(bench.loop.run(session.send(other)).has_value());
}

TEST_CASE("what comes before a write comes before each attempt, and can keep it from being sent") {
  Bench bench({throttled(), answer(202)}, {{.requests = 1, .per = 1ms}});
  int begun = 0;
  cps::Call call = writing("POST");
  call.before_send = [&]() -> http::Task<Result<>> {
    CHECK(bench.client.requests.size() == static_cast<std::size_t>(begun));
    ++begun;
    co_return Result<>();
  };
  CHECK(bench.loop.run(bench.session.send(call)).has_value());
  CHECK(begun == 2);

  call.before_send = []() -> http::Task<Result<>> { co_return Error{.code = Errc::io, .message = "the disk is full"}; };
  auto const kept = bench.loop.run(bench.session.send(call));
  REQUIRE_FALSE(kept.has_value());
  CHECK(kept.error().code == Errc::io);
  CHECK(bench.client.requests.size() == 2);
  // Its turn was given back: with one request at a time, the next one could never go otherwise.
  CHECK(bench.loop.run(bench.session.send(reading())).has_value());
}

TEST_CASE("an attempt's time begins before what precedes it, and a write in flight outlives the run's deadline") {
  SteadyTime const deadline = system_clock().steady() + 1h;
  Bench bench({answer(202)}, {}, deadline);
  cps::Call call = writing("POST");
  SteadyTime journal_written;
  call.before_send = [&]() -> http::Task<Result<>> {
    bool const slept = co_await bench.loop.sleep_until(system_clock().steady() + 5ms);  // a slow disk
    journal_written = system_clock().steady();
    co_return slept ? Result<>() : Error{};
  };
  CHECK(bench.loop.run(bench.session.send(call)).has_value());
  REQUIRE(bench.client.begun.front().has_value());
  CHECK(*bench.client.begun.front() <= journal_written - 5ms);
  // By the wall clock, as the journal says it to others.
  CHECK(bench.client.ends_by.front() == bench.clock.wall() + cps::SessionOptions().timeout);
  CHECK(bench.client.deadlines.front() == SteadyTime::max());
  CHECK(bench.loop.run(bench.session.send(reading())).has_value());
  CHECK(bench.client.deadlines.back() == deadline);
  CHECK(!bench.client.ends_by.back().has_value());
}

TEST_CASE("each attempt gives its turn back, however it ends") {
  Bench bench({failed(Errc::unavailable, Reached::unknown), answer(500), answer(404), answer(200)},
              {{.requests = 1, .per = 1ms}});
  CHECK_FALSE(bench.loop.run(bench.session.send(writing("POST"))).has_value());
  CHECK_FALSE(bench.loop.run(bench.session.send(writing("POST"))).has_value());
  CHECK_FALSE(bench.loop.run(bench.session.send(reading())).has_value());
  CHECK(bench.loop.run(bench.session.send(reading())).has_value());
}

TEST_CASE("accounts do not wait for each other") {
  Bench bench({answer(200)}, {{.requests = 1, .per = std::chrono::hours(1)}});
  cps::Call other = reading();
  other.account_key = "1-2:3";
  CHECK(bench.loop.run(bench.session.send(reading())).has_value());
  CHECK(bench.loop.run(bench.session.send(other)).has_value());
}

TEST_CASE("cancel ends those who wait and those who come, without sending") {
  Bench bench({answer(200)}, {{.requests = 1, .per = std::chrono::hours(1)}});
  CHECK(bench.loop.run(bench.session.send(reading())).has_value());
  std::vector<Errc> ended;
  auto const wait = [](cps::Session& session, std::vector<Errc>& into) -> http::Task<> {
    auto const response = co_await session.send(reading());
    if (!response) into.push_back(response.error().code);
  };
  for (int i = 0; i < 3; ++i) bench.loop.spawn(wait(bench.session, ended));
  bench.loop.post([&] { bench.session.cancel(); });
  bench.loop.run();
  CHECK(ended == std::vector<Errc>(3, Errc::cancelled));
  CHECK(bench.client.closed);
  cps::Call other = reading();
  other.account_key = "another account";
  auto const late = bench.loop.run(bench.session.send(other));
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == Errc::cancelled);
  CHECK(bench.client.requests.size() == 1);
}

TEST_CASE("errors name the request and hold nothing that is secret") {
  Bench bench({answer(401, R"({"detail":"The signature does not match"})")});
  auto const response = bench.loop.run(bench.session.send(reading()));
  REQUIRE_FALSE(response.has_value());
  std::string const text = describe(response.error()) + response.error().next;
  CHECK(text.find("GET /enrollments/7 was answered with 401") != std::string::npos);
  for (char const* secret : {"akab-client-token", "akab-access-token", "secret=", "EG1-HMAC"}) {
    CAPTURE(secret);
    CHECK(text.find(secret) == std::string::npos);
  }
}

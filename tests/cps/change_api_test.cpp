#include "cps/change_api.hpp"

#include "cps/bench.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace cpsctl::test;
using cps::InputKind;

namespace {

constexpr char const* named = R"({"change":"/cps/v2/enrollments/7/changes/8"})";
constexpr char const* waiting = R"({"statusInfo":{"state":"awaiting-input","status":"x"},"allowedInput":[]})";

cps::ChangeRef ref() {
  return {.subject = "www", .account_key = "1-2:3", .enrollment = {7}, .change = {8}};
}

cps::Input input(InputKind kind, std::string info = "some-info", std::string update = "some-update") {
  return {.type = "x", .required = true, .kind = kind, .info = std::move(info), .update = std::move(update)};
}

cps::AnswerRequest acknowledging() {
  return {.ref = ref(),
          .input = input(InputKind::pre_verification_warnings, "a", "pre-verification-warnings-ack"),
          .answer = cps::Acknowledge()};
}

/// "GET /cps/v2/… Accept": what was sent, in order.
std::vector<std::string> sent(Bench const& bench) {
  std::vector<std::string> all;
  for (http::Request const& one : bench.client.requests)
    all.push_back(fmt::format("{} {} {}", one.method, one.target, header(one, "Accept")));
  return all;
}

}  // namespace

TEST_CASE("change: is asked for in its version, and knows CPS's time") {
  Bench bench({http::Response{
      .status = 200, .headers = {{.name = "Date", .value = "Sun, 29 Nov 2026 14:00:00 GMT"}}, .body = waiting}});
  cps::ChangeReader reader(bench.session);
  auto const change = bench.loop.run(reader.change(ref()));
  REQUIRE(change.has_value());
  CHECK(change->state == cps::ChangeState::awaiting_input);
  REQUIRE(change->answered.has_value());
  CHECK(timestamp(*change->answered) == "2026-11-29T14:00:00Z");
  CHECK(sent(bench) == std::vector<std::string>{"GET /cps/v2/enrollments/7/changes/8?accountSwitchKey=1-2%3A3 "
                                                "application/vnd.akamai.cps.change.v2+json"});
}

TEST_CASE("change: garbage is asked for once more, and one that has ended is not found") {
  Bench repaired({answer(200, "<html>"), answer(200, waiting)});
  cps::ChangeReader reader(repaired.session);
  CHECK(repaired.loop.run(reader.change(ref())).has_value());
  CHECK(repaired.client.requests.size() == 2);
  Bench gone({answer(404)});
  cps::ChangeReader late(gone.session);
  auto const change = gone.loop.run(late.change(ref()));
  REQUIRE_FALSE(change.has_value());
  CHECK(change.error().code == Errc::not_found);
}

TEST_CASE("info: each kind of input in its media type, at the path that CPS gave") {
  struct Case {
    InputKind kind;
    char const* entity;
    char const* body;
  };
  for (Case const& c : {Case{InputKind::pre_verification_warnings, "warnings.v1", R"({"warnings":"w"})"},
                        Case{InputKind::domain_validation, "dv-challenges.v2", R"({"dv":[]})"},
                        Case{InputKind::third_party_certificate, "csr.v2", R"({"csrs":[{"csr":"A"}]})"},
                        Case{InputKind::post_verification_warnings, "warnings.v1", R"({"warnings":"w"})"},
                        Case{InputKind::change_management, "change-management-info.v5",
                             R"({"validationResultHash":"x","pendingState":{}})"}}) {
    CAPTURE(c.entity);
    Bench bench({answer(200, c.body)});
    cps::ChangeReader reader(bench.session);
    auto const info = bench.loop.run(reader.info(ref(), input(c.kind)));
    CHECK(info.has_value());
    CHECK(sent(bench) == std::vector<std::string>{
                             fmt::format("GET /cps/v2/enrollments/7/changes/8/input/info/some-info?accountSwitchKey="
                                         "1-2%3A3 application/vnd.akamai.cps.{}+json",
                                         c.entity)});
  }
}

TEST_CASE("info: a server that does not serve the newer CSR is asked for the older one; a 404 stays one") {
  Bench bench({answer(406), answer(200, R"({"csr":"A"})")});
  cps::ChangeReader reader(bench.session);
  auto const info = bench.loop.run(reader.info(ref(), input(InputKind::third_party_certificate)));
  REQUIRE(info.has_value());
  CHECK(std::get<cps::Csrs>(*info).csrs.at(0).csr == "A");
  CHECK(header(bench.client.requests.at(1), "Accept") == "application/vnd.akamai.cps.csr.v1+json");
  Bench neither({answer(406)});
  cps::ChangeReader asking(neither.session);
  CHECK(neither.loop.run(asking.info(ref(), input(InputKind::third_party_certificate))).error().code ==
        Errc::not_served);
  CHECK(neither.client.requests.size() == 2);
  Bench gone({answer(404)});
  cps::ChangeReader late(gone.session);
  CHECK(gone.loop.run(late.info(ref(), input(InputKind::pre_verification_warnings))).error().code == Errc::not_found);
}

TEST_CASE("info: an input of an unknown kind is not asked for") {
  Bench bench({answer(200, "{}")});
  cps::ChangeReader reader(bench.session);
  cps::Input const unknown{.type = "dance", .info = "dance", .update = "dance-ack"};
  auto const info = bench.loop.run(reader.info(ref(), unknown));
  REQUIRE_FALSE(info.has_value());
  CHECK(info.error().message.find("\"dance\"") != std::string::npos);
  CHECK(bench.client.requests.empty());
}

TEST_CASE("answer: the bytes, the media types and the path; any 2xx with the change's name or with nothing is one") {
  for (auto const& response : {answer(200, named), answer(202, named), answer(202), answer(204), answer(200, " \n")}) {
    Bench bench({response});
    cps::ChangeWriter writer(bench.session);
    CHECK(bench.loop.run(writer.answer(acknowledging())).has_value());
    REQUIRE(bench.client.requests.size() == 1);
    http::Request const& one = bench.client.requests[0];
    CHECK(one.method == "POST");
    CHECK(one.target ==
          "/cps/v2/enrollments/7/changes/8/input/update/pre-verification-warnings-ack?accountSwitchKey=1-2%3A3");
    CHECK(one.body == R"({"acknowledgement":"acknowledge"})");
    CHECK(header(one, "Accept") == "application/vnd.akamai.cps.change-id.v1+json");
    CHECK(header(one, "Content-Type") == "application/vnd.akamai.cps.acknowledgement.v1+json; charset=utf-8");
    CHECK(header(one, "Authorization") == resigned(one));
  }
}

TEST_CASE("answer: sent once; only a refusal for want of time is repeated, and a lost answer is a doubt") {
  struct Case {
    char const* title;
    std::deque<Result<http::Response>> answers;
    std::size_t sent;
    std::optional<Errc> code;
    Reached reached;
  };
  std::vector<Case> const cases{
      {"a 429", {throttled(), answer(200, named)}, 2, {}, {}},
      {"a 409: the input is gone or the state moves", {answer(409), answer(200)}, 1, Errc::conflict, Reached::no},
      {"a 404", {answer(404), answer(200)}, 1, Errc::not_found, Reached::no},
      {"a 500", {answer(500), answer(200)}, 1, Errc::unavailable, Reached::unknown},
      {"no answer", {failed(Errc::timeout, Reached::unknown), answer(200)}, 1, Errc::timeout, Reached::unknown},
      {"another change",
       {answer(200, R"({"change":"/cps/v2/enrollments/7/changes/9"})")},
       1,
       Errc::protocol,
       Reached::unknown},
      {"something else", {answer(200, "<html>")}, 1, Errc::protocol, Reached::unknown},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Bench bench(c.answers);
      cps::ChangeWriter writer(bench.session);
      auto const done = bench.loop.run(writer.answer(acknowledging()));
      CHECK(bench.client.requests.size() == c.sent);
      CHECK(done.has_value() == !c.code.has_value());
      if (c.code) CHECK(done.error().code == *c.code);
      if (c.code) CHECK(done.error().reached == c.reached);
    }
  }
}

TEST_CASE("answer: what comes before it can keep it from being sent, and one that does not fit is never sent") {
  Bench bench({answer(200, named)});
  cps::ChangeWriter writer(bench.session);
  cps::AnswerRequest stopped = acknowledging();
  stopped.before_send = []() -> http::Task<Result<>> {
    co_return Error{.code = Errc::io, .message = "the disk is full"};
  };
  CHECK(bench.loop.run(writer.answer(std::move(stopped))).error().code == Errc::io);
  cps::AnswerRequest hashless{.ref = ref(), .input = input(InputKind::change_management), .answer = cps::Acknowledge()};
  CHECK(bench.loop.run(writer.answer(std::move(hashless))).error().code == Errc::internal);
  cps::AnswerRequest unknown = acknowledging();
  unknown.input.kind.reset();
  CHECK(bench.loop.run(writer.answer(std::move(unknown))).error().code == Errc::internal);
  CHECK(bench.client.requests.empty());
}

TEST_CASE("schedule: read, and written with what is wanted, and null for what is to go") {
  Bench bench(
      {answer(200, R"({"notAfter":null,"notBefore":"2026-12-01T16:00:00Z"})"), answer(200, named), answer(200, named)});
  cps::ChangeWriter writer(bench.session);
  auto const schedule = bench.loop.run(writer.schedule(ref()));
  REQUIRE(schedule.has_value());
  CHECK(schedule->not_before == "2026-12-01T16:00:00Z");
  cps::ScheduleRequest later{.ref = ref(), .not_before = parse_timestamp("2026-12-02T00:00:00Z").value()};
  CHECK(bench.loop.run(writer.reschedule(std::move(later))).has_value());
  http::Request const& put = bench.client.requests.at(1);
  CHECK(put.method == "PUT");
  CHECK(put.target == "/cps/v2/enrollments/7/changes/8/deployment-schedule?accountSwitchKey=1-2%3A3");
  CHECK(put.body == R"({"notBefore":"2026-12-02T00:00:00Z"})");
  CHECK(header(put, "Content-Type") == "application/vnd.akamai.cps.deployment-schedule.v1+json; charset=utf-8");
  cps::ScheduleRequest until{
      .ref = ref(), .had = *schedule, .not_after = parse_timestamp("2026-12-31T23:59:59Z").value()};
  CHECK(bench.loop.run(writer.reschedule(std::move(until))).has_value());
  CHECK(bench.client.requests.at(2).body == R"({"notBefore":null,"notAfter":"2026-12-31T23:59:59Z"})");
}

TEST_CASE("deployments, histories, active certificates: their paths and versions") {
  Bench bench({answer(406), answer(200, "{}"), answer(200, R"({"changes":[]})"), answer(200, R"({"enrollments":[]})")});
  cps::ChangeReader reader(bench.session);
  CHECK(bench.loop.run(reader.deployments("", {7}, "www")).has_value());
  CHECK(bench.loop.run(reader.change_history("", {7}, "www")).has_value());
  CHECK(bench.loop.run(reader.active_certificates("", "1-1TJZH5")).has_value());
  CHECK(sent(bench) ==
        std::vector<std::string>{
            "GET /cps/v2/enrollments/7/deployments application/vnd.akamai.cps.deployments.v8+json",
            "GET /cps/v2/enrollments/7/deployments application/vnd.akamai.cps.deployments.v7+json",
            "GET /cps/v2/enrollments/7/history/changes application/vnd.akamai.cps.change-history.v5+json",
            "GET /cps/v2/active-certificates?contractId=1-1TJZH5 "
            "application/vnd.akamai.cps.active-certificates.v2+json"});
}

TEST_CASE("active certificates have a request limit of their own") {
  Bench bench({answer(200, R"({"enrollments":[]})")}, {{.requests = 50, .per = std::chrono::seconds(60)}},
              system_clock().steady() + std::chrono::seconds(10));
  cps::ChangeReader reader(bench.session);
  for (int i = 0; i < 10; ++i) CHECK(bench.loop.run(reader.active_certificates("", "1-1TJZH5")).has_value());
  CHECK(bench.loop.run(reader.active_certificates("", "1-1TJZH5")).error().code == Errc::timeout);
}

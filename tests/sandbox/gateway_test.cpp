#include "sandbox/gateway.hpp"

#include "support.hpp"

#include <doctest/doctest.h>

namespace cpsctl::sandbox::test {
namespace {

using namespace std::chrono_literals;

std::string authorization_of(Request const& request) {
  return std::string(request.header("Authorization"));
}

void replace_header(Request& request, std::string const& name, std::string value) {
  for (Header& header : request.headers)
    if (header.name == name) header.value = std::move(value);
}

struct Case {
  char const* title;
  void (*spoil)(Bench& bench, Request& request);
  int status;
  char const* type;
  char const* detail;
};

TEST_CASE("gateway: what it lets through, and what it says otherwise") {
  Case const cases[] = {
      {"a signed request passes", [](Bench&, Request&) {}, 200, nullptr, nullptr},
      {"the host is compared in lower case", [](Bench&, Request& r) { replace_header(r, "Host", "LOCALHOST:4711"); },
       200, nullptr, nullptr},
      {"no Authorization", [](Bench&, Request& r) { replace_header(r, "Authorization", ""); }, 400,
       "/-/pep-authn/request-error", "Authorization header missing"},
      {"another scheme", [](Bench&, Request& r) { replace_header(r, "Authorization", "Basic eDp5"); }, 400,
       "/-/pep-authn/request-error", "Invalid authorization header"},
      {"a cut header",
       [](Bench&, Request& r) { replace_header(r, "Authorization", authorization_of(r).substr(0, 60)); }, 400,
       "/-/pep-authn/request-error", "Invalid authorization header"},
      {"29 seconds late passes", [](Bench& b, Request&) { b.clock.pass(29s); }, 200, nullptr, nullptr},
      {"31 seconds late", [](Bench& b, Request&) { b.clock.pass(31s); }, 400, "/-/pep-authn/request-error",
       "Invalid timestamp"},
      {"31 seconds early", [](Bench& b, Request&) { b.clock.pass(-31s); }, 400, "/-/pep-authn/request-error",
       "Invalid timestamp"},
      {"another path than signed", [](Bench&, Request& r) { r.target += "&x=1"; }, 401, "/-/pep-authn/deny",
       "The signature does not match"},
      {"another method than signed", [](Bench&, Request& r) { r.method = "DELETE"; }, 401, "/-/pep-authn/deny",
       "The signature does not match"},
      {"another host than signed", [](Bench&, Request& r) { replace_header(r, "Host", "localhost"); }, 401,
       "/-/pep-authn/deny", "The signature does not match"},
      {"an unknown client token",
       [](Bench&, Request& r) {
         std::string text = authorization_of(r);
         text.replace(text.find("akab-client"), 11, "akab-nobody");
         replace_header(r, "Authorization", text);
       },
       401, "/-/pep-authn/deny", "The signature does not match"},
      {"an unknown access token",
       [](Bench&, Request& r) {
         std::string text = authorization_of(r);
         text.replace(text.find("akab-access"), 11, "akab-nobody");
         replace_header(r, "Authorization", text);
       },
       401, "/-/pep-authn/deny", "The signature does not match"},
      {"a nonce used before", [](Bench& b, Request& r) { static_cast<void>(b.send_raw(r)); }, 400,
       "/-/pep-authn/request-error", "Duplicate nonce"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Bench bench;
      Request request = bench.signed_request({.accept = type_of("enrollments", 11)});
      c.spoil(bench, request);
      Response const response = bench.send_raw(request);
      CHECK(response.status == c.status);
      if (c.type == nullptr) return;
      CHECK(response.content_type == "application/problem+json");
      CHECK(at(response.body, "/type").find(c.type) != std::string::npos);
      CHECK(at(response.body, "/detail") == "\"" + std::string(c.detail) + "\"");
      CHECK(at(response.body, "/status") == std::to_string(c.status));
      for (char const* member :
           {"/title", "/instance", "/method", "/serverIp", "/clientIp", "/requestId", "/requestTime"})
        CHECK(at(response.body, member) != "(absent)");
      CHECK_FALSE(response.refused.empty());
    }
  }
}

TEST_CASE("gateway: the body of a POST is signed, that of a PUT is not") {
  Bench bench;
  Request post = bench.signed_request({.method = "POST", .body = "{}"});
  post.body = "{ }";
  CHECK(bench.send_raw(post).status == 401);
  Request put = bench.signed_request({.method = "PUT", .target = "/cps/v2/enrollments/1", .body = "{}"});
  put.body = "{ }";
  CHECK(bench.send_raw(put).status == 404);
}

TEST_CASE("gateway: nonces are forgotten when their timestamp can no longer pass") {
  Bench bench;
  for (int i = 0; i < 3; ++i) {
    CHECK(bench.list().status == 200);
    bench.clock.pass(61s);
  }
}

TEST_CASE("meter: 20 in two seconds, 35 in a minute, each account on its own") {
  Meter meter;
  SteadyTime now = {};
  auto const wait = [&](char const* account) {
    auto const excess = meter.admit(account, Allowance::usual, now);
    return excess ? excess->wait : Duration(0);
  };
  for (int i = 0; i < 20; ++i) CHECK(wait("own") == 0ms);
  CHECK(wait("own") == 2s);
  CHECK(wait("other") == 0ms);
  now += 1999ms;
  CHECK(wait("own") == 1ms);
  now += 1ms;
  for (int i = 0; i < 15; ++i) CHECK(wait("own") == 0ms);
  CHECK(wait("own") == 58s);
  CHECK(meter.admit("own", Allowance::usual, now)->limit == 35);
  now += 58s;
  for (int i = 0; i < 20; ++i) CHECK(wait("own") == 0ms);
  CHECK(wait("own") == 2s);
}

TEST_CASE("meter: active certificates have an allowance of their own") {
  Meter meter;
  SteadyTime now = {};
  for (int i = 0; i < 10; ++i) CHECK_FALSE(meter.admit("own", Allowance::active_certificates, now));
  auto const excess = meter.admit("own", Allowance::active_certificates, now);
  REQUIRE(excess);
  CHECK(excess->wait == Duration(60s));
  CHECK(excess->limit == 10);
  CHECK_FALSE(meter.admit("own", Allowance::usual, now));
  CHECK_FALSE(meter.admit("other", Allowance::active_certificates, now));
}

TEST_CASE("limits: the eleventh look at the active certificates in a minute is too much, the list is not") {
  Bench bench({.real_limits = true});
  Sent const look{.target = "/cps/v2/active-certificates?contractId=C-1", .accept = type_of("active-certificates", 2)};
  for (int i = 0; i < 10; ++i) CHECK(bench.send(look).status == 200);
  CHECK(bench.send(look).status == 429);
  CHECK(bench.list().status == 200);
  bench.clock.pass(60s);
  CHECK(bench.send(look).status == 200);
}

TEST_CASE("limits: the 21st request in two seconds is told when to come back") {
  Bench bench({.real_limits = true});
  for (int i = 0; i < 20; ++i) CHECK(bench.list().status == 200);
  Response const refused = bench.list();
  CHECK(refused.status == 429);
  REQUIRE(refused.headers.size() == 4);
  CHECK(refused.headers[0].name == "Retry-After");
  CHECK(refused.headers[0].value == "2");
  CHECK(refused.headers[1].name == "X-RateLimit-Next");
  CHECK(refused.headers[1].value == "2026-11-23T10:15:02.000Z");
  CHECK(refused.headers[2].name == "X-RateLimit-Limit");
  CHECK(refused.headers[2].value == "20");
  CHECK(refused.headers[3].name == "X-RateLimit-Remaining");
  CHECK(refused.headers[3].value == "0");
  CHECK(at(refused.body, "/type") == "\"Too many Requests\"");
  CHECK(at(refused.body, "/status") == "429");
  CHECK(at(refused.body, "/title") == "\"HTTP 429 - Too many requests\"");
  CHECK(bench.list("contractId=C-1&accountSwitchKey=1-2:3").status == 200);
  bench.clock.pass(2s);
  CHECK(bench.list().status == 200);
}

TEST_CASE("limits: off unless asked for") {
  Bench bench;
  for (int i = 0; i < 100; ++i) CHECK(bench.list().status == 200);
}

}  // namespace
}  // namespace cpsctl::sandbox::test

#include "support.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace cpsctl::sandbox::test {
namespace {

using namespace std::chrono_literals;

std::string named(std::string const& name) {
  return with(dv_body, "/csr/cn", "\"" + name + "\"");
}

TEST_CASE("list lag: a created enrollment is found by its id at once, and listed later") {
  Bench bench({.list_lag = 30s});
  REQUIRE(bench.post(dv_body).status == 202);
  CHECK(bench.get(10001).status == 200);
  CHECK(at(bench.list().body, "/enrollments") == "[]");
  bench.clock.pass(29999ms);
  CHECK(at(bench.list().body, "/enrollments") == "[]");
  REQUIRE(bench.post(third_party_body).status == 202);
  bench.clock.pass(1ms);
  CHECK(at(bench.list().body, "/enrollments/0/id") == "10001");
  CHECK(at(bench.list().body, "/enrollments/1") == "(absent)");
  bench.restart();
  CHECK(at(bench.list().body, "/enrollments/1") == "(absent)");
  bench.clock.pass(30s);
  CHECK(at(bench.list().body, "/enrollments/1/id") == "10002");
}

TEST_CASE("list lag: CPS itself knows a common name that its list does not show yet") {
  Bench bench({.list_lag = 30s});
  REQUIRE(bench.post(dv_body).status == 202);
  CHECK(slug(bench.post(dv_body)) == "duplicate-common-name");
}

TEST_CASE("five-minute rule: what is too soon after what") {
  struct Case {
    char const* title;
    FiveMinuteRule rule;
    char const *second, *query;
    Duration after;
    int status;
  };
  std::string const same = "contractId=C-1&allow-duplicate-cn=true";
  std::string const other_account = "contractId=C-1&accountSwitchKey=1-2:3";
  Case const cases[] = {
      {"off: at once", FiveMinuteRule::off, "b.example.com", same.c_str(), 0s, 202},
      {"cn: another name", FiveMinuteRule::cn, "b.example.com", same.c_str(), 0s, 202},
      {"cn: the same name", FiveMinuteRule::cn, "a.example.com", same.c_str(), 299s, 409},
      {"cn: the same in capitals", FiveMinuteRule::cn, "A.example.com", same.c_str(), 299s, 409},
      {"cn: five minutes later", FiveMinuteRule::cn, "a.example.com", same.c_str(), 300s, 202},
      {"contract: another name", FiveMinuteRule::contract, "b.example.com", same.c_str(), 299s, 409},
      {"contract: five minutes later", FiveMinuteRule::contract, "b.example.com", same.c_str(), 300s, 202},
      {"contract: another contract", FiveMinuteRule::contract, "b.example.com", "contractId=C-2", 0s, 202},
      {"contract: another account", FiveMinuteRule::contract, "b.example.com", other_account.c_str(), 0s, 202},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Bench bench({.five_minute_rule = c.rule});
      REQUIRE(bench.post(named("a.example.com")).status == 202);
      bench.clock.pass(c.after);
      Response const second = bench.post(named(c.second), c.query);
      CHECK(second.status == c.status);
      if (c.status == 409) CHECK(slug(second) == "recent-certificate-request");
    }
  }
}

TEST_CASE("five-minute rule: a refused create does not count, a deleted one does, and a restart forgets neither") {
  Bench bench({.five_minute_rule = FiveMinuteRule::contract, .five_minutes = 2s});
  REQUIRE(bench.post(named("a.example.com")).status == 202);
  bench.clock.pass(1s);
  bench.restart();
  CHECK(bench.post(named("b.example.com")).status == 409);
  REQUIRE(bench
              .send({.method = "DELETE",
                     .target = enrollment_path(10001) + "?allow-cancel-pending-changes=true",
                     .accept = type_of("enrollment-status", 1)})
              .status == 200);
  CHECK(bench.post(named("b.example.com")).status == 409);
  bench.clock.pass(1s);
  CHECK(bench.post(named("b.example.com")).status == 202);
}

TEST_CASE("refusals in a form that nobody documents can have any") {
  Bench bench({.five_minute_rule = FiveMinuteRule::cn,
               .five_minutes = 2s,
               .too_soon = {.status = 429, .slug = "wait"},
               .duplicate_cn = {.status = 400, .slug = "invalid-enrollment"}});
  REQUIRE(bench.post(dv_body).status == 202);
  Response const soon = bench.post(dv_body);
  CHECK(soon.status == 429);
  CHECK(slug(soon) == "wait");
  bench.clock.pass(2s);
  Response const twin = bench.post(dv_body);
  CHECK(twin.status == 400);
  CHECK(slug(twin) == "invalid-enrollment");
}

TEST_CASE("active certificates: what is deployed, and until when") {
  Bench bench({.complete_after = 0s, .certificate_age = 24h});
  Sent const look{.target = "/cps/v2/active-certificates?contractId=C-1", .accept = type_of("active-certificates", 2)};
  REQUIRE(bench.post(dv_body).status == 202);
  REQUIRE(bench.post(third_party_body, "contractId=C-1&deploy-not-before=2026-12-01").status == 202);
  Response const active = bench.send(look);
  CHECK(active.status == 200);
  CHECK(active.content_type == type_of("active-certificates", 2));
  CHECK(active.body == R"({"enrollments":[{"id":10001,"csr":{"cn":"www.example.com"},"productionSlots":[10001],)"
                       R"("production":{"primaryCertificate":{"expiry":"2027-02-20T10:15:00Z"}}}]})");
  CHECK(bench.send({.method = "POST", .target = look.target, .accept = look.accept}).status == 405);
  CHECK(bench.send({.target = look.target, .accept = type_of("active-certificates", 3)}).status == 406);
}

TEST_CASE("a second client with the same credentials is anybody: its changes are separate from ours") {
  Bench bench;
  deployed(bench, dv_body);
  std::string const ours = bench.get(10001).body;
  REQUIRE(bench.put(10001, with(ours, "/techContact", R"({"firstName":"Somebody"})")).status == 200);
  REQUIRE(bench.put(10001, with(ours, "/csr/sans", R"(["theirs.example.com"])")).status == 202);
  CHECK(bench.put(10001, ours).status == 409);
  CHECK(at(bench.get(10001).body, "/pendingChanges/0/changeType") == "\"modify-san\"");
}

}  // namespace
}  // namespace cpsctl::sandbox::test

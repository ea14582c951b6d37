#include "sandbox/progress.hpp"

#include "sandbox/motion.hpp"
#include "support.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace cpsctl::sandbox::test {
namespace {

using namespace std::chrono_literals;

std::string ov_body() {
  return with(with(dv_body, "/validationType", "\"ov\""), "/ra", "\"symantec\"");
}

std::string ev_body() {
  return with(with(dv_body, "/validationType", "\"ev\""), "/ra", "\"symantec\"");
}

TEST_CASE("progress: a change ends when its time has come, not before") {
  struct Case {
    char const* title;
    Behaviour behaviour;
    Duration pass;
    char const *query, *pending;
  };
  Case const cases[] = {
      {"never, unless asked for", {}, 240h, "", "true"},
      {"at the next request", {.complete_after = 0s}, 0s, "", "false"},
      {"a millisecond early", {.complete_after = 90s}, 89999ms, "", "true"},
      {"on time", {.complete_after = 90s}, 90s, "", "false"},
      {"people are not waited for", {.complete_after = 0s, .inputs = Inputs::wait}, 240h, "", "true"},
      {"not before the day asked for", {.complete_after = 0s}, 24h, "&deploy-not-before=2026-11-30", "true"},
      {"from that day on", {.complete_after = 0s}, 7 * 24h, "&deploy-not-before=2026-11-30", "false"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Bench bench(c.behaviour);
      REQUIRE(bench.post(dv_body, std::string("contractId=C-1") + c.query).status == 202);
      bench.clock.pass(c.pass);
      std::string const shown = bench.get(10001).body;
      bool const pending = at(shown, "/pendingChanges") != "[]";
      CHECK(pending == (std::string(c.pending) == "true"));
      for (char const* slots : {"/assignedSlots", "/stagingSlots", "/productionSlots"})
        CHECK(at(shown, slots) == (pending ? "[]" : "[10001]"));
      int const change = bench.send({.target = change_path(10001, 10001), .accept = type_of("change", 2)}).status;
      CHECK(change == (pending ? 200 : 404));
    }
  }
}

TEST_CASE("progress: what waits for the authority alone ends, whatever people do") {
  Bench bench({.complete_after = 0s, .inputs = Inputs::wait});
  REQUIRE(bench.post(ov_body()).status == 202);
  CHECK(at(bench.get(10001).body, "/pendingChanges") == "[]");
}

TEST_CASE("progress: when a deployed certificate is renewed") {
  struct Case {
    char const* title;
    std::string body;
    Duration age;
    char const* renewal;
  };
  Case const cases[] = {
      {"dv: 70 days later", dv_body, 0s, "\"2027-02-01T10:15:00Z\""},
      {"ov: 305 days later", ov_body(), 0s, "\"2027-09-24T10:15:00Z\""},
      {"ev: 275 days later", ev_body(), 0s, "\"2027-08-25T10:15:00Z\""},
      {"third-party: never", third_party_body, 0s, "null"},
      {"an old certificate: in the past", dv_body, 71 * 24h, "\"2026-11-22T10:15:00Z\""},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Bench bench({.complete_after = 0s, .certificate_age = c.age});
      REQUIRE(bench.post(c.body).status == 202);
      CHECK(at(bench.get(10001).body, "/autoRenewalStartTime") == c.renewal);
    }
  }
}

TEST_CASE("progress: an update keeps the slots, and the date of the renewal unless it brings a new certificate") {
  Bench bench({.complete_after = 0s});
  REQUIRE(bench.post(dv_body).status == 202);
  std::string const first = at(bench.get(10001).body, "/autoRenewalStartTime");
  bench.clock.pass(24h);
  std::string const network = with(bench.get(10001).body, "/networkConfiguration/quicEnabled", "true");
  REQUIRE(bench.put(10001, network).status == 202);
  CHECK(at(bench.get(10001).body, "/autoRenewalStartTime") == first);
  CHECK(at(bench.get(10001).body, "/productionSlots") == "[10001]");
  REQUIRE(bench.put(10001, with(bench.get(10001).body, "/csr/sans", R"(["n.example.com"])")).status == 202);
  CHECK(at(bench.get(10001).body, "/autoRenewalStartTime") == "\"2027-02-02T10:15:00Z\"");
}

TEST_CASE("progress: a removal that ends takes the enrollment with it") {
  Bench bench;
  deployed(bench, dv_body);
  Sent const removal{.method = "DELETE", .target = enrollment_path(10001), .accept = type_of("enrollment-status", 1)};
  REQUIRE(bench.send(removal).status == 202);
  CHECK(bench.get(10001).status == 200);
  bench.behaviour.complete_after = 20min;
  bench.restart();
  bench.clock.pass(19min);
  CHECK(bench.get(10001).status == 200);
  bench.clock.pass(1min);
  CHECK(bench.get(10001).status == 404);
  CHECK(bench.list().body == R"({"enrollments":[]})");
  bench.restart();
  CHECK(bench.get(10001).status == 404);
}

TEST_CASE("progress: a change whose last day has passed is never carried out") {
  Bench bench;
  REQUIRE(bench.post(dv_body, "contractId=C-1&deploy-not-after=2026-11-30").status == 202);
  deployed(bench, third_party_body);
  std::string const edited = with(bench.get(10002).body, "/networkConfiguration/quicEnabled", "true");
  REQUIRE(bench.put(10002, edited, "deploy-not-after=2026-11-30").status == 202);
  bench.behaviour.complete_after = 30 * 24h;
  bench.restart();
  bench.clock.pass(31 * 24h);
  CHECK(at(bench.get(10002).body, "/pendingChanges") == "[]");
  CHECK(at(bench.get(10002).body, "/productionSlots") == "[10002]");
}

TEST_CASE("progress: what was pending before a restart ends after it") {
  Bench bench({.complete_after = 1h});
  REQUIRE(bench.post(dv_body).status == 202);
  bench.clock.pass(30min);
  bench.restart();
  CHECK(at(bench.get(10001).body, "/productionSlots") == "[]");
  bench.clock.pass(30min);
  CHECK(at(bench.get(10001).body, "/productionSlots") == "[10001]");
}

TEST_CASE("progress: a full disk is told, and nothing is lost") {
  Bench bench({.complete_after = 0s});
  REQUIRE(bench.post(dv_body).status == 202);
  bench.files.writes_left = 0;
  CHECK(bench.get(10001).status == 500);
  bench.files.writes_left = -1;
  bench.restart();
  CHECK(at(bench.get(10001).body, "/productionSlots") == "[10001]");
}

TEST_CASE("renewal window: edits that cost something need the override") {
  struct Case {
    char const *title, *pointer, *value, *query;
    int status;
  };
  Case const cases[] = {
      {"a name", "/csr/sans", R"(["n.example.com"])", "", 409},
      {"the network", "/networkConfiguration/quicEnabled", "true", "", 409},
      {"a forced renewal", "/changeManagement", "false", "force-renewal=true", 409},
      {"a name, with the override", "/csr/sans", R"(["n.example.com"])", "renewal-date-check-override=true", 202},
      {"a contact costs nothing", "/techContact", R"({"firstName":"E"})", "", 200},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Bench bench({.certificate_age = 71 * 24h});
      deployed(bench, dv_body);
      Response const answer = bench.put(10001, with(bench.get(10001).body, c.pointer, c.value), c.query);
      CAPTURE(answer.body);
      CHECK(answer.status == c.status);
      if (c.status == 409) CHECK(slug(answer) == "renewal-in-progress");
    }
  }
}

TEST_CASE("doubtful edits: either answer can be had") {
  struct Case {
    char const *title, *pointer, *value;
    int as_schema, stored, change;
  };
  Case const cases[] = {
      {"ciphers", "/networkConfiguration/mustHaveCiphers", "\"ak-akamai-default\"", 202, 200, 202},
      {"change management", "/changeManagement", "true", 200, 200, 202},
      {"DNS names", "/networkConfiguration/dnsNameSettings",
       R"({"cloneDnsNames":false,"dnsNames":["www.example.com"]})", 202, 200, 202},
      {"the trust chain", "/csr/preferredTrustChain", "\"intermediate-a\"", 202, 200, 202},
      {"QUIC is not a doubt", "/networkConfiguration/quicEnabled", "true", 202, 202, 202},
      {"nor is a contact", "/techContact", R"({"firstName":"E"})", 200, 200, 200},
      {"nothing is nothing", "/changeManagement", "false", 200, 200, 200},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      auto const status = [&](DoubtfulEdits doubtful) {
        Bench bench({.doubtful_edits = doubtful});
        deployed(bench, dv_body);
        return bench.put(10001, with(bench.get(10001).body, c.pointer, c.value)).status;
      };
      CHECK(status(DoubtfulEdits::as_schema) == c.as_schema);
      CHECK(status(DoubtfulEdits::stored) == c.stored);
      CHECK(status(DoubtfulEdits::start_a_change) == c.change);
    }
  }
}

TEST_CASE("staging bypass: what costs nothing joins the running change instead of cancelling it") {
  Bench bench;
  REQUIRE(bench.post(dv_body).status == 202);
  std::string const contact = with(bench.get(10001).body, "/techContact", R"({"firstName":"E"})");
  CHECK(bench.put(10001, contact).status == 409);
  CHECK(bench.put(10001, contact, "allow-staging-bypass=true").status == 200);
  CHECK(at(bench.get(10001).body, "/pendingChanges/0/location") == "\"/cps/v2/enrollments/10001/changes/10001\"");
  CHECK(at(bench.get(10001).body, "/techContact/firstName") == "\"E\"");
  std::string const names = with(bench.get(10001).body, "/csr/sans", R"(["n.example.com"])");
  CHECK(bench.put(10001, names, "allow-staging-bypass=true").status == 409);
}

TEST_CASE("cancelling a change of a deployed enrollment leaves the enrollment") {
  Bench bench;
  deployed(bench, dv_body);
  REQUIRE(bench.put(10001, with(bench.get(10001).body, "/csr/sans", R"(["n.example.com"])")).status == 202);
  CHECK(
      bench.send({.method = "DELETE", .target = change_path(10001, 10002), .accept = type_of("change-id", 1)}).status ==
      200);
  CHECK(at(bench.get(10001).body, "/pendingChanges") == "[]");
  CHECK(at(bench.get(10001).body, "/productionSlots") == "[10001]");
}

}  // namespace
}  // namespace cpsctl::sandbox::test

#include "support_changes.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace cpsctl::sandbox::test {
namespace {

using namespace std::chrono_literals;

Response show(Bench& bench, std::string const& tail, std::string_view entity, int version) {
  return bench.send({.target = enrollment_path(10001) + "/" + tail, .accept = type_of(entity, version)});
}

TEST_CASE("deployments: nothing before, real certificates after, on each network as far as the change has come") {
  Bench bench({.inputs = Inputs::wait});
  REQUIRE(bench.post(with(dv_body, "/changeManagement", "true")).status == 202);
  CHECK(show(bench, "deployments", "deployments", 8).body == R"({"production":null,"staging":null})");
  for (char const* const network : {"deployments/production", "deployments/staging"}) {
    Response const none = show(bench, network, "deployment", 8);
    CHECK(none.status == 404);
    CHECK(none.body.empty());
  }
  REQUIRE(Pending{bench}.acknowledge("lets-encrypt-challenges-completed").status == 200);
  std::string const staged = show(bench, "deployments", "deployments", 8).body;
  CHECK(at(staged, "/production") == "null");
  std::string const pem = text_at(staged, "/staging/primaryCertificate/certificate");
  CHECK(names_in_certificate(pem) == "a.example.com,b.example.com,www.example.com");
  CHECK(signed_by_chain(pem, text_at(staged, "/staging/primaryCertificate/trustChain")));
  CHECK(text_at(staged, "/staging/primaryCertificate/expiry") == "2027-02-21T10:15:00Z");
  CHECK(text_at(staged, "/staging/primaryCertificate/keyAlgorithm") == "RSA");
  CHECK(at(staged, "/staging/networkConfiguration/sniOnly") == "true");
  REQUIRE(Pending{bench}.acknowledge("change-management-ack").status == 200);
  std::string const live = show(bench, "deployments/production", "deployment", 8).body;
  CHECK(text_at(live, "/primaryCertificate/certificate") == pem);
  bench.restart();
  CHECK(show(bench, "deployments/production", "deployment", 7).body == live);
  std::string const old = show(bench, "deployments/production", "deployment", 3).body;
  CHECK(text_at(old, "/certificate") == pem);
  CHECK(at(old, "/networkConfiguration/sni/cloneDnsNames") == "true");
}

TEST_CASE("deployments: settings of the network reach staging first, with the same certificate") {
  Bench bench({.pace = Pace::usual});
  REQUIRE(bench.post(dv_body).status == 202);
  bench.clock.pass(24h);
  std::string const before = show(bench, "deployments/production", "deployment", 8).body;
  REQUIRE(bench.put(10001, with(bench.get(10001).body, "/networkConfiguration/quicEnabled", "true")).status == 202);
  bench.clock.pass(10min);
  CHECK(at(show(bench, "deployments/staging", "deployment", 8).body, "/networkConfiguration/quicEnabled") == "true");
  CHECK(show(bench, "deployments/production", "deployment", 8).body == before);
  bench.clock.pass(20min);
  std::string const after = show(bench, "deployments/production", "deployment", 8).body;
  CHECK(at(after, "/networkConfiguration/quicEnabled") == "true");
  CHECK(at(after, "/primaryCertificate") == at(before, "/primaryCertificate"));
}

TEST_CASE(
    "deployments: a third-party certificate that counts as given is of the sandbox's CA; both keys when stacked") {
  Bench bench({.complete_after = 0s});
  REQUIRE(bench.post(third_party_body).status == 202);
  std::string const live = show(bench, "deployments/production", "deployment", 8).body;
  CHECK(text_at(live, "/primaryCertificate/keyAlgorithm") == "RSA");
  CHECK(text_at(live, "/multiStackedCertificates/0/keyAlgorithm") == "ECDSA");
  CHECK(names_in_certificate(text_at(live, "/multiStackedCertificates/0/certificate")) == "shop.example.com");
  CHECK(text_at(live, "/primaryCertificate/trustChain").starts_with("-----BEGIN CERTIFICATE-----"));
}

TEST_CASE("histories: changes newest first, what they brought, and what became of it") {
  Bench bench({.complete_after = 0s});
  REQUIRE(bench.post(dv_body).status == 202);
  bench.list();
  bench.behaviour = {.inputs = Inputs::wait};
  bench.restart();
  std::string const quic = with(bench.get(10001).body, "/networkConfiguration/quicEnabled", "true");
  REQUIRE(bench.put(10001, quic).status == 202);
  REQUIRE(
      bench.send({.method = "DELETE", .target = change_path(10001, 10002), .accept = type_of("change-id", 1)}).status ==
      200);
  bench.clock.pass(24h);
  REQUIRE(bench.put(10001, with(bench.get(10001).body, "/csr/sans", R"(["n.example.com"])")).status == 202);

  std::string const changes = show(bench, "history/changes", "change-history", 5).body;
  CHECK(text_at(changes, "/changes/0/action") == "modify-san");
  CHECK(text_at(changes, "/changes/0/status") == "incomplete");
  CHECK(at(changes, "/changes/0/primaryCertificate") == "null");
  CHECK(text_at(changes, "/changes/1/action") == "update-network-configuration");
  CHECK(text_at(changes, "/changes/1/status") == "cancelled");
  CHECK(text_at(changes, "/changes/2/action") == "new-certificate");
  CHECK(text_at(changes, "/changes/2/status") == "completed");
  CHECK(text_at(changes, "/changes/2/createdOn") == "2026-11-23T10:15:00Z");
  std::string const csr = text_at(changes, "/changes/2/primaryCertificate/csr");
  CHECK(names_in_request(csr) == "a.example.com,b.example.com,www.example.com");
  CHECK(same_key(text_at(changes, "/changes/2/primaryCertificate/certificate"), csr));
  CHECK(at(changes, "/changes/3") == "(absent)");
  CHECK(at(show(bench, "history/changes", "change-history", 3).body, "/changes/2/multiStackedCertificates") ==
        "(absent)");

  Pending const change{bench, 10001, 10003};
  REQUIRE(change.acknowledge("lets-encrypt-challenges-completed").status == 200);
  REQUIRE(change.acknowledge("post-verification-warnings-ack").status == 200);
  std::string const certificates = show(bench, "history/certificates", "certificate-history", 2).body;
  CHECK(text_at(certificates, "/certificates/0/deploymentStatus") == "active");
  CHECK(at(certificates, "/certificates/0/slots") == "[10001]");
  CHECK(text_at(certificates, "/certificates/1/deploymentStatus") == "inactive");
  CHECK(text_at(certificates, "/certificates/1/primaryCertificate/expiry") == "2027-02-21T10:15:00Z");
  CHECK(at(certificates, "/certificates/2") == "(absent)");

  std::string const validations = show(bench, "dv-history", "dv-history", 1).body;
  CHECK(text_at(validations, "/results/0/domain") == "a.example.com");
  CHECK(text_at(validations, "/results/0/domainHistory/0/validationStatus") == "VALIDATED");
  CHECK(json::at(parsed(validations), "/results")->Size() == 4);
}

TEST_CASE("histories: a cancelled change shows the CSR that it made") {
  Bench bench({.complete_after = 0s});
  REQUIRE(bench.post(third_party_body).status == 202);
  bench.list();
  bench.behaviour = {.inputs = Inputs::wait};
  bench.restart();
  REQUIRE(bench.put(10001, bench.get(10001).body, "force-renewal=true").status == 202);
  Pending const change{bench, 10001, 10002};
  std::string const csr = text_at(change.info("third-party-csr", "csr", 2).body, "/csrs/0/csr");
  REQUIRE(bench.send({.method = "DELETE", .target = change.path(), .accept = type_of("change-id", 1)}).status == 200);
  std::string const changes = show(bench, "history/changes", "change-history", 5).body;
  CHECK(text_at(changes, "/changes/0/action") == "renew");
  CHECK(text_at(changes, "/changes/0/primaryCertificate/csr") == csr);
  CHECK(at(changes, "/changes/0/primaryCertificate/certificate") == "null");
}

TEST_CASE("histories: what a CA that looks at organisations calls its order, from when it has it") {
  struct Case {
    char const* title;
    char const* kind;
    bool names;
  };
  for (Case const& c : {Case{"organisation", "ov", true}, Case{"domains alone", "dv", false}}) {
    SUBCASE(c.title) {
      Bench bench({.pace = Pace::usual});
      std::string const body = with(with(dv_body, "/validationType", fmt::format("\"{}\"", c.kind)), "/ra",
                                    c.names ? "\"symantec\"" : "\"lets-encrypt\"");
      REQUIRE(bench.post(body).status == 202);
      auto const order = [&] {
        return at(show(bench, "history/changes", "change-history", 5).body,
                  "/changes/0/primaryCertificateOrderDetails");
      };
      CHECK(order() == "null");  // it is looked at, and not ordered yet
      bench.clock.pass(1h);
      std::string const at_ca = order();
      CHECK((at_ca != "null") == c.names);
      bench.clock.pass(24h * 10);
      CHECK(text_at(show(bench, "history/changes", "change-history", 5).body, "/changes/0/status") == "completed");
      CHECK(order() == at_ca);
    }
  }
}

TEST_CASE("histories: they do not grow for ever") {
  Bench bench({.complete_after = 0s});
  REQUIRE(bench.post(dv_body).status == 202);
  std::string body = bench.get(10001).body;
  for (int i = 0; i < 60; ++i)
    REQUIRE(bench.put(10001, body, "force-renewal=true&renewal-date-check-override=true").status == 202);
  bench.list();
  bench.restart();
  json::Document const kept = parsed(bench.files.content["folder/enrollments.log"].substr(
      bench.files.content["folder/enrollments.log"].find("{\"put\"")));
  CHECK(json::at(kept, "/put/history")->Size() == 50);
  CHECK(json::at(kept, "/put/orders")->Size() == 50);
}

TEST_CASE("served: what cannot be had") {
  Bench bench({.complete_after = 0s});
  REQUIRE(bench.post(dv_body).status == 202);
  struct Case {
    char const *title, *tail, *entity;
    int version, status;
  };
  Case const cases[] = {{"another version", "deployments", "deployments", 6, 406},
                        {"another entity", "deployments/production", "deployments", 8, 406},
                        {"another network", "deployments/canary", "deployment", 8, 404},
                        {"another history", "history/people", "change-history", 5, 404},
                        {"no history in particular", "history", "change-history", 5, 404},
                        {"too deep", "deployments/production/now", "deployment", 8, 404}};
  for (Case const& c : cases) {
    CAPTURE(c.title);
    CHECK(show(bench, c.tail, c.entity, c.version).status == c.status);
  }
  CHECK(bench.send({.method = "DELETE", .target = enrollment_path(10001) + "/dv-history"}).status == 405);
}

TEST_CASE("contracts: those that the account has enrollments in, or those that exist") {
  auto const ask = [](Bench& bench) {
    return bench.send({.target = "/contract-api/v1/contracts/identifiers?depth=TOP", .accept = "*/*"});
  };
  Bench open;
  CHECK(ask(open).body == "[]");
  REQUIRE(open.post(dv_body).status == 202);
  Response const answer = ask(open);
  CHECK(answer.body == R"(["C-1"])");
  CHECK(answer.content_type == "application/json");
  Bench closed({.contracts = {"C-2", "C-1"}});
  CHECK(ask(closed).body == R"(["C-1","C-2"])");
}

}  // namespace
}  // namespace cpsctl::sandbox::test

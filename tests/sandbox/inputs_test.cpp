#include "support_changes.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace cpsctl::sandbox::test {
namespace {

using namespace std::chrono_literals;

constexpr char const* challenges_done = "lets-encrypt-challenges-completed";

Behaviour step_by_step() {
  return {.pace = Pace::usual, .inputs = Inputs::wait};
}

TEST_CASE("dv: from POST to production, with everything that people are asked") {
  Behaviour behaviour = step_by_step();
  behaviour.warnings = {{.when = Warning::When::before, .text = "DNS name www.example.com not CNAMEd to Akamai."},
                        {.when = Warning::When::after, .text = "Unsorted trust chain."}};
  Bench bench(behaviour);
  REQUIRE(bench.post(with(dv_body, "/changeManagement", "true")).status == 202);
  Pending const change{bench};
  CHECK(change.stands() == "pre-verification-safety-checks running");
  CHECK(at(change.get().body, "/allowedInput") == "[]");

  bench.clock.pass(1min);
  CHECK(change.stands() == "wait-review-pre-verification-safety-checks awaiting-input");
  std::string const asked = change.get().body;
  CHECK(at(asked, "/allowedInput/0/type") == "\"pre-verification-warnings-acknowledgement\"");
  CHECK(text_at(asked, "/allowedInput/0/info") == change.path() + "/input/info/pre-verification-warnings");
  CHECK(text_at(asked, "/allowedInput/0/update") == change.path() + "/input/update/pre-verification-warnings-ack");
  CHECK(text_at(change.info("pre-verification-warnings", "warnings").body, "/warnings") ==
        "DNS name www.example.com not CNAMEd to Akamai.");
  Response const taken = change.acknowledge("pre-verification-warnings-ack");
  CHECK(taken.status == 200);
  CHECK(taken.content_type == type_of("change-id", 1));
  CHECK(taken.body == R"({"change":"/cps/v2/enrollments/10001/changes/10001"})");

  CHECK(change.stands() == "coordinate-domain-validation awaiting-input");
  bench.clock.pass(240h);
  CHECK(change.stands() == "coordinate-domain-validation awaiting-input");
  CHECK(change.acknowledge(challenges_done).status == 200);
  CHECK(change.stands() == "check-for-cert running");
  bench.clock.pass(2min);
  CHECK(change.stands() == "wait-review-cert-warning awaiting-input");
  CHECK(change.acknowledge("post-verification-warnings-ack").status == 200);
  CHECK(change.stands() == "create-slot-files running");
  bench.clock.pass(2min);
  CHECK(change.stands() == "deploy-cert-to-staging running");
  bench.clock.pass(10min);
  CHECK(change.stands() == "wait-ack-change-management awaiting-input");
  CHECK(at(bench.get(10001).body, "/productionSlots") == "[]");
  CHECK(change.acknowledge("change-management-ack").status == 200);
  CHECK(change.stands() == "deploy-cert-to-production running");
  bench.clock.pass(20min);
  CHECK(change.stands() == "live-check-action running");
  CHECK(at(bench.get(10001).body, "/productionSlots") == "[10001]");
  bench.clock.pass(2min);
  CHECK(change.stands() == "404");
  CHECK(at(bench.get(10001).body, "/pendingChanges") == "[]");
}

TEST_CASE("ov: the authority takes its days, and asks nobody") {
  Bench bench(step_by_step());
  REQUIRE(bench.post(with(with(dv_body, "/validationType", "\"ov\""), "/ra", "\"symantec\"")).status == 202);
  Pending const change{bench};
  bench.clock.pass(90s);
  CHECK(change.stands() == "check-for-cert running");
  bench.clock.pass(47h);
  CHECK(change.stands() == "check-for-cert running");
  bench.clock.pass(1h);
  CHECK(change.stands() == "create-slot-files running");
  bench.clock.pass(1h);
  CHECK(change.stands() == "404");
}

TEST_CASE("inputs: a change at its input survives a restart") {
  Bench bench({.inputs = Inputs::wait});
  REQUIRE(bench.post(dv_body).status == 202);
  std::string const before = Pending{bench}.info("lets-encrypt-challenges", "dv-challenges", 2).body;
  bench.restart();
  Pending const change{bench};
  CHECK(change.stands() == "coordinate-domain-validation awaiting-input");
  CHECK(change.info("lets-encrypt-challenges", "dv-challenges", 2).body == before);
  CHECK(change.acknowledge(challenges_done).status == 200);
  CHECK(change.stands() == "404");
}

TEST_CASE("inputs: a refusal says what is wrong, and changes nothing") {
  std::string const acknowledged = R"({"acknowledgement":"acknowledge"})";
  struct Case {
    char const* title;
    std::string tail, entity, body;
    int status;
    char const* slug;
    int version = 1;
  };
  Case const cases[] = {
      {"an input that is not awaited", "change-management-ack", "acknowledgement", acknowledged, 409,
       "invalid-enrollment-state"},
      {"an input of another kind of change", "third-party-cert-and-trust-chain", "certificate-and-trust-chain",
       R"({"certificatesAndTrustChains":[{"keyAlgorithm":"RSA","certificate":"x"}]})", 409, "invalid-enrollment-state",
       2},
      {"a tail that nobody knows", "lets-encrypt-challenges", "acknowledgement", acknowledged, 404, "not-found"},
      {"no JSON", challenges_done, "acknowledgement", "{", 400, "malformed-json"},
      {"no object", challenges_done, "acknowledgement", "[]", 400, "invalid-input"},
      {"another word", challenges_done, "acknowledgement", R"({"acknowledgement":"yes"})", 400, "invalid-input"},
      {"no word", challenges_done, "acknowledgement", "{}", 400, "invalid-input"},
      {"an unknown field", challenges_done, "acknowledgement", R"({"acknowledgement":"acknowledge","x":1})", 400,
       "invalid-input"},
      {"a hash where none is known", challenges_done, "acknowledgement-with-hash",
       R"({"acknowledgement":"acknowledge","hash":"x"})", 415, "unsupported-media-type"},
      {"another version", challenges_done, "acknowledgement", acknowledged, 415, "unsupported-media-type", 2},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Bench bench;
      REQUIRE(bench.post(dv_body).status == 202);
      Pending const change{bench};
      Response const answer = change.update(c.tail, c.entity, c.body, c.version);
      CAPTURE(answer.body);
      CHECK(answer.status == c.status);
      CHECK(slug(answer) == c.slug);
      CHECK(change.stands() == "coordinate-domain-validation awaiting-input");
    }
  }
}

TEST_CASE("inputs: what is not asked for cannot be read") {
  Bench bench;
  REQUIRE(bench.post(dv_body).status == 202);
  Pending const change{bench};
  CHECK(change.info("pre-verification-warnings", "warnings").status == 404);
  CHECK(change.info("third-party-csr", "csr", 2).status == 404);
  CHECK(change.info("change-management-info", "change-management-info", 5).status == 404);
  CHECK(change.info("lets-encrypt-challenges-completed", "dv-challenges", 2).status == 404);
  CHECK(change.info("lets-encrypt-challenges", "dv-challenges", 1).status == 406);
  CHECK(change.info("lets-encrypt-challenges", "warnings", 1).status == 406);
  CHECK(bench.send({.method = "POST", .target = change.path() + "/input/info/lets-encrypt-challenges"}).status == 405);
  CHECK(bench.send({.target = change.path() + "/input/update/lets-encrypt-challenges-completed"}).status == 405);
  CHECK(bench.send({.target = change.path() + "/input/other/lets-encrypt-challenges"}).status == 404);
  CHECK(bench.send({.target = change.path() + "/input"}).status == 404);
}

TEST_CASE("inputs: the second acknowledgement is refused, the first may stay visible for a while") {
  Bench bench({.inputs = Inputs::wait, .input_echo = 2});
  REQUIRE(bench.post(dv_body).status == 202);
  Pending const change{bench};
  REQUIRE(change.acknowledge(challenges_done).status == 200);
  Response const again = change.acknowledge(challenges_done);
  CHECK(again.status == 409);
  CHECK(slug(again) == "invalid-enrollment-state");
  bench.restart();
  for (int read = 0; read < 2; ++read) {
    CHECK(change.info("lets-encrypt-challenges", "dv-challenges", 2).status == 200);
    CHECK(change.stands() == "coordinate-domain-validation awaiting-input");
  }
  CHECK(change.stands() == "404");
  CHECK(at(bench.get(10001).body, "/productionSlots") == "[10001]");
}

TEST_CASE("inputs: domain validation may be shown as suspended, and can be acknowledged all the same") {
  Bench bench({.validation = Validation::suspended});
  REQUIRE(bench.post(dv_body).status == 202);
  Pending const change{bench};
  CHECK(change.stands() == "coordinate-domain-validation suspended");
  CHECK(at(change.get().body, "/allowedInput/0/requiredToProceed") == "false");
  REQUIRE(change.acknowledge(challenges_done).status == 200);
  CHECK(change.stands() == "404");
}

TEST_CASE("inputs: a change that has ended can be read where that was chosen") {
  Bench bench({.ended = Ended::shown});
  REQUIRE(bench.post(dv_body).status == 202);
  Pending const change{bench};
  REQUIRE(change.acknowledge(challenges_done).status == 200);
  CHECK(change.stands() == "complete completed");
  CHECK(at(change.get().body, "/allowedInput") == "[]");
  CHECK(change.acknowledge(challenges_done).status == 404);
  REQUIRE(bench.put(10001, bench.get(10001).body, "force-renewal=true").status == 202);
  Pending const second{bench, 10001, 10002};
  REQUIRE(bench.send({.method = "DELETE", .target = second.path(), .accept = type_of("change-id", 1)}).status == 200);
  CHECK(second.stands() == "cancelled cancelled");
}

TEST_CASE("inputs: an input that is gone, and a change that ended between list and GET, are faults") {
  Bench bench;
  bench.behaviour.faults = {
      parse_fault_rule("GET /enrollments/*/changes/*/input/info/*: status 404 not-found first 1").value(),
      parse_fault_rule("GET /enrollments/*/changes/*: status 404 not-found first 1").value()};
  bench.restart();
  REQUIRE(bench.post(dv_body).status == 202);
  Pending const change{bench};
  CHECK(change.stands() == "404");
  CHECK(change.stands() == "coordinate-domain-validation awaiting-input");
  CHECK(slug(change.info("lets-encrypt-challenges", "dv-challenges", 2)) == "not-found");
  CHECK(change.info("lets-encrypt-challenges", "dv-challenges", 2).status == 200);
}

TEST_CASE("inputs: a denied input ends its change") {
  SUBCASE("with an error, until somebody cancels it") {
    Bench bench;
    REQUIRE(bench.post(dv_body).status == 202);
    Pending const change{bench};
    REQUIRE(change.acknowledge(challenges_done, "deny").status == 200);
    CHECK(change.stands() == "coordinate-domain-validation error");
    CHECK(at(change.get().body, "/allowedInput") == "[]");
    CHECK(text_at(change.get().body, "/statusInfo/error/code") == "denied");
    CHECK(text_at(change.get().body, "/statusInfo/error/timestamp") == "2026-11-23T10:15:00Z");
    CHECK(change.info("lets-encrypt-challenges", "dv-challenges", 2).status == 404);
    CHECK(change.acknowledge(challenges_done).status == 409);
    CHECK(bench.send({.method = "DELETE", .target = change.path(), .accept = type_of("change-id", 1)}).status == 200);
    CHECK(bench.get(10001).status == 404);
  }
  SUBCASE("or cancels it, and what was never deployed is gone") {
    Bench bench({.denied = Denied::cancelled});
    REQUIRE(bench.post(dv_body).status == 202);
    REQUIRE(Pending{bench}.acknowledge(challenges_done, "deny").status == 200);
    CHECK(bench.get(10001).status == 404);
  }
}

TEST_CASE("warnings: fewer names of a live certificate, and a removal, are asked about") {
  Bench bench({.warnings = {{.when = Warning::When::removal, .text = "Action Retry Required"}}});
  deployed(bench, dv_body);
  REQUIRE(bench.put(10001, with(bench.get(10001).body, "/csr/sans", R"(["a.example.com"])")).status == 202);
  Pending const update{bench, 10001, 10002};
  REQUIRE(update.acknowledge(challenges_done).status == 200);
  CHECK(update.stands() == "wait-review-cert-warning awaiting-input");
  CHECK(text_at(update.info("post-verification-warnings", "warnings").body, "/warnings")
            .starts_with("The SANs [b.example.com] are scheduled"));
  REQUIRE(update.acknowledge("post-verification-warnings-ack").status == 200);
  CHECK(update.stands() == "404");

  REQUIRE(bench.send({.method = "DELETE", .target = enrollment_path(10001), .accept = type_of("enrollment-status", 1)})
              .status == 202);
  Pending const removal{bench, 10001, 10003};
  CHECK(removal.stands() == "wait-review-cert-warning awaiting-input");
  REQUIRE(removal.acknowledge("post-verification-warnings-ack").status == 200);
  CHECK(removal.stands() == "deprovision-cert running");
}

TEST_CASE("challenges: tokens of each name, the same at each read, others after a week") {
  Bench bench;
  REQUIRE(bench.post(with(dv_body, "/csr/sans", R"(["*.example.com"])")).status == 202);
  Pending const change{bench};
  std::string const first = change.info("lets-encrypt-challenges", "dv-challenges", 2).body;
  json::Document const shown = parsed(first);
  REQUIRE(json::find(shown, "dv")->Size() == 2);
  std::size_t const wildcard = text_at(first, "/dv/0/domain") == "*.example.com" ? 0 : 1;
  std::string const one = fmt::format("/dv/{}", 1 - wildcard);
  std::string const star = fmt::format("/dv/{}", wildcard);
  CHECK(text_at(first, one + "/domain") == "www.example.com");
  CHECK(text_at(first, one + "/status") == "Awaiting user");
  CHECK(text_at(first, one + "/requestTimestamp") == "2026-11-23T10:15:00Z");
  CHECK(text_at(first, one + "/expires") == "2026-11-30T10:15:00Z");
  CHECK(text_at(first, one + "/challenges/0/type") == "http-01");
  std::string const token = text_at(first, one + "/challenges/0/token");
  CHECK(token.size() == 43);
  CHECK(text_at(first, one + "/challenges/0/responseBody").starts_with(token + "."));
  CHECK(text_at(first, one + "/challenges/0/fullPath") == "http://www.example.com/.well-known/acme-challenge/" + token);
  CHECK(text_at(first, one + "/challenges/1/fullPath") == "_acme-challenge.www.example.com.");
  CHECK(text_at(first, one + "/challenges/1/responseBody").size() == 43);
  CHECK(text_at(first, star + "/challenges/0/type") == "dns-01");
  CHECK(text_at(first, star + "/challenges/0/fullPath") == "_acme-challenge.example.com.");
  CHECK(at(first, star + "/challenges/1") == "(absent)");

  bench.clock.pass(24h);
  CHECK(change.info("lets-encrypt-challenges", "dv-challenges", 2).body == first);
  bench.clock.pass(6 * 24h);
  std::string const over = change.info("lets-encrypt-challenges", "dv-challenges", 2).body;
  CHECK(text_at(over, one + "/validationStatus") == "EXPIRED");
  CHECK(at(over, one + "/challenges") == "[]");
  bench.clock.pass(9min);
  std::string const next = change.info("lets-encrypt-challenges", "dv-challenges", 2).body;
  CHECK(text_at(next, one + "/validationStatus") == "DATA_NOT_READY");
  CHECK(text_at(next, one + "/challenges/0/token") != token);
}

TEST_CASE("cancelling: a change that is on its way to production goes on, one that waits for its date can be stopped") {
  Bench bench({.pace = Pace::usual});
  REQUIRE(bench.post(dv_body).status == 202);
  Pending const change{bench};
  Sent const cancel{.method = "DELETE", .target = change.path(), .accept = type_of("change-id", 1)};
  Sent const removal{.method = "DELETE",
                     .target = enrollment_path(10001) + "?allow-cancel-pending-changes=true",
                     .accept = type_of("enrollment-status", 1)};
  bench.clock.pass(31min);
  REQUIRE(change.stands() == "deploy-cert-to-production running");
  std::string const names = with(bench.get(10001).body, "/csr/sans", R"(["n.example.com"])");
  for (Response const& answer :
       {bench.send(cancel), bench.send(removal), bench.put(10001, names, "allow-cancel-pending-changes=true")}) {
    CHECK(answer.status == 409);
    CHECK(slug(answer) == "cannot-cancel-pending-change");
  }
  bench.clock.pass(24h);
  REQUIRE(bench.put(10001, names, "deploy-not-before=2026-12-24").status == 202);
  bench.clock.pass(24h);
  Pending const dated{bench, 10001, 10002};
  REQUIRE(dated.stands() == "deploy-cert-to-production running");
  CHECK(bench.send({.method = "DELETE", .target = dated.path(), .accept = type_of("change-id", 1)}).status == 200);
}

TEST_CASE("schedule: a write's dates are days; a lenient server takes timestamps, too") {
  std::string const query = "contractId=C-1&deploy-not-before=2026-12-01T08:30:00.000Z";
  Bench bench;
  REQUIRE(bench.post(dv_body, query).status == 202);
  CHECK(text_at(Pending{bench}.get().body, "/statusInfo/deploymentSchedule/notBefore") == "2026-12-01T08:30:00Z");
  Bench strict({.policy = Policy::strict});
  CHECK(strict.post(dv_body, query).status == 400);
}

TEST_CASE("schedule: a deployment that has begun takes no other date") {
  Bench bench(step_by_step());
  REQUIRE(bench.post(dv_body).status == 202);
  Pending const change{bench};
  bench.clock.pass(1min);
  REQUIRE(change.acknowledge(challenges_done).status == 200);
  bench.clock.pass(20min);
  REQUIRE(change.stands() == "deploy-cert-to-production running");
  Response const late = bench.send({.method = "PUT",
                                    .target = change.path() + "/deployment-schedule",
                                    .body = R"({"notBefore":"2026-12-01T08:00:00Z"})",
                                    .accept = type_of("change-id", 1),
                                    .content_type = type_of("deployment-schedule", 1)});
  CHECK(late.status == 409);
  CHECK(bench.send({.target = change.path() + "/deployment-schedule", .accept = type_of("deployment-schedule", 1)})
            .body == R"({"notAfter":null,"notBefore":null})");
}

TEST_CASE("schedule: a deployment waits for its date") {
  Bench bench(step_by_step());
  REQUIRE(bench.post(dv_body).status == 202);
  Pending const change{bench};
  std::string const path = change.path() + "/deployment-schedule";
  auto const put = [&](std::string body) {
    return bench.send({.method = "PUT",
                       .target = path,
                       .body = std::move(body),
                       .accept = type_of("change-id", 1),
                       .content_type = type_of("deployment-schedule", 1)});
  };
  CHECK(bench.send({.target = path, .accept = type_of("deployment-schedule", 1)}).body ==
        R"({"notAfter":null,"notBefore":null})");
  CHECK(put(R"({"notBefore":"soon"})").status == 400);
  CHECK(put(R"({"notBefore":"2026-12-24T00:00:00Z","notAfter":"2026-12-01T00:00:00Z"})").status == 400);
  REQUIRE(put(R"({"notBefore":"2026-12-01T08:00:00.000Z","notAfter":null})").status == 200);
  CHECK(bench.send({.target = path, .accept = type_of("deployment-schedule", 1)}).body ==
        R"({"notAfter":null,"notBefore":"2026-12-01T08:00:00Z"})");
  CHECK(text_at(change.get().body, "/statusInfo/deploymentSchedule/notBefore") == "2026-12-01T08:00:00Z");
  CHECK(change.get(1).body == change.get(2).body);
  bench.clock.pass(1min);
  REQUIRE(change.acknowledge(challenges_done).status == 200);
  bench.clock.pass(24h);
  CHECK(change.stands() == "deploy-cert-to-production running");
  bench.clock.pass(7 * 24h);
  CHECK(change.stands() == "404");
}

}  // namespace
}  // namespace cpsctl::sandbox::test

#include "base/text.hpp"
#include "support_changes.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace cpsctl::sandbox::test {
namespace {

using namespace std::chrono_literals;

std::string body_of(std::string const& stacked = "false", std::string const& management = "false") {
  std::string const body = with(third_party_body, "/enableMultiStackedCertificates", stacked);
  return with(with(body, "/changeManagement", management), "/csr/sans", R"(["shop.example.com","b.example.com"])");
}

/// The CSR for an algorithm, as the client reads it; empty if there is none.
std::string csr_of(Pending const& change, std::string const& algorithm) {
  Response const answer = change.info("third-party-csr", "csr", 2);
  REQUIRE(answer.status == 200);
  json::Document const body = parsed(answer.body);
  for (auto const& entry : json::find(body, "csrs")->GetArray())
    if (json::text_or(json::find(entry, "keyAlgorithm"), "") == algorithm)
      return std::string(json::text_or(json::find(entry, "csr"), ""));
  return {};
}

TEST_CASE("third-party: from POST to production with the customer's own certificate") {
  Bench bench({.pace = Pace::usual, .inputs = Inputs::wait});
  REQUIRE(bench.post(body_of()).status == 202);
  Pending const change{bench};
  CHECK(change.info("third-party-csr", "csr", 2).status == 404);
  bench.clock.pass(1min);
  CHECK(change.stands() == "generate-csr running");
  bench.clock.pass(30s);
  CHECK(change.stands() == "wait-upload-third-party awaiting-input");
  std::string const csr = csr_of(change, "RSA");
  CHECK(names_in_request(csr) == "b.example.com,shop.example.com");
  CHECK(csr_of(change, "ECDSA").empty());
  bench.restart();
  CHECK(csr_of(change, "RSA") == csr);

  CustomerCa const ca;
  std::string const certificate = ca.sign(csr);
  REQUIRE(change.upload(upload_body({{.certificate = certificate, .chain = ca.authority.intermediate}})).status == 200);
  CHECK(change.stands() == "verify-third-party-cert running");
  CHECK(csr_of(change, "RSA") == csr);
  CHECK(change.upload(upload_body({{.certificate = certificate}})).status == 409);
  bench.clock.pass(1min);
  CHECK(change.stands() == "create-slot-files running");
  CHECK(change.info("third-party-csr", "csr", 2).status == 404);
  bench.clock.pass(34min);
  CHECK(change.stands() == "404");
  CHECK(at(bench.get(10001).body, "/autoRenewalStartTime") == "null");
}

TEST_CASE("third-party: two keys when stacked, or when CPS does as users saw it") {
  struct Case {
    char const *title, *stacked;
    Csrs csrs;
    bool both;
  };
  Case const cases[] = {{"one", "false", Csrs::as_stacked, false},
                        {"stacked", "true", Csrs::as_stacked, true},
                        {"not asked for", "false", Csrs::both, true}};
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Bench bench({.csrs = c.csrs});
      REQUIRE(bench.post(body_of(c.stacked)).status == 202);
      Pending const change{bench};
      CHECK_FALSE(csr_of(change, "RSA").empty());
      CHECK(csr_of(change, "ECDSA").empty() == !c.both);
    }
  }
}

TEST_CASE("third-party: one of two keys is enough, and either can be the one") {
  CustomerCa const ca;
  for (std::string const algorithm : {"RSA", "ECDSA"}) {
    Bench bench;
    REQUIRE(bench.post(body_of("true")).status == 202);
    Pending const change{bench};
    std::string const certificate = ca.sign(csr_of(change, algorithm));
    REQUIRE(change.upload(upload_body({{algorithm, certificate, ca.authority.intermediate}})).status == 200);
    CHECK(change.stands() == "404");
  }
}

TEST_CASE("third-party: a CSR without the alternative names, when the enrollment leaves them out") {
  Bench bench;
  REQUIRE(bench.post(with(body_of(), "/thirdParty/excludeSans", "true")).status == 202);
  CHECK(names_in_request(csr_of(Pending{bench}, "RSA")).empty());
}

TEST_CASE("third-party: an upload that cannot be deployed is refused, and the change goes on waiting") {
  CustomerCa const ca;
  Bench bench;
  REQUIRE(bench.post(body_of("true")).status == 202);
  Pending const change{bench};
  std::string const rsa = ca.sign(csr_of(change, "RSA"));
  REQUIRE(bench.post(with(body_of(), "/csr/cn", "\"other.example.com\"")).status == 202);
  std::string const foreign = ca.sign(csr_of(Pending{bench, 10002, 10002}, "RSA"));
  struct Case {
    char const* title;
    std::string body;
    char const *slug, *detail;
  };
  Case const cases[] = {
      {"another CSR's", upload_body({{.certificate = foreign}}), "invalid-certificate", "'RSA' certificate was"},
      {"under the other key's name", upload_body({{.algorithm = "ECDSA", .certificate = rsa}}), "invalid-certificate",
       "'ECDSA' certificate was"},
      {"no PEM", upload_body({{.certificate = "MIID"}}), "invalid-certificate", "This certificate format"},
      {"the key itself", upload_body({{.certificate = ca.authority.key}}), "invalid-certificate",
       "This certificate format"},
      {"the same algorithm twice", upload_body({{.certificate = rsa}, {.certificate = rsa}}), "invalid-input",
       "given twice"},
      {"an algorithm that nobody knows", upload_body({{.algorithm = "DSA", .certificate = rsa}}), "invalid-input",
       "keyAlgorithm"},
      {"no certificate", R"({"certificatesAndTrustChains":[{"keyAlgorithm":"RSA"}]})", "invalid-input",
       "certificate is missing"},
      {"an empty list", R"({"certificatesAndTrustChains":[]})", "invalid-input", "certificatesAndTrustChains"},
      {"the shape of version 1", R"({"certificate":"x"})", "invalid-input", "unknown field"},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    Response const answer = change.upload(c.body);
    CAPTURE(answer.body);
    CHECK(answer.status == 400);
    CHECK(slug(answer) == c.slug);
    CHECK(text_at(answer.body, "/detail").find(c.detail) != std::string::npos);
    CHECK(change.stands() == "wait-upload-third-party awaiting-input");
  }
}

TEST_CASE("third-party: what CPS warns of") {
  CustomerCa const ca;
  CustomerCa const stranger;
  std::string const chain = ca.authority.intermediate;
  std::string const root = ca.authority.root;
  struct Case {
    char const* title;
    Signed how;
    std::string chain;
    std::string warnings;  ///< the openings, in order; empty: none
  };
  Case const cases[] = {
      {"nothing", {}, chain, ""},
      {"a chain up to its root", {}, chain + root, ""},
      {"a name is missing", {.names = {"shop.example.com"}}, chain, "SAN name [b.example.com] is missing"},
      {"a name was added",
       {.names = {"shop.example.com", "b.example.com", "c.example.com"}},
       chain,
       "SAN name [c.example.com] was added"},
      {"another common name",
       {.names = {"shop.example.com", "b.example.com"}, .common_name = "b.example.com"},
       chain,
       "The Common Name (CN) on"},
      {"no chain", {}, "", "The trust chain is"},
      {"a chain that is another's", {}, stranger.authority.root, "The trust chain [cpsctl sandbox root]"},
      {"a chain that is no PEM", {}, "chain", "This trust chain format"},
      {"a chain upside down", {}, root + chain, "Unsorted trust chain"},
      {"more than the chain", {}, chain + stranger.authority.root, "Extra certificates"},
      {"it ends soon", {.until = "2026-12-10T00:00:00Z"}, chain, "The 'RSA' certificate will"},
      {"it has ended", {.until = "2026-11-22T00:00:00Z"}, chain, "This certificate has"},
      {"it begins later", {.from = "2026-12-01T00:00:00Z"}, chain, "Certificate not yet"},
      {"it lives too long", {.until = "2028-12-01T00:00:00Z"}, chain, "The 'RSA' certificate is"},
      {"it outlives its chain",
       {.until = "2067-01-01T00:00:00Z"},
       chain,
       "The 'RSA' certificate is|End entity certificate"},
      {"two things at once",
       {.names = {"shop.example.com"}},
       "",
       "SAN name [b.example.com] is missing|The trust chain is"},
  };
  Bench waiting;
  REQUIRE(waiting.post(body_of()).status == 202);
  std::string const csr = csr_of(Pending{waiting}, "RSA");
  for (Case const& c : cases) {
    CAPTURE(c.title);
    Bench bench;
    bench.files.content = waiting.files.content;
    bench.restart();
    Pending const change{bench};
    REQUIRE(change.upload(upload_body({{.certificate = ca.sign(csr, c.how), .chain = c.chain}})).status == 200);
    if (c.warnings.empty()) {
      CHECK(change.stands() == "404");
      continue;
    }
    CHECK(change.stands() == "wait-review-third-party-cert awaiting-input");
    std::string const told = text_at(change.info("post-verification-warnings", "warnings").body, "/warnings");
    auto const lines = text::split(told, '\n');
    auto const openings = text::split(c.warnings, '|');
    CAPTURE(told);
    REQUIRE(lines.size() == openings.size());
    for (std::size_t i = 0; i < lines.size(); ++i) CHECK(lines[i].starts_with(openings[i]));
    REQUIRE(change.acknowledge("post-verification-warnings-ack").status == 200);
    CHECK(change.stands() == "404");
  }
}

TEST_CASE("third-party: the certificate in its own chain") {
  CustomerCa const ca;
  Bench bench;
  REQUIRE(bench.post(body_of()).status == 202);
  Pending const change{bench};
  std::string const leaf = ca.sign(csr_of(change, "RSA"));
  REQUIRE(change.upload(upload_body({{.certificate = leaf, .chain = leaf + ca.authority.intermediate}})).status == 200);
  CHECK(text_at(change.info("post-verification-warnings", "warnings").body, "/warnings")
            .starts_with("The end-entity certificate"));
}

TEST_CASE("third-party: a renewal asks for a new key, and names that the network would lose are told") {
  CustomerCa const ca;
  Bench bench;
  REQUIRE(bench.post(body_of()).status == 202);
  Pending const first{bench};
  std::string const old = csr_of(first, "RSA");
  REQUIRE(first.upload(upload_body({{.certificate = ca.sign(old), .chain = ca.authority.intermediate}})).status == 200);
  CHECK(first.stands() == "404");
  REQUIRE(
      bench.put(10001, with(bench.get(10001).body, "/csr/sans", R"(["c.example.com"])"), "force-renewal=true").status ==
      202);
  Pending const second{bench, 10001, 10002};
  std::string const csr = csr_of(second, "RSA");
  CHECK(csr != old);
  CHECK(second.upload(upload_body({{.certificate = ca.sign(old)}})).status == 400);
  REQUIRE(second.upload(upload_body({{.certificate = ca.sign(csr), .chain = ca.authority.intermediate}})).status ==
          200);
  CHECK(text_at(second.info("post-verification-warnings", "warnings").body, "/warnings") ==
        "SAN name [b.example.com] removed from certificate is still live on the network.");
}

TEST_CASE("change management: what would go live is shown, and approved by its hash") {
  CustomerCa const ca;
  Bench bench;
  REQUIRE(bench.post(body_of("true", "true")).status == 202);
  Pending const change{bench};
  std::string const rsa = ca.sign(csr_of(change, "RSA"), {.names = {"shop.example.com"}});
  std::string const ecdsa = ca.sign(csr_of(change, "ECDSA"));
  std::string const chain = ca.authority.intermediate;
  REQUIRE(change.upload(upload_body({{"RSA", rsa, chain}, {"ECDSA", ecdsa, chain}})).status == 200);
  REQUIRE(change.acknowledge("post-verification-warnings-ack").status == 200);
  CHECK(change.stands() == "wait-ack-change-management awaiting-input");
  CHECK(at(change.get().body, "/allowedInput/0/type") == "\"change-management\"");

  std::string const info = change.info("change-management-info", "change-management-info", 5).body;
  CHECK(at(info, "/acknowledgementDeadline") == "null");
  CHECK(text_at(info, "/pendingState/pendingCertificates/0/fullCertificate") == rsa);
  CHECK(text_at(info, "/pendingState/pendingCertificates/0/keyAlgorithm") == "RSA");
  CHECK(text_at(info, "/pendingState/pendingCertificates/1/fullCertificate") == ecdsa);
  CHECK(at(info, "/pendingState/pendingNetworkConfiguration/quicEnabled") == "false");
  CHECK(at(info, "/pendingState/pendingNetworkConfiguration/fipsMode") == "(absent)");
  CHECK(text_at(info, "/validationResult/warnings/0/message") ==
        "[SAN name [b.example.com] is missing in the certificate.]");
  std::string const hash = text_at(info, "/validationResultHash");
  CHECK(hash.size() == 40);

  std::string const single = change.info("change-management-info", "change-management-info", 3).body;
  CHECK(text_at(single, "/pendingState/pendingCertificate/fullCertificate") == rsa);
  CHECK(at(single, "/pendingState/pendingCertificates") == "(absent)");
  CHECK(change.info("change-management-info", "change-management-info", 6).status == 200);
  CHECK(change.info("change-management-info", "change-management-info", 4).status == 406);

  for (std::string const& stale : {std::string(40, 'a'), std::string()}) {
    Response const refused = change.approve(stale);
    CHECK(refused.status == 409);
    CHECK(slug(refused) == "invalid-enrollment-state");
  }
  CHECK(change.update("change-management-ack", "acknowledgement-with-hash", R"({"acknowledgement":"acknowledge"})")
            .status == 400);
  REQUIRE(change.approve(hash).status == 200);
  CHECK(change.stands() == "404");
  CHECK(at(bench.get(10001).body, "/productionSlots") == "[10001]");
}

TEST_CASE("change management: without warnings the hash is that of nothing, whatever the certificate") {
  Bench bench({.stale_hash = StaleHash::accepted});
  REQUIRE(bench.post(with(dv_body, "/changeManagement", "true")).status == 202);
  Pending const change{bench};
  REQUIRE(change.acknowledge("lets-encrypt-challenges-completed").status == 200);
  std::string const info = change.info("change-management-info", "change-management-info", 5).body;
  CHECK(text_at(info, "/validationResultHash") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  CHECK(at(info, "/validationResult") == "null");
  CHECK(names_in_certificate(text_at(info, "/pendingState/pendingCertificates/0/fullCertificate")) ==
        "a.example.com,b.example.com,www.example.com");
  REQUIRE(change.approve("stale").status == 200);
  CHECK(change.stands() == "404");
}

TEST_CASE("change management: a first certificate may be deployed without being asked for") {
  Bench bench({.first_approval = FirstApproval::passed});
  REQUIRE(bench.post(with(dv_body, "/changeManagement", "true")).status == 202);
  REQUIRE(Pending{bench}.acknowledge("lets-encrypt-challenges-completed").status == 200);
  CHECK(Pending{bench}.stands() == "404");
  REQUIRE(bench.put(10001, bench.get(10001).body, "force-renewal=true").status == 202);
  Pending const renewal{bench, 10001, 10002};
  REQUIRE(renewal.acknowledge("lets-encrypt-challenges-completed").status == 200);
  CHECK(renewal.stands() == "wait-ack-change-management awaiting-input");
}

TEST_CASE("change management: seven days before the live certificate ends CPS goes on by itself") {
  Bench bench({.pace = Pace::usual, .inputs = Inputs::wait, .first_approval = FirstApproval::passed});
  REQUIRE(bench.post(with(dv_body, "/changeManagement", "true")).status == 202);
  bench.clock.pass(1min);
  REQUIRE(Pending{bench}.acknowledge("lets-encrypt-challenges-completed").status == 200);
  bench.clock.pass(1h);
  REQUIRE(Pending{bench}.stands() == "404");
  bench.clock.pass(60 * 24h);
  REQUIRE(bench.put(10001, bench.get(10001).body, "force-renewal=true").status == 202);
  Pending const renewal{bench, 10001, 10002};
  bench.clock.pass(1min);
  REQUIRE(renewal.acknowledge("lets-encrypt-challenges-completed").status == 200);
  bench.clock.pass(1h);
  CHECK(renewal.stands() == "wait-ack-change-management awaiting-input");
  // Issued on 23 November at 10:18, for 90 days.
  CHECK(text_at(renewal.info("change-management-info", "change-management-info", 5).body, "/acknowledgementDeadline") ==
        "2027-02-14T10:18:00Z");
  bench.clock.pass(22 * 24h);
  CHECK(renewal.stands() == "wait-ack-change-management awaiting-input");
  bench.clock.pass(24h);
  CHECK(renewal.stands() == "404");
}

}  // namespace
}  // namespace cpsctl::sandbox::test

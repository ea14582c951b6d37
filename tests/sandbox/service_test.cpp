#include "support.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace cpsctl::sandbox::test {
namespace {

TEST_CASE("create: 202 with the paths of the enrollment and its change") {
  Bench bench;
  Response const created = bench.post(dv_body);
  CHECK(created.status == 202);
  CHECK(created.content_type == type_of("enrollment-status", 1));
  CHECK(created.body ==
        R"({"enrollment":"/cps/v2/enrollments/10001","changes":["/cps/v2/enrollments/10001/changes/10001"]})");
  CHECK(at(bench.get(10001).body, "/pendingChanges") ==
        R"([{"location":"/cps/v2/enrollments/10001/changes/10001","changeType":"new-certificate"}])");
}

TEST_CASE("create: what is refused") {
  std::string const mtls = with(dv_body, "/networkConfiguration/clientMutualAuthentication", R"({"setId":"x"})");
  struct Case {
    char const* title;
    std::string body, query;
    int status;
    char const *slug, *detail;
  };
  Case const cases[] = {
      {"no contract", dv_body, "", 400, "invalid-parameter", "contractId is required"},
      {"an empty contract", dv_body, "contractId=", 400, "invalid-parameter", "contractId is empty"},
      {"the prefix of other APIs", dv_body, "contractId=ctr_C-1", 400, "invalid-parameter",
       "CPS wants the bare id C-1"},
      {"a contract of others", dv_body, "contractId=C-9", 403, "invalid-contract", "C-9 is not available"},
      {"a day that is none", dv_body, "contractId=C-1&deploy-not-before=2026-02-30", 400, "invalid-parameter",
       "is not a day YYYY-MM-DD"},
      {"a day in another form", dv_body, "contractId=C-1&deploy-not-after=12-07-2020", 400, "invalid-parameter",
       "deploy-not-after"},
      {"a flag that is neither", dv_body, "contractId=C-1&allow-duplicate-cn=yes", 400, "invalid-parameter",
       "neither true nor false"},
      {"a parameter twice", dv_body, "contractId=C-1&contractId=C-1", 400, "invalid-parameter", "given twice"},
      {"no JSON", "{", "contractId=C-1", 400, "malformed-json", "request body"},
      {"no object", "[]", "contractId=C-1", 400, "invalid-enrollment", "is a list"},
      {"a required member missing", with(dv_body, "/ra", ""), "contractId=C-1", 400, "invalid-enrollment", "ra"},
      {"an unknown member", with(dv_body, "/sanz", "[]"), "contractId=C-1", 400, "invalid-enrollment", "sanz"},
      {"a member of v12 in v11", with(dv_body, "/networkConfiguration/fipsMode", "true"), "contractId=C-1", 400,
       "invalid-enrollment", "fipsMode"},
      {"a wrong type", with(dv_body, "/csr/sans", "\"a\""), "contractId=C-1", 400, "invalid-enrollment", "csr.sans"},
      {"a wrong word", with(dv_body, "/validationType", "\"xv\""), "contractId=C-1", 400, "invalid-enrollment",
       "validationType"},
      {"client certificates in a create", mtls, "contractId=C-1", 400, "invalid-network-configuration",
       "client mutual authentication"},
      {"DNS names without SNI",
       with(third_party_body, "/networkConfiguration/dnsNameSettings", R"({"cloneDnsNames":true})"), "contractId=C-1",
       400, "invalid-network-configuration", "sniOnly is false"},
      {"no DNS names and no cloning",
       with(dv_body, "/networkConfiguration/dnsNameSettings", R"({"cloneDnsNames":false})"), "contractId=C-1", 400,
       "invalid-network-configuration", "dnsNames"},
      {"dv from another authority", with(dv_body, "/ra", "\"symantec\""), "contractId=C-1", 400, "invalid-enrollment",
       "needs ra lets-encrypt"},
      {"dv of another kind", with(dv_body, "/certificateType", "\"single\""), "contractId=C-1", 400,
       "invalid-enrollment", "certificateType single"},
      {"dv with two keys", with(dv_body, "/enableMultiStackedCertificates", "true"), "contractId=C-1", 400,
       "invalid-enrollment", "enableMultiStackedCertificates"},
      {"thirdParty with dv", with(dv_body, "/thirdParty", R"({"excludeSans":false})"), "contractId=C-1", 400,
       "invalid-enrollment", "thirdParty"},
      {"third-party without thirdParty", with(third_party_body, "/thirdParty", ""), "contractId=C-1", 400,
       "invalid-enrollment", "excludeSans"},
      {"a trust chain for third-party", with(third_party_body, "/csr/preferredTrustChain", "\"x\""), "contractId=C-1",
       400, "invalid-enrollment", "preferredTrustChain"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Bench bench({.contracts = {"C-1"}});
      Response const refused = bench.post(c.body, c.query);
      CAPTURE(refused.body);
      CHECK(refused.status == c.status);
      CHECK(slug(refused) == c.slug);
      CHECK(at(refused.body, "/detail").find(c.detail) != std::string::npos);
      std::string const instance = at(refused.body, "/instance");
      CHECK(instance.find("?id=") + 4 + 32 + 1 == instance.size());
      CHECK_FALSE(refused.refused.empty());
      CHECK(at(bench.list("contractId=C-1").body, "/enrollments") == "[]");
    }
  }
}

TEST_CASE("create: media types") {
  Bench bench;
  Sent sent{.method = "POST",
            .target = "/cps/v2/enrollments?contractId=C-1",
            .body = dv_body,
            .accept = type_of("enrollment-status", 1),
            .content_type = "text/plain"};
  CHECK(bench.send(sent).status == 415);
  sent.content_type = type_of("enrollment", 11) + "; charset=utf-8";
  sent.accept = type_of("enrollment-status", 2);
  CHECK(bench.send(sent).status == 406);
  sent.accept = type_of("enrollment-status", 1);
  CHECK(bench.send(sent).status == 202);
}

TEST_CASE("create: a second certificate for the same name must be asked for") {
  Bench bench;
  REQUIRE(bench.post(dv_body).status == 202);
  std::string const louder = with(dv_body, "/csr/cn", "\"WWW.example.com\"");
  Response const refused = bench.post(louder);
  CHECK(refused.status == 409);
  CHECK(slug(refused) == "duplicate-common-name");
  CHECK(bench.post(dv_body, "contractId=C-2").status == 202);
  CHECK(bench.post(dv_body, "contractId=C-1&accountSwitchKey=1-2:3").status == 202);
  CHECK(bench.post(dv_body, "contractId=C-1&allow-duplicate-cn=true").status == 202);
}

TEST_CASE("create: server-owned members are ignored, or refused by a strict server") {
  std::string const echoed = with(dv_body, "/id", "77");
  Bench lenient;
  CHECK(lenient.post(echoed).status == 202);
  CHECK(at(lenient.get(10001).body, "/id") == "10001");
  CHECK(lenient.lines.front().find("let pass: server-owned members in a create: id") != std::string::npos);
  Bench strict({.policy = Policy::strict});
  CHECK(strict.post(echoed).status == 400);
}

TEST_CASE("strict: only what the OpenAPI allows, and allow-duplicate-cn") {
  Bench strict({.policy = Policy::strict});
  CHECK(strict.list("").status == 400);
  CHECK(strict.list("contractId=C-1&page=2").status == 400);
  CHECK(strict.list("contractId=C-1", 4).status == 406);
  CHECK(strict.post(dv_body, "contractId=C-1&allowDuplicateCN=true").status == 400);
  CHECK(strict.post(dv_body, "contractId=C-1&allow-duplicate-cn=true").status == 202);
  CHECK(strict.get(10001).body.find("enableMultiStackedCertificates") == std::string::npos);
  CHECK(strict.post(third_party_whole()).status == 202);
  CHECK(at(strict.get(10002).body, "/enableMultiStackedCertificates") == "true");
  Bench lenient;
  CHECK(lenient.list("").status == 200);
  CHECK(lenient.list("contractId=C-1&page=2").status == 200);
  CHECK(lenient.lines.back().find("unknown query parameter page (ignored)") != std::string::npos);
}

TEST_CASE("strict: what CPS or the CA behind it refuses of a document, though nothing published says so") {
  struct Case {
    char const *title, *pointer, *value, *says;
  };
  Case const cases[] = {
      {"a trailing dot", "/csr/cn", "\"www.example.com.\"", "empty label"},
      {"a U-label", "/csr/sans", "[\"b\u00fccher.example.com\"]", "cannot have"},
      {"an invisible character", "/csr/sans", "[\"a\u200b.example.com\"]", "cannot have"},
      {"a wildcard in the middle", "/csr/sans", "[\"a.*.example.com\"]", "cannot have"},
      {"a long common name", "/csr/cn", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com\"",
       "at most 64"},
      {"one word", "/csr/sans", "[\"intranet\"]", "fully qualified"},
      {"an inner name", "/csr/sans", "[\"a.corp\"]", "top-level domain"},
      {"an underscore", "/csr/sans", "[\"a_b.example.com\"]", "underscore"},
      {"served names, too", "/networkConfiguration/dnsNameSettings/dnsNames", "[\"www.example.com.\"]", "dnsNames"},
      {"a blank phone", "/techContact/phone", "\" \"", "techContact.phone"},
      {"a null name", "/adminContact/lastName", "null", "adminContact.lastName"},
      {"no street", "/org/addressLineOne", "\"\"", "org.addressLineOne"},
      {"no contact", "/adminContact", "null", "adminContact.firstName"},
  };
  Bench strict({.policy = Policy::strict});
  Bench lenient;
  for (Case const& c : cases) {
    CAPTURE(c.title);
    std::string const body = with(dv_body, c.pointer, c.value);
    Response const refused = strict.post(body);
    CHECK(refused.status == 400);
    CHECK(refused.body.find(c.says) != std::string::npos);
    CHECK(lenient.post(body, "contractId=C-1&allow-duplicate-cn=true").status == 202);
  }
  CHECK(strict.post(with(with(dv_body, "/adminContact", "null"), "/orgId", "7")).status == 202);
  std::string const own = with(third_party_whole(), "/csr/sans", "[\"a_b.corp\"]");
  CHECK(strict.post(own).status == 202);  // a CA of one's own issues for anything
}

TEST_CASE("strict: a PUT of an older version keeps what only the newer one knows") {
  Bench strict({.policy = Policy::strict, .complete_after = Duration(0)});
  REQUIRE(strict.post(with(dv_body, "/networkConfiguration/fipsMode", "true"), "contractId=C-1", 12).status == 202);
  std::string const shown = with(strict.get(10001).body, "/enableMultiStackedCertificates", "false");
  CHECK(shown.find("fipsMode") == std::string::npos);
  CHECK(strict.put(10001, with(shown, "/techContact/phone", "\"4\"")).status == 200);
  CHECK(at(strict.get(10001, 12).body, "/networkConfiguration/fipsMode") == "true");
}

TEST_CASE("list: by contract and by account") {
  Bench bench;
  REQUIRE(bench.post(dv_body).status == 202);
  REQUIRE(bench.post(third_party_body, "contractId=C-2").status == 202);
  REQUIRE(bench.post(dv_body, "contractId=C-1&accountSwitchKey=1-2:3").status == 202);
  CHECK(at(bench.list().body, "/enrollments/0/id") == "10001");
  CHECK(at(bench.list().body, "/enrollments/1") == "(absent)");
  CHECK(at(bench.list("contractId=C-2").body, "/enrollments/0/id") == "10002");
  CHECK(at(bench.list("").body, "/enrollments/1/id") == "10002");
  CHECK(at(bench.list("accountSwitchKey=1-2%3A3").body, "/enrollments/0/id") == "10003");
  CHECK(bench.list("contractId=C-9").body == R"({"enrollments":[]})");
  CHECK(bench.get(10003).status == 404);
}

TEST_CASE("get: 404 has CPS's shape, without a detail") {
  Bench bench;
  Response const missing = bench.get(10001);
  CHECK(missing.status == 404);
  CHECK(slug(missing) == "not-found");
  CHECK(at(missing.body, "/title") == "\"Not Found\"");
  CHECK(at(missing.body, "/detail") == "(absent)");
}

TEST_CASE("routes: what is not there, and what is not allowed") {
  struct Case {
    char const *title, *method, *target;
    int status;
    char const* allow;
  };
  Case const cases[] = {
      {"the root", "GET", "/", 404, ""},
      {"another API", "GET", "/papi/v1/properties", 404, ""},
      {"an id that is none", "GET", "/cps/v2/enrollments/abc", 404, ""},
      {"a negative id", "GET", "/cps/v2/enrollments/-1", 404, ""},
      {"a huge id", "GET", "/cps/v2/enrollments/99999999999999999999", 404, ""},
      {"a trailing slash", "GET", "/cps/v2/enrollments/10001/", 404, ""},
      {"below a change", "GET", "/cps/v2/enrollments/10001/changes/10001/input", 404, ""},
      {"an unknown change", "GET", "/cps/v2/enrollments/10001/changes/10009", 404, ""},
      {"something else of an enrollment", "GET", "/cps/v2/enrollments/10001/unchanges/10001", 404, ""},
      {"broken percent-encoding", "GET", "/cps/v2/enrollments?contractId=%zz", 400, ""},
      {"DELETE of all", "DELETE", "/cps/v2/enrollments", 405, "GET, POST"},
      {"HEAD", "HEAD", "/cps/v2/enrollments", 405, "GET, POST"},
      {"POST of one", "POST", "/cps/v2/enrollments/10001", 405, "GET, PUT, DELETE"},
      {"PUT of a change", "PUT", "/cps/v2/enrollments/10001/changes/10001", 405, "GET, DELETE"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Bench bench;
      REQUIRE(bench.post(dv_body).status == 202);
      Response const response = bench.send({.method = c.method, .target = c.target, .accept = "*/*"});
      CHECK(response.status == c.status);
      CHECK((response.headers.empty() ? "" : response.headers.front().value) == c.allow);
    }
  }
}

TEST_CASE("change: what it is doing at first") {
  struct Case {
    char const *title, *body, *status, *state, *input;
  };
  std::string const ov = with(with(dv_body, "/validationType", "\"ov\""), "/ra", "\"symantec\"");
  Case const cases[] = {
      {"dv waits for domain validation", dv_body, "\"coordinate-domain-validation\"", "\"awaiting-input\"",
       "\"lets-encrypt-challenges\""},
      {"third-party waits for the certificate", third_party_body, "\"wait-upload-third-party\"", "\"awaiting-input\"",
       "\"third-party-certificate\""},
      {"ov waits for the CA", ov.c_str(), "\"check-for-cert\"", "\"running\"", "(absent)"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Bench bench;
      REQUIRE(bench.post(c.body, "contractId=C-1&deploy-not-before=2026-12-01").status == 202);
      Response const change = bench.send({.target = change_path(10001, 10001), .accept = type_of("change", 2)});
      CHECK(change.status == 200);
      CHECK(at(change.body, "/statusInfo/status") == c.status);
      CHECK(at(change.body, "/statusInfo/state") == c.state);
      CHECK(at(change.body, "/statusInfo/error") == "null");
      CHECK(at(change.body, "/statusInfo/deploymentSchedule/notBefore") == "\"2026-12-01T00:00:00Z\"");
      CHECK(at(change.body, "/allowedInput/0/type") == c.input);
      CHECK(bench.send({.target = change_path(10001, 10001), .accept = type_of("change", 9)}).status == 406);
    }
  }
}

TEST_CASE("change: cancelling the only change of a new enrollment removes the enrollment") {
  Bench bench;
  REQUIRE(bench.post(dv_body).status == 202);
  Response const cancelled =
      bench.send({.method = "DELETE", .target = change_path(10001, 10001), .accept = type_of("change-id", 1)});
  CHECK(cancelled.status == 200);
  CHECK(cancelled.body == R"({"change":"/cps/v2/enrollments/10001/changes/10001"})");
  CHECK(bench.get(10001).status == 404);
  CHECK(bench.post(dv_body).body.find("/10002") != std::string::npos);
}

TEST_CASE("update: 409 while a change is pending, 202 with a new change when it may be cancelled") {
  Bench bench;
  REQUIRE(bench.post(dv_body).status == 202);
  std::string const whole = with(bench.get(10001).body, "/networkConfiguration/quicEnabled", "true");
  Response const refused = bench.put(10001, whole);
  CHECK(refused.status == 409);
  CHECK(slug(refused) == "pending-change-exists");
  Response const updated = bench.put(10001, whole, "allow-cancel-pending-changes=true");
  CHECK(updated.status == 202);
  CHECK(at(updated.body, "/changes/0") == "\"/cps/v2/enrollments/10001/changes/10002\"");
  CHECK(at(bench.get(10001).body, "/networkConfiguration/quicEnabled") == "true");
  CHECK(at(bench.get(10001).body, "/pendingChanges/0/location") == "\"/cps/v2/enrollments/10001/changes/10002\"");
  CHECK(at(bench.get(10001).body, "/pendingChanges/1") == "(absent)");
}

TEST_CASE("update: what was read may be sent back as it is, also without the member that CPS leaves out") {
  Bench bench;
  REQUIRE(bench.post(dv_body).status == 202);
  std::string const read = bench.get(10001).body;
  CHECK(at(read, "/enableMultiStackedCertificates") == "(absent)");
  CHECK(bench.put(10001, read, "allow-cancel-pending-changes=true").status == 202);
}

TEST_CASE("update: client certificates are welcome in a second step") {
  Bench bench;
  REQUIRE(bench.post(third_party_body).status == 202);
  std::string const wanted = with(bench.get(10001).body, "/networkConfiguration/clientMutualAuthentication",
                                  R"({"setId":"Custom_CPS-6134b_B-3-1AHBENT.xml"})");
  std::string const third = with(wanted, "/signatureAlgorithm", "null");
  Response const updated = bench.put(10001, third, "allow-cancel-pending-changes=true");
  CAPTURE(updated.body);
  CHECK(updated.status == 202);
  CHECK(at(bench.get(10001).body, "/networkConfiguration/clientMutualAuthentication/setId") ==
        "\"Custom_CPS-6134b_B-3-1AHBENT.xml\"");
}

TEST_CASE("update: what an edit of a deployed enrollment costs") {
  struct Case {
    char const *title, *pointer, *value, *query;
    int status;
    char const* change;
  };
  Case const cases[] = {
      {"nothing", "/changeManagement", "false", "", 200, "(absent)"},
      {"a contact is metadata", "/techContact", R"({"firstName":"E"})", "", 200, "(absent)"},
      {"a name is another certificate", "/csr/sans", R"(["c.example.com"])", "", 202, "\"modify-san\""},
      {"a subject is another certificate", "/csr/o", "\"Other\"", "", 202, "\"modify-certificate\""},
      {"the network is deployed again", "/networkConfiguration/quicEnabled", "true", "", 202, "\"modify-certificate\""},
      {"a renewal may be forced", "/changeManagement", "false", "force-renewal=true", 202, "\"renewal\""},
      {"SANs in another order are nothing", "/csr/sans", R"(["b.example.com","A.EXAMPLE.com"])", "", 200, "(absent)"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Bench bench;
      deployed(bench, dv_body);
      std::string const whole = bench.get(10001).body;
      Response const updated = bench.put(10001, with(whole, c.pointer, c.value), c.query);
      CAPTURE(updated.body);
      CHECK(updated.status == c.status);
      CHECK(at(bench.get(10001).body, "/pendingChanges/0/changeType") == c.change);
    }
  }
}

TEST_CASE("update: what cannot be edited") {
  struct Case {
    char const *pointer, *value;
  };
  Case const cases[] = {{"/csr/cn", "\"other.example.com\""},
                        {"/networkConfiguration/secureNetwork", "\"standard-tls\""}};
  for (Case const& c : cases) {
    SUBCASE(c.pointer) {
      Bench bench;
      deployed(bench, dv_body);
      std::string const whole = bench.get(10001).body;
      Response const refused = bench.put(10001, with(whole, c.pointer, c.value));
      CHECK(refused.status == 400);
      CHECK(at(refused.body, "/detail").find("cannot be changed after the enrollment was created") !=
            std::string::npos);
    }
  }
}

TEST_CASE("delete: at once when nothing was deployed, with a change otherwise") {
  Sent const plain{.method = "DELETE", .target = enrollment_path(10001), .accept = type_of("enrollment-status", 1)};
  Sent cancelling = plain;
  cancelling.target += "?allow-cancel-pending-changes=true";
  Bench fresh;
  REQUIRE(fresh.post(dv_body).status == 202);
  CHECK(fresh.send(plain).status == 409);
  CHECK(fresh.send(cancelling).status == 200);
  CHECK(fresh.get(10001).status == 404);

  Bench bench;
  deployed(bench, dv_body);
  Response const removal = bench.send(plain);
  CHECK(removal.status == 202);
  CHECK(bench.get(10001).status == 200);
  std::string const path = at(removal.body, "/changes/0");
  std::string const target = path.substr(1, path.size() - 2);
  Response const change = bench.send({.target = target, .accept = type_of("change", 2)});
  CHECK(at(change.body, "/statusInfo/status") == "\"deprovision-cert\"");
  Response const refused = bench.send({.method = "DELETE", .target = target, .accept = type_of("change-id", 1)});
  CHECK(refused.status == 409);
  CHECK(slug(refused) == "cannot-cancel-pending-change");
}

TEST_CASE("record: one line a request, never a signature") {
  Bench bench;
  REQUIRE(bench.post(dv_body, "contractId=C-1&accountSwitchKey=1-2:3").status == 202);
  CHECK(bench.get(77).status == 404);
  std::string const log = bench.files.content["folder/requests.log"];
  CHECK(std::count(log.begin(), log.end(), '\n') == 2);
  CHECK(log.find("EG1-HMAC") == std::string::npos);
  CHECK(log.find("signature=") == std::string::npos);
  std::string const first = log.substr(0, log.find('\n'));
  std::string const second = log.substr(log.find('\n') + 1);
  CHECK(at(first, "/method") == "\"POST\"");
  CHECK(at(first, "/target") == "\"/cps/v2/enrollments?contractId=C-1&accountSwitchKey=1-2:3\"");
  CHECK(at(first, "/status") == "202");
  CHECK(at(first, "/account") == "\"1-2:3\"");
  CHECK(at(first, "/contentType") == "\"" + type_of("enrollment", 11) + "\"");
  CHECK(at(first, "/accept") == "\"" + type_of("enrollment-status", 1) + "\"");
  CHECK(at(first, "/refused") == "\"\"");
  CHECK(at(second, "/account") == "\"own\"");
  CHECK(at(second, "/refused") == "\"no enrollment 77\"");
  CHECK(bench.lines.back() == "GET /cps/v2/enrollments/77 404 refused: no enrollment 77");
}

}  // namespace
}  // namespace cpsctl::sandbox::test

#include "sandbox/media.hpp"
#include "sandbox/normalise.hpp"
#include "sandbox/versions.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

namespace cpsctl::sandbox::test {
namespace {

TEST_CASE("media: which version an Accept header gets") {
  struct Case {
    char const *title, *accept;
    int lenient, strict;  ///< 0: refused with 406
  };
  Case const cases[] = {
      {"the exact type", "application/vnd.akamai.cps.enrollments.v11+json", 11, 11},
      {"the newest", "application/vnd.akamai.cps.enrollments.v12+json", 12, 12},
      {"the one that cli-cps lists in", "application/vnd.akamai.cps.enrollments.v4+json", 4, 0},
      {"one too old to be known", "application/vnd.akamai.cps.enrollments.v3+json", 0, 0},
      {"one that does not exist yet", "application/vnd.akamai.cps.enrollments.v13+json", 0, 0},
      {"another entity", "application/vnd.akamai.cps.enrollment.v11+json", 0, 0},
      {"no number", "application/vnd.akamai.cps.enrollments.v+json", 0, 0},
      {"parameters and letter case do not matter", "Application/vnd.akamai.cps.Enrollments.v11+JSON; q=0.9", 11, 11},
      {"one that no client asks for", "application/vnd.akamai.cps.enrollments.v9+json", 0, 0},
      {"a list, exact before wildcard", "*/*, application/vnd.akamai.cps.enrollments.v12+json", 12, 12},
      {"anything", "*/*", 11, 0},
      {"plain JSON", "application/json", 11, 0},
      {"none", "", 11, 0},
      {"text", "text/html", 0, 0},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      auto const version = [&](Policy policy) {
        return accepted_version(c.accept, enrollments_entity(policy), policy).value_or(0);
      };
      CHECK(version(Policy::lenient) == c.lenient);
      CHECK(version(Policy::strict) == c.strict);
    }
  }
}

TEST_CASE("media: which version a body is in") {
  struct Case {
    char const *title, *type;
    int lenient, strict;
  };
  Case const cases[] = {
      {"exact", "application/vnd.akamai.cps.enrollment.v11+json", 11, 11},
      {"with a charset", "application/vnd.akamai.cps.enrollment.v11+json; charset=UTF-8", 11, 11},
      {"with another charset", "application/vnd.akamai.cps.enrollment.v11+json; charset=latin1", 0, 0},
      {"plain JSON", "application/json", 11, 0},
      {"none", "", 0, 0},
      {"a list is not a body type", "application/vnd.akamai.cps.enrollments.v11+json", 0, 0},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      auto const version = [&](Policy policy) {
        return content_version(c.type, enrollment_entity(), policy).value_or(0);
      };
      CHECK(version(Policy::lenient) == c.lenient);
      CHECK(version(Policy::strict) == c.strict);
    }
  }
}

TEST_CASE("versions: what the media types show") {
  struct Case {
    char const* title;
    int version;
    char const *pointer, *expect;
  };
  Case const cases[] = {
      {"v12 has fipsMode", 12, "/networkConfiguration/fipsMode", "true"},
      {"v11 has not", 11, "/networkConfiguration/fipsMode", "(absent)"},
      {"v11 has the id", 11, "/id", "10001"},
      {"v11 has pending changes as objects", 11, "/pendingChanges/0/changeType", "\"new-certificate\""},
      {"v4 has no id", 4, "/id", "(absent)"},
      {"v4 has no slots", 4, "/productionSlots", "(absent)"},
      {"v4 has the location", 4, "/location", "\"/cps/v2/enrollments/10001\""},
      {"v4 has pending changes as paths", 4, "/pendingChanges/0", "\"/cps/v2/enrollments/10001/changes/10001\""},
      {"v4 has no trust chain", 4, "/csr/preferredTrustChain", "(absent)"},
      {"v4 has no mutual authentication", 4, "/networkConfiguration/clientMutualAuthentication", "(absent)"},
      {"v4 has sni", 4, "/networkConfiguration/sni/cloneDnsNames", "true"},
      {"v4 has no sniOnly", 4, "/networkConfiguration/sniOnly", "(absent)"},
      {"v4 has no QUIC", 4, "/networkConfiguration/quicEnabled", "(absent)"},
      {"v4 keeps the names", 4, "/csr/cn", "\"www.example.com\""},
  };
  Bench bench;
  REQUIRE(bench.post(with(dv_body, "/networkConfiguration/fipsMode", "true"), "contractId=C-1", 12).status == 202);
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Response const listed = bench.list("contractId=C-1", c.version);
      CHECK(listed.content_type == type_of("enrollments", c.version));
      CHECK(at(listed.body, "/enrollments/0" + std::string(c.pointer)) == c.expect);
      Response const one = bench.get(10001, c.version);
      CHECK(one.status == (c.version == 4 ? 406 : 200));
      if (one.status == 200) CHECK(at(one.body, c.pointer) == c.expect);
    }
  }
}

TEST_CASE("versions: v4 shows null for a certificate without SNI") {
  Bench bench;
  REQUIRE(bench.post(third_party_body).status == 202);
  CHECK(at(bench.list("contractId=C-1", 4).body, "/enrollments/0/networkConfiguration/sni") == "null");
}

TEST_CASE("versions: bodies are written in v11 and v12 alone") {
  Bench bench;
  CHECK(bench.post(dv_body, "contractId=C-1", 4).status == 415);
  CHECK(bench.post(dv_body, "contractId=C-1", 10).status == 415);
}

TEST_CASE("versions: a v11 client's PUT keeps what v11 cannot say") {
  Bench bench;
  REQUIRE(bench.post(with(dv_body, "/networkConfiguration/fipsMode", "true"), "contractId=C-1", 12).status == 202);
  Response const echoed = bench.put(10001, bench.get(10001, 11).body, "allow-cancel-pending-changes=true", 11);
  CAPTURE(echoed.body);
  REQUIRE(echoed.status < 300);
  CHECK(at(bench.get(10001, 12).body, "/networkConfiguration/fipsMode") == "true");
}

TEST_CASE("normalise: what CPS makes of a document") {
  struct Case {
    char const *title, *base, *pointer, *expect;
  };
  Case const cases[] = {
      {"SANs: the CN joins them, lower case, in another order", dv_body, "/csr/sans",
       R"(["a.example.com","b.example.com","www.example.com"])"},
      {"SANs of a document without any: the CN", third_party_body, "/csr/sans", R"(["shop.example.com"])"},
      {"dnsNames are listed when cloned", dv_body, "/networkConfiguration/dnsNameSettings/dnsNames",
       R"(["a.example.com","b.example.com","www.example.com"])"},
      {"no dnsNameSettings without SNI", third_party_body, "/networkConfiguration/dnsNameSettings", "null"},
      {"default ciphers", dv_body, "/networkConfiguration/mustHaveCiphers", "\"ak-akamai-2020q1\""},
      {"default preferred ciphers", dv_body, "/networkConfiguration/preferredCiphers", "\"ak-akamai-2020q1\""},
      {"OCSP stapling on", dv_body, "/networkConfiguration/ocspStapling", "\"on\""},
      {"old TLS off", dv_body, "/networkConfiguration/disallowedTlsVersions", R"(["TLSv1","TLSv1_1"])"},
      {"default chain", dv_body, "/certificateChainType", "\"default\""},
      {"signature algorithm filled in", dv_body, "/signatureAlgorithm", "\"SHA-256\""},
      {"signature algorithm of third-party is null, whatever was sent", third_party_body, "/signatureAlgorithm",
       "null"},
      {"an empty text becomes null", dv_body, "/csr/ou", "null"},
      {"an absent text becomes null", dv_body, "/csr/st", "null"},
      {"inside contacts as well", dv_body, "/adminContact/title", "null"},
      {"an absent contact becomes null", third_party_body, "/adminContact", "null"},
      {"thirdParty is null for dv", dv_body, "/thirdParty", "null"},
      {"multi-stack is shown for third-party", third_party_body, "/enableMultiStackedCertificates", "true"},
      {"multi-stack is left out otherwise", dv_body, "/enableMultiStackedCertificates", "(absent)"},
      {"id is an integer", dv_body, "/id", "10001"},
      {"100 names", dv_body, "/maxAllowedSanNames", "100"},
      {"25 wildcards for dv", dv_body, "/maxAllowedWildcardSanNames", "25"},
      {"100 wildcards for third-party", third_party_body, "/maxAllowedWildcardSanNames", "100"},
      {"no slots yet", dv_body, "/assignedSlots", "[]"},
      {"no renewal yet", dv_body, "/autoRenewalStartTime", "null"},
      {"no organization id", dv_body, "/orgId", "null"},
      {"no contract id", dv_body, "/contractId", "(absent)"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Bench bench;
      Response const created = bench.post(c.base);
      CAPTURE(created.body);
      REQUIRE(created.status == 202);
      CHECK(at(bench.get(10001).body, c.pointer) == c.expect);
    }
  }
}

TEST_CASE("normalise: names that were sent in order come back in another") {
  Bench bench;
  std::string const sorted = with(dv_body, "/csr/sans", R"(["a.example.com","b.example.com","www.example.com"])");
  REQUIRE(bench.post(sorted).status == 202);
  CHECK(at(bench.get(10001).body, "/csr/sans") == R"(["b.example.com","www.example.com","a.example.com"])");
}

TEST_CASE("normalise: doing it twice changes no value") {
  Bench bench;
  REQUIRE(bench.post(dv_body).status == 202);
  json::Document const once = parsed(bench.get(10001).body);
  auto const schema = schema::enrollment("v11");
  REQUIRE(schema);
  json::Document const twice = normalised(once, (*schema)->root(), 10001);
  CHECK(edit_between(once, twice, (*schema)->root()).fields.empty());
}

}  // namespace
}  // namespace cpsctl::sandbox::test

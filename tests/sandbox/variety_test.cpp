#include "sandbox/variety.hpp"

#include "sandbox/normalise.hpp"
#include "support.hpp"

#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace cpsctl::sandbox::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t seeds = 300;

std::string const bodies[] = {dv_body, third_party_body,
                              with(with(dv_body, "/validationType", "\"ov\""), "/ra", "\"symantec\"")};

TEST_CASE("variety: every shape says what the plain one says") {
  auto const schema = schema::enrollment("v11");
  REQUIRE(schema);
  auto const& root = (*schema)->root();
  for (std::string const& body : bodies) {
    json::Document const plain = normalised(parsed(body), root, 10001);
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      CAPTURE(seed);
      json::Document shape = json::clone(plain);
      vary(shape, root, seed);
      CAPTURE(json::compact(shape));
      json::Document const again = normalised(shape, root, 10001);
      CHECK(edit_between(plain, again, root).fields.empty());
      CHECK(edit_between(again, plain, root).fields.empty());
    }
  }
}

TEST_CASE("variety: what was shown may be sent back as it is, and is not an edit") {
  for (std::uint64_t seed = 0; seed < seeds / 10; ++seed) {
    CAPTURE(seed);
    for (std::string const& body : bodies) {
      Bench bench({.normalise_seed = seed});
      deployed(bench, body);
      for (int const version : {11, 12}) {
        CAPTURE(version);
        std::string const shown = bench.get(10001, version).body;
        Response const echoed = bench.put(10001, shown, "", version);
        CAPTURE(shown);
        CAPTURE(echoed.body);
        CHECK(echoed.status == 200);
      }
    }
  }
}

TEST_CASE("variety: the same seed shows the same, another one something else; the list agrees with the enrollment") {
  std::set<std::string> shapes;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Bench bench({.normalise_seed = seed});
    REQUIRE(bench.post(dv_body).status == 202);
    std::string const shown = bench.get(10001).body;
    CHECK(bench.get(10001).body == shown);
    CHECK(bench.list().body == "{\"enrollments\":[" + shown + "]}");
    shapes.insert(shown);
  }
  CHECK(shapes.size() == 10);
}

TEST_CASE("variety: each liberty is taken, and left") {
  struct Case {
    char const* title;
    char const* body;
    char const* pointer;
    std::set<std::string> expect;
  };
  Case const cases[] = {
      {"an empty text", dv_body, "/csr/ou", {"null", "\"\"", "(absent)"}},
      {"an empty object", dv_body, "/thirdParty", {"null", "(absent)"}},
      {"an empty object elsewhere", third_party_body, "/org", {"null", "(absent)"}},
      {"a member that CPS leaves out", dv_body, "/enableMultiStackedCertificates", {"false", "(absent)"}},
      {"the algorithm of third-party", third_party_body, "/signatureAlgorithm", {"null", "(absent)"}},
      {"a host name's letters",
       third_party_body,
       "/csr/cn",
       {"\"shop.example.com\"", "\"Shop.example.com\"", "\"SHOP.EXAMPLE.COM\""}},
      {"the CN among the SANs, or none",
       third_party_body,
       "/csr/sans",
       {"[]", "null", "(absent)", R"(["shop.example.com"])", R"(["Shop.example.com"])", R"(["SHOP.EXAMPLE.COM"])"}},
      {"the order of a set",
       dv_body,
       "/networkConfiguration/disallowedTlsVersions",
       {R"(["TLSv1","TLSv1_1"])", R"(["TLSv1_1","TLSv1"])"}},
      {"the prefix of paths",
       dv_body,
       "/location",
       {"\"/cps/v2/enrollments/10001\"", "\"/cps-api/enrollments/10001\""}},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      std::set<std::string> seen;
      for (std::uint64_t seed = 0; seed < 100; ++seed) {
        Bench bench({.normalise_seed = seed});
        REQUIRE(bench.post(c.body).status == 202);
        seen.insert(at(bench.get(10001).body, c.pointer));
      }
      CHECK(seen == c.expect);
    }
  }
}

TEST_CASE("variety: names that are cloned are listed, or not") {
  std::set<bool> listed;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Bench bench({.normalise_seed = seed});
    REQUIRE(bench.post(dv_body).status == 202);
    std::string const names = at(bench.get(10001).body, "/networkConfiguration/dnsNameSettings/dnsNames");
    listed.insert(names.find("example.com") != std::string::npos || names.find("EXAMPLE.COM") != std::string::npos);
  }
  CHECK(listed.size() == 2);
}

}  // namespace
}  // namespace cpsctl::sandbox::test

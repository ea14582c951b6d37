#include "findings.hpp"

#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;

namespace {

constexpr char const* whole = R"(apiVersion: cpsctl.dev/v1
kind: Enrollment
metadata: {{ name: www }}
spec:
  apiSchema: v12
  contractId: 1-1TJZH5
  enrollment:
    ra: {ra}
    validationType: {kind}
    certificateType: {type}
    changeManagement: false
    enableMultiStackedCertificates: false
    csr: {{ cn: {cn}, sans: [{sans}], c: {c}, o: {o} }}
    networkConfiguration: {{ geography: core, secureNetwork: enhanced-tls, sniOnly: true, quicEnabled: false, dnsNameSettings: {{ cloneDnsNames: true }} }}
    org: {{ name: {org}, addressLineOne: 1 Main St, city: Cambridge, region: MA, postalCode: "02142", country: US, phone: {phone} }}
    adminContact: {{ firstName: {first}, lastName: B, email: a@example.com, phone: 617-555-0101 }}
    techContact: {{ firstName: C, lastName: D, email: c@example.com, phone: 617-555-0102 }}
    {more}
)";

struct Text {
  std::string kind = "dv", cn = "www.example.com", sans = "a.example.com", c = "US", o = "Example Inc",
              org = "Example Inc", phone = "617-555-0100", first = "Ana", more;
};

manifest::Loaded loaded(Text const& text) {
  bool const own = text.kind == "third-party";
  return manifest::load_text(
      fmt::format(whole, fmt::arg("ra", own ? "third-party" : "lets-encrypt"), fmt::arg("kind", text.kind),
                  fmt::arg("type", own ? "third-party" : "san"), fmt::arg("cn", text.cn), fmt::arg("sans", text.sans),
                  fmt::arg("c", text.c), fmt::arg("o", text.o), fmt::arg("org", text.org),
                  fmt::arg("phone", text.phone), fmt::arg("first", text.first),
                  fmt::arg("more", own ? "thirdParty: { excludeSans: false }" : text.more)),
      {});
}

std::string const longest = std::string(60, 'a') + ".example.com";

}  // namespace

TEST_CASE("advice: what CPS or a CA refuses of something new is a warning with its place, and known to the plan") {
  struct Case {
    char const* title;
    Text text;
    char const* rule;  ///< empty: no finding
    char const* says;
    bool refused;
  };
  Case const cases[] = {
      {"nothing", {}, "", "", false},
      {"a long common name", {.cn = longest}, "CPS125", "take a shorter name as cn", true},
      {"a long name among the SANs is fine", {.sans = longest}, "", "", false},
      {"a long organisation", {.o = std::string(65, 'o')}, "CPS125", "65 bytes", true},
      {"UK", {.c = "UK"}, "CPS121", "write GB", true},
      {"a code in small letters", {.c = "us"}, "CPS121", "write US", true},
      {"XX", {.c = "XX"}, "CPS121", "ISO 3166", true},
      {"a blank contact", {.first = "\"\""}, "CPS126", "firstName: is blank", true},
      {"a null contact", {.first = "Null"}, "CPS126", "Null in quotes", true},
      {"a phone without digits", {.phone = "call me"}, "CPS126", "no digits", true},
      {"a mark of a template", {.o = "<TO DO>"}, "CPS127", "placeholder", true},
      {"a word of JavaScript", {.o = "undefined"}, "CPS127", "placeholder", true},
      {"a word of Python", {.first = "None"}, "CPS127", "placeholder", true},
      {"to be filled in", {.org = "FILLIN"}, "CPS127", "placeholder", true},
      {"to be done", {.o = "TODO"}, "CPS127", "placeholder", true},
      {"a name that is a word of YAML's, in quotes", {.first = "\"Null\""}, "", "", false},
      {"a name that is a number's word elsewhere", {.first = "NaN"}, "", "", false},
      {"a template that nobody rendered", {.org = "\"{{ .Org }}\""}, "CPS127", "placeholder", true},
      {"a block text", {.o = "\"Example\\n\""}, "CPS128", "|-", false},
      {"blanks around", {.o = "\" Example \""}, "CPS128", "blanks around it", false},
      {"an underscore", {.sans = "a_b.example.com"}, "CPS124", "'_'", true},
      {"an underscore of one's own CA", {.kind = "third-party", .sans = "a_b.example.com"}, "", "", false},
      {"an inner name", {.sans = "build.corp"}, "CPS124", ".corp", true},
      {"an inner name of one's own CA", {.kind = "third-party", .sans = "build.corp"}, "", "", false},
      {"one label", {.sans = "localhost"}, "CPS124", "not a full name", true},
      {"an invisible character", {.sans = "\"ok\\u200b.example.com\""}, "CPS124", "cannot be seen", true},
      {"a dot behind", {.sans = "a.example.com."}, "CPS133", "is sent as a.example.com", false},
      {"an international name",
       {.sans = "bücher.example.com"},
       "CPS133",
       "is sent as xn--bcher-kva.example.com",
       false},
      {"a wildcard over a name",
       {.sans = "\"*.example.com\""},
       "CPS130",
       "www.example.com is covered by *.example.com",
       true},
      {"the same of one's own CA", {.kind = "third-party", .sans = "\"*.example.com\""}, "", "", false},
      {"a wildcard and names that it does not cover",
       {.cn = "example.com", .sans = "\"*.example.com\", a.b.example.com"},
       "",
       "",
       false},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      manifest::Loaded const result = loaded(c.text);
      std::vector<Finding> findings = result.findings;
      std::erase_if(findings, [](Finding const& one) { return one.rule == "CPS116"; });
      INFO(manifest::lines(findings));
      CHECK(findings.empty() == (*c.rule == '\0'));
      for (Finding const& one : findings) {
        CHECK(one.severity == Severity::warning);
        CHECK(one.mark.line > 0);
        CHECK(one.rule == c.rule);
      }
      CHECK(manifest::lines(findings).find(c.says) != std::string::npos);
      REQUIRE(result.desired.size() == 1);
      CHECK(result.desired[0].refusals.empty() != c.refused);
      for (manifest::Refusal const& refusal : result.desired[0].refusals) CHECK(refusal.pointer.starts_with("/"));
    }
  }
}

TEST_CASE("advice: orgId replaces organisation and contacts") {
  CHECK(manifest::lines(loaded({.first = "\"\"", .more = "orgId: 7"}).findings).find("CPS126") == std::string::npos);
}

TEST_CASE("advice: fipsMode needs TLS 1.2 or 1.3, and cipher profiles of today") {
  auto const findings = [](std::string const& network) {
    std::string text =
        fmt::format(whole, fmt::arg("ra", "lets-encrypt"), fmt::arg("kind", "dv"), fmt::arg("type", "san"),
                    fmt::arg("cn", "www.example.com"), fmt::arg("sans", "a.example.com"), fmt::arg("c", "US"),
                    fmt::arg("o", "Example Inc"), fmt::arg("org", "Example Inc"), fmt::arg("phone", "617-555-0100"),
                    fmt::arg("first", "Ana"), fmt::arg("more", ""));
    text.insert(text.find("geography:"), network);
    return manifest::lines(manifest::load_text(text, {}).findings);
  };
  std::string const active = "mustHaveCiphers: ak-akamai-2020q1, preferredCiphers: ak-akamai-2020q1, ";
  CHECK(findings(active + "fipsMode: true, ").empty());
  CHECK(findings("fipsMode: false, disallowedTlsVersions: [TLSv1_2, TLSv1_3], ").empty());
  std::string const none = findings(active + "fipsMode: true, disallowedTlsVersions: [TLSv1_2, TLSv1_3], ");
  CHECK(none.find("CPS129 spec.enrollment.networkConfiguration.disallowedTlsVersions") != std::string::npos);
  CHECK(findings(active + "fipsMode: true, disallowedTlsVersions: [TLSv1_2], ").empty());
  std::string const old = findings("mustHaveCiphers: ak-akamai-2018q3, fipsMode: true, ");
  CHECK(old.find("mustHaveCiphers: fipsMode needs an active cipher profile") != std::string::npos);
  CHECK(old.find("preferredCiphers: fipsMode needs a cipher profile here") != std::string::npos);
}

TEST_CASE("advice: more names than CPS usually allows are reported, and do not keep the manifest back") {
  std::string names;
  for (int i = 0; i < 100; ++i) names += fmt::format("{}n{}.example.com", i == 0 ? "" : ", ", i);
  manifest::Loaded const result = loaded({.sans = names});
  CHECK(manifest::lines(result.findings).find("CPS132") != std::string::npos);
  CHECK(manifest::lines(result.findings).find("101 names") != std::string::npos);
  CHECK(result.desired[0].refusals.empty());
}

TEST_CASE("advice: a name in two certificates of a contract and network is reported, with both places") {
  Text one{.sans = "shared.example.com"};
  Text two{.cn = "two.example.com", .sans = "shared.example.com"};
  auto const text = [](Text const& of, std::string const& name) {
    std::string made = fmt::format(whole, fmt::arg("ra", "lets-encrypt"), fmt::arg("kind", of.kind),
                                   fmt::arg("type", "san"), fmt::arg("cn", of.cn), fmt::arg("sans", of.sans),
                                   fmt::arg("c", of.c), fmt::arg("o", of.o), fmt::arg("org", of.org),
                                   fmt::arg("phone", of.phone), fmt::arg("first", of.first), fmt::arg("more", ""));
    return made.replace(made.find("name: www"), 9, "name: " + name);
  };
  std::string const found =
      manifest::lines(manifest::load_text(text(one, "one") + "---\n" + text(two, "two"), {}).findings);
  CHECK(found.find("CPS131") != std::string::npos);
  CHECK(found.find("shared.example.com is in \"one\" too") != std::string::npos);
}

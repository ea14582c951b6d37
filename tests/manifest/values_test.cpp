#include "findings.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;

namespace {

constexpr char const* base = R"(apiVersion: cpsctl.dev/v1
kind: Profile
metadata: { name: base }
spec:
  contractId: ctr_1-1TJZH5
  accountSwitchKey: 1-5C0YLB:1-8BYUX
  deploy: { notBefore: 2026-12-01 }
  lifecycle: { adopt: always, deletion: delete }
  enrollment:
    ra: lets-encrypt
    validationType: dv
    certificateType: san
    changeManagement: false
    enableMultiStackedCertificates: false
    csr: { sans: [a.example.com, b.example.com], o: Example, ou: Web }
    org: { name: Example, city: Cambridge, addressLineOne: a, region: MA, postalCode: "1", country: US, phone: "1" }
    networkConfiguration: { geography: core, secureNetwork: enhanced-tls, sniOnly: true, quicEnabled: false, dnsNameSettings: { cloneDnsNames: true } }
    adminContact: { firstName: A, lastName: B, email: a@example.com, phone: "1" }
    techContact: { firstName: C, lastName: D, email: c@example.com, phone: "1" }
)";

/// An enrollment on the profile "base", with more lines under spec.enrollment (four spaces deep).
std::string on_base(std::string const& enrollment, std::string const& spec = "") {
  return std::string(base) +
         "---\napiVersion: cpsctl.dev/v1\nkind: Enrollment\nmetadata: { name: www }\nspec:\n  profiles: [base]\n" +
         spec + "  enrollment:\n" + enrollment;
}

manifest::Desired only(manifest::Loaded const& loaded) {
  std::vector<Finding> findings = loaded.findings;
  std::erase_if(findings, [](Finding const& one) { return one.rule >= "CPS126" && one.rule <= "CPS129"; });
  CHECK(manifest::lines(findings) == "");
  return loaded.desired.size() == 1 ? loaded.desired[0] : manifest::Desired{};
}

std::string value(manifest::Desired const& desired, char const* pointer) {
  auto const* const found = desired.enrollment != nullptr ? json::at(*desired.enrollment, pointer) : nullptr;
  return found != nullptr ? json::compact(*found) : "absent";
}

}  // namespace

TEST_CASE("values: the schema's type says what a plain word means, never a guess") {
  struct Case {
    char const *title, *written, *pointer, *expect;
  };
  Case const cases[] = {
      {"the word on is a text where a text is wanted", "networkConfiguration: { ocspStapling: on }",
       "/networkConfiguration/ocspStapling", R"("on")"},
      {"off stays off", "networkConfiguration: { ocspStapling: off }", "/networkConfiguration/ocspStapling",
       R"("off")"},
      {"Norway is not a boolean", "org: { country: NO }", "/org/country", R"("NO")"},
      {"true is a text where a text is wanted", "org: { name: true }", "/org/name", R"("true")"},
      {"a leading zero stays", "org: { postalCode: 02142 }", "/org/postalCode", R"("02142")"},
      {"an octal number stays a text", "org: { postalCode: 0o17 }", "/org/postalCode", R"("0o17")"},
      {"a hexadecimal number stays a text", "org: { name: 0x1F }", "/org/name", R"("0x1F")"},
      {"a float stays a text", "org: { name: 1e3 }", "/org/name", R"("1e3")"},
      {"a zero after the point stays", "org: { name: 12.0 }", "/org/name", R"("12.0")"},
      {"a date stays a text", "org: { name: 2026-12-01 }", "/org/name", R"("2026-12-01")"},
      {"infinity stays a text", "org: { name: .inf }", "/org/name", R"(".inf")"},
      {"a mixed case null is a text", "org: { name: nUll }", "/org/name", R"("nUll")"},
      {"a quoted null is a text", "org: { name: \"null\" }", "/org/name", R"("null")"},
      {"an empty text is a text", "org: { name: '' }", "/org/name", R"("")"},
      {"a tilde is null", "org: { name: ~ }", "/org/name", "null"},
      {"a word is null", "org: { name: Null }", "/org/name", "null"},
      {"nothing is null", "org: { name: }", "/org/name", "null"},
      {"true is a boolean where one is wanted", "changeManagement: true", "/changeManagement", "true"},
      {"an integer is decimal", "orgId: 645263546", "/orgId", "645263546"},
      {"a null where a number is allowed", "orgId: null", "/orgId", "null"},
      {"a block text", "org: { name: x }\n    csr:\n      o: >-\n        Example\n        Corp", "/csr/o",
       R"("Example Corp")"},
      {"an escape", "org: { name: \"\\u00e9\\U0001F600\" }", "/org/name", "\"\xC3\xA9\xF0\x9F\x98\x80\""},
      {"a no-break space, as PyYAML and js-yaml write it", R"(org: { name: "a\_b\_\_c" })", "/org/name",
       "\"a\xC2\xA0"
       "b\xC2\xA0\xC2\xA0"
       "c\""},
      {"a next line, as they write it", R"(org: { name: "é\Nb" })", "/org/name",
       "\"\xC3\xA9\xC2\x85"
       "b\""},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      CHECK(value(only(manifest::load_text(
                      on_base(std::string("    csr: { cn: www.example.com }\n")
                                  .substr(std::string_view(c.pointer) == "/csr/o" ? 32 : 0) +
                              "    " + c.written + "\n" +
                              (std::string_view(c.pointer) == "/csr/o" ? "      cn: www.example.com\n" : "")))),
                  c.pointer) == c.expect);
    }
  }
}

TEST_CASE("profiles: maps are merged deeply, lists are replaced, and the document wins") {
  struct Case {
    char const *title, *written, *pointer, *expect;
  };
  Case const cases[] = {
      {"a value of the profile", "", "/ra", R"("lets-encrypt")"},
      {"a value in addition to those of the profile", "", "/csr",
       R"({"sans":["a.example.com","b.example.com"],"o":"Example","ou":"Web","cn":"www.example.com"})"},
      {"a list is replaced", "    networkConfiguration: { disallowedTlsVersions: [] }\n",
       "/networkConfiguration/disallowedTlsVersions", "[]"},
      {"null takes an object away", "    org: null\n", "/org", "null"},
      {"an empty map takes nothing away", "    org: {}\n", "/org",
       R"({"name":"Example","city":"Cambridge","addressLineOne":"a","region":"MA","postalCode":"1","country":"US","phone":"1"})"},
      {"one value of a map is replaced", "    org: { city: Boston }\n", "/org",
       R"({"name":"Example","city":"Boston","addressLineOne":"a","region":"MA","postalCode":"1","country":"US","phone":"1"})"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      auto const loaded = manifest::load_text(on_base(std::string("    csr: { cn: www.example.com }\n") + c.written));
      CHECK(value(only(loaded), c.pointer) == c.expect);
    }
  }
}

TEST_CASE("profiles: the rest of spec is shared too") {
  auto const desired =
      only(manifest::load_text(on_base("    csr: { cn: www.example.com }\n",
                                       "  lifecycle: { deletion: orphan }\n  deploy: { notAfter: 2027-01-31 }\n")));
  CHECK(desired.contract == "1-1TJZH5");
  CHECK(desired.account_key == "1-5C0YLB:1-8BYUX");
  CHECK(desired.lifecycle.adopt == manifest::Adopt::always);
  CHECK(desired.lifecycle.deletion == manifest::Deletion::orphan);
  CHECK(day_text(*desired.deploy.not_before) == "2026-12-01");
  CHECK(day_text(*desired.deploy.not_after) == "2027-01-31");
  CHECK(desired.marks.at("/csr/cn").line == 29);
  CHECK(desired.marks.at("/csr/ou").line == 15);
  CHECK(desired.api_schema == "v11");
}

TEST_CASE("profiles: a value over an object, or an object over null, replaces it with its places") {
  auto const desired = only(manifest::load_text(on_base("    csr: { cn: www.example.com }\n    org: null\n")));
  CHECK(!desired.marks.contains("/org/name"));
  CHECK(desired.marks.at("/org").line == 28);
}

TEST_CASE("environment: an allowed variable is put in, also in the middle and twice") {
  manifest::LoadOptions options{.allowed_env = {"CITY", "EMPTY", "UNSET"}};
  options.env = [](std::string const& name) -> std::optional<std::string> {
    if (name == "CITY") return "Boston";
    return name == "EMPTY" ? std::optional<std::string>("") : std::nullopt;
  };
  auto const city = [&](std::string const& text) {
    return manifest::load_text(on_base("    csr: { cn: www.example.com }\n    org: { city: \"" + text + "\" }\n"),
                               options);
  };
  CHECK(value(only(city("${env:CITY}")), "/org/city") == R"("Boston")");
  CHECK(value(only(city("x ${env:CITY}-${env:CITY}${env:EMPTY} y")), "/org/city") == R"("x Boston-Boston y")");
  CHECK(value(only(city("$CITY ${CITY}")), "/org/city") == R"("$CITY ${CITY}")");
  CHECK(manifest::lines(city("${env:UNSET}").findings) ==
        "-:28:18: error CPS041 spec.enrollment.org.city: the environment variable UNSET is not set; set it\n");
  CHECK(manifest::lines(city("${env:HOME}").findings) ==
        "-:28:18: error CPS041 spec.enrollment.org.city: the environment variable HOME is not allowed here; grant it "
        "with --env HOME; spec.env of cpsctl.yaml, if it is there, must list it too\n");
}

TEST_CASE("environment: names of credentials, and values that hold a secret, go into no manifest") {
  manifest::LoadOptions options{
      .allowed_env = {"CITY", "AKAMAI_HOST", "Akamai_Prod_Client_Secret", "CPSCTL_STATE", "https_proxy", "MY_EDGERC"}};
  options.env = [](std::string const&) -> std::optional<std::string> { return "x-hidden-y"; };
  options.is_secret = [](std::string_view value) { return value.find("hidden") != std::string_view::npos; };
  auto const findings = [&](std::string const& name) {
    return manifest::lines(
        manifest::load_text(on_base("    csr: { cn: www.example.com }\n    org: { city: \"${env:" + name + "}\" }\n"),
                            options)
            .findings);
  };
  for (std::string const& name : options.allowed_env) {
    if (name == "CITY") continue;
    CHECK(findings(name) == "-:28:18: error CPS041 spec.enrollment.org.city: the environment variable " + name +
                                " is for credentials or settings; use a variable of another name\n");
  }
  CHECK(findings("CITY") ==
        "-:28:18: error CPS041 spec.enrollment.org.city: the environment variable CITY holds a secret of the API "
        "client; give CITY another value, or leave out --env CITY\n");
}

TEST_CASE("api schema: the document's, else the last profile's, else the project's") {
  std::string const fips = "    csr: { cn: www.example.com }\n    networkConfiguration: { fipsMode: true }\n";
  CHECK(only(manifest::load_text(on_base(fips, "  apiSchema: v12\n"))).api_schema == "v12");
  CHECK(only(manifest::load_text(on_base(fips), {.default_schema = "v12"})).api_schema == "v12");
  CHECK(manifest::load_text(on_base(fips, "  apiSchema: v11\n"), {.default_schema = "v12"}).findings.size() == 3);
  CHECK(manifest::lines(
            manifest::load_text(on_base(fips), {.project_file = "cpsctl.yaml", .default_schema = "v1"}).findings) ==
        "cpsctl.yaml:0:0: error CPS006 spec.api.schema: there is no api schema \"v1\"; write one of v11, v12\n");
}

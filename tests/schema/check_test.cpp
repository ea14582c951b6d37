#include "schema/schema.hpp"

#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;

namespace {

json::Document parsed(std::string_view text) {
  return json::parse(text, "test").value();
}

/// One line a problem: "rule pointer: message; hint", with "key" where the member's name is meant.
std::string problems(std::string_view schema, std::string_view document, schema::CheckOptions options = {},
                     std::string_view at = {}) {
  auto const known = schema::named(schema).value();
  std::string lines;
  for (auto const& p : schema::check(parsed(document), known->root(), options, at))
    lines += fmt::format("{} {}{}: {}; {}\n", p.rule, p.pointer, p.at_key ? " (key)" : "", p.message, p.hint);
  return lines;
}

constexpr schema::CheckOptions part{.completeness = schema::Completeness::partial};

constexpr char const* whole = R"({
  "ra": "lets-encrypt", "validationType": "dv", "certificateType": "san", "changeManagement": true,
  "enableMultiStackedCertificates": false, "csr": {"cn": "www.example.com", "sans": ["*.example.com"]},
  "networkConfiguration": {"geography": "core", "secureNetwork": "enhanced-tls", "sniOnly": true, "quicEnabled": false,
                           "dnsNameSettings": {"cloneDnsNames": true}}})";

}  // namespace

TEST_CASE("check: a whole enrollment is in order under every version") {
  for (std::string const& version : schema::enrollment_versions())
    CHECK(problems("enrollment." + version, whole) == "");
}

TEST_CASE("check: each kind of mistake in a part of an enrollment") {
  struct Case {
    char const *title, *document, *expect;
  };
  Case const cases[] = {
      {"an empty part lacks nothing", "{}", ""},
      {"null where the schema allows it",
       R"({"signatureAlgorithm":null,"csr":{"sans":null,"ou":null},"thirdParty":null})", ""},
      {"an unknown field with a likely spelling", R"({"csr":{"sanz":[]}})",
       "CPS001 /csr/sanz (key): unknown field \"sanz\"; did you mean \"sans\"?\n"},
      {"an unknown field without one names the known ones", R"({"thirdParty":{"whatever":1}})",
       "CPS001 /thirdParty/whatever (key): unknown field \"whatever\"; known here: excludeSans\n"},
      {"the value of an unknown field is not looked at", R"({"wrong":{"also":{"wrong":1}}})",
       "CPS001 /wrong (key): unknown field \"wrong\"; \n"},
      {"a name with a slash is escaped in the pointer", R"({"thirdParty":{"a/b~c":1}})",
       "CPS001 /thirdParty/a~1b~0c (key): unknown field \"a/b~c\"; known here: excludeSans\n"},
      {"a field of a later version names the setting", R"({"networkConfiguration":{"fipsMode":true}})",
       "CPS008 /networkConfiguration/fipsMode (key): unknown field \"fipsMode\" under api schema v11; it exists since "
       "v12: set "
       "spec.apiSchema: v12 (or api.schema in cpsctl.yaml)\n"},
      {"the same name at another place is just unknown", R"({"csr":{"fipsMode":true}})",
       "CPS001 /csr/fipsMode (key): unknown field \"fipsMode\"; known here: cn, sans, c, st, l, o, ou, "
       "preferredTrustChain\n"},
      {"a text instead of a switch", R"({"changeManagement":"yes"})",
       "CPS002 /changeManagement: is the text \"yes\", must be true or false; write true without quotes\n"},
      {"a number instead of a switch", R"({"changeManagement":1})",
       "CPS002 /changeManagement: is the number 1, must be true or false; \n"},
      {"a switch instead of a text", R"({"networkConfiguration":{"ocspStapling":true}})",
       "CPS002 /networkConfiguration/ocspStapling: is true, must be a text; write one of on, off, not-set\n"},
      {"a number instead of a text", R"({"org":{"postalCode":2142}})",
       "CPS002 /org/postalCode: is the number 2142, must be a text; quote it: \"2142\"\n"},
      {"digits in quotes instead of a number", R"({"orgId":"645263546"})",
       "CPS002 /orgId: is the text \"645263546\", must be a whole number; remove the quotes\n"},
      {"a fraction instead of a whole number", R"({"orgId":1.5})",
       "CPS002 /orgId: is the number 1.5, must be a whole number; \n"},
      {"a number beyond 64 bits", R"({"orgId":123456789012345678901234567890})",
       "CPS002 /orgId: is the number 1.2345678901234566e29, must be a whole number; \n"},
      {"one text instead of a list", R"({"csr":{"sans":"a.example.com"}})",
       "CPS002 /csr/sans: is the text \"a.example.com\", must be a list; write a list: [a.example.com]\n"},
      {"a list instead of a map", R"({"csr":[]})",
       "CPS002 /csr: is a list, must be a map of fields; its fields: cn, sans, c, st, l, o, ou, preferredTrustChain\n"},
      {"a map instead of a text", R"({"ra":{}})",
       "CPS002 /ra: is a map, must be a text; write one of lets-encrypt, symantec, third-party\n"},
      {"null where it is not allowed", R"({"csr":null})",
       "CPS002 /csr: is empty (null), must be a map of fields; remove the line, or give it a value\n"},
      {"null inside a list", R"({"csr":{"sans":["a.example.com",null]}})",
       "CPS002 /csr/sans/1: is empty (null), must be a text; remove the line, or give it a value\n"},
      {"a word that is near one of the list", R"({"validationType":"third_party"})",
       "CPS004 /validationType: \"third_party\" is not one of dv, ov, ev, third-party; did you mean "
       "\"third-party\"?\n"},
      {"a word that is far from all", R"({"validationType":"platinum"})",
       "CPS004 /validationType: \"platinum\" is not one of dv, ov, ev, third-party; \n"},
      {"the letter case of a word counts", R"({"ra":"Symantec"})",
       "CPS004 /ra: \"Symantec\" is not one of lets-encrypt, symantec, third-party; did you mean \"symantec\"?\n"},
      {"an empty word", R"({"ra":""})", "CPS004 /ra: \"\" is not one of lets-encrypt, symantec, third-party; \n"},
      {"fields of CPS", R"({"id":10001,"pendingChanges":[{"location":5}]})",
       "CPS005 /id (key): is set by CPS (read-only); remove it\n"
       "CPS005 /pendingChanges (key): is set by CPS (read-only); remove it\n"},
      {"a country of three letters", R"({"csr":{"c":"USA"}})",
       "CPS007 /csr/c: \"USA\" has 3 bytes, at most 2 are allowed; write a country code of two letters, such as US\n"},
      {"a country of two digits", R"({"csr":{"c":"12"}})",
       "CPS006 /csr/c: \"12\" does not fit; write a country code of two letters, such as US\n"},
      {"an empty country is none", R"({"csr":{"c":""},"adminContact":{"email":""}})", ""},
      {"a TLS version in OpenSSL's spelling",
       R"({"networkConfiguration":{"disallowedTlsVersions":["TLSv1.1","TLSv1_3"]}})",
       "CPS006 /networkConfiguration/disallowedTlsVersions/0: \"TLSv1.1\" does not fit; write one of TLSv1, TLSv1_1, "
       "TLSv1_2\n"},
      {"an address without @", R"({"adminContact":{"email":"ana"}})",
       "CPS006 /adminContact/email: \"ana\" is not an e-mail address; write one address such as ana@example.com\n"},
      {"all mistakes at once, in document order", R"({"zzz":0,"ra":"x","csr":{"cn":5,"q":0,"ou":[]},"id":1})",
       "CPS001 /zzz (key): unknown field \"zzz\"; \n"
       "CPS004 /ra: \"x\" is not one of lets-encrypt, symantec, third-party; \n"
       "CPS002 /csr/cn: is the number 5, must be a text; quote it: \"5\"\n"
       "CPS001 /csr/q (key): unknown field \"q\"; known here: cn, sans, c, st, l, o, ou, preferredTrustChain\n"
       "CPS002 /csr/ou: is a list, must be a text; write one text: CPS takes one ou\n"
       "CPS005 /id (key): is set by CPS (read-only); remove it\n"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      CHECK(problems("enrollment.v11", c.document, part) == c.expect);
    }
  }
}

TEST_CASE("check: host names") {
  struct Case {
    char const *name, *problem;
  };
  Case const cases[] = {
      {"www.example.com", ""},
      {"WWW.Example.COM.", ""},
      {"*.example.com", ""},
      {"bücher.example", ""},
      {"xn--bcher-kva.example", ""},
      {"_acme.example.com", ""},
      {"localhost", ""},
      {"", "it is empty"},
      {".", "it is empty"},
      {"*.", "it is empty"},
      {"https://www.example.com/", "it is a URL: write the host name only"},
      {"www.example.com/path", "it may have letters, digits, '-' and '.' only"},
      {"www.example.com:443", "it may have letters, digits, '-' and '.' only"},
      {"a b.example.com", "it may have letters, digits, '-' and '.' only"},
      {"www..example.com", "there is an empty part between dots"},
      {".example.com", "there is an empty part between dots"},
      {"-a.example.com", "a part begins or ends with '-'"},
      {"a-.example.com", "a part begins or ends with '-'"},
      {"a.*.example.com", "'*' may only be the whole first part: *.example.com"},
      {"w*.example.com", "'*' may only be the whole first part: *.example.com"},
      {"*", "'*' may only be the whole first part: *.example.com"},
      {"*.*.example.com", "'*' may only be the whole first part: *.example.com"},
      {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com",
       "a part between dots is longer than 63 characters"},
  };
  auto const known = schema::named("enrollment.v11").value();
  for (Case const& c : cases) {
    CAPTURE(c.name);
    json::Document document;
    document.SetObject();
    json::set(document, "cn", json::string(c.name, document.GetAllocator()), document.GetAllocator());
    auto const found = schema::check(document, *known->at("/csr"), part);
    CHECK((found.empty() ? std::string() : found.front().hint) == c.problem);
  }
}

TEST_CASE("check: what a whole enrollment lacks is reported at the map that lacks it") {
  CHECK(problems("enrollment.v11",
                 R"({"ra":"lets-encrypt","validationType":"dv","certificateType":"san","changeManagement":true,
                 "csr":{},"networkConfiguration":{"geography":"core","sniOnly":true,"quicEnabled":true,
                 "dnsNameSettings":{}}})",
                 {}, "/spec/enrollment") ==
        "CPS003 /spec/enrollment: the required field \"enableMultiStackedCertificates\" is missing; add it: true or "
        "false\n"
        "CPS003 /spec/enrollment/csr: the required field \"cn\" is missing; add it: a text\n"
        "CPS003 /spec/enrollment/networkConfiguration: the required field \"secureNetwork\" is missing; add it: "
        "standard-tls, "
        "enhanced-tls\n"
        "CPS003 /spec/enrollment/networkConfiguration/dnsNameSettings: the required field \"cloneDnsNames\" is "
        "missing; add it: "
        "true or false\n");
}

TEST_CASE("check: who sends the document decides what may be in it") {
  constexpr char const* answer =
      R"({"id":"10001","location":"/cps/v2/enrollments/10001","assignedSlots":[1],"pendingChanges":[]})";
  schema::CheckOptions request{.completeness = schema::Completeness::partial, .direction = schema::Direction::request};
  CHECK(problems("enrollment.v11", answer, request).find("CPS005 /assignedSlots") != std::string::npos);
  request.echo = true;
  CHECK(problems("enrollment.v11", answer, request) == "");
  CHECK(problems("enrollment.v11", R"({"id":true,"nonsense":1})", request) ==
        "CPS002 /id: is true, must be a whole number or a text; quote it: \"true\"\n"
        "CPS001 /nonsense (key): unknown field \"nonsense\"; \n");
  CHECK(problems("enrollment.v11", R"({"csr":{"c":"USA","cn":"a b"},"adminContact":{"email":"?"}})", request) == "");
  schema::CheckOptions const any{.direction = schema::Direction::any};
  CHECK(problems("enrollment.v11", R"({"ra":"a new CA","news":{},"csr":{"c":"USA","cn":"a b"}})", any) == "");
  CHECK(problems("enrollment.v11", R"({"csr":{"sans":[1]}})", any) ==
        "CPS002 /csr/sans/0: is the number 1, must be a text; quote it: \"1\"\n");
}

TEST_CASE("check: a manifest around its enrollment") {
  struct Case {
    char const *title, *document, *expect;
  };
  Case const cases[] = {
      {"the smallest one", R"({"apiVersion":"cpsctl.dev/v1","kind":"Profile","metadata":{"name":"a"},"spec":{}})", ""},
      {"a version of the future",
       R"({"apiVersion":"cpsctl.dev/v2","kind":"Profile","metadata":{"name":"a"},"spec":{}})",
       "CPS004 /apiVersion: is \"cpsctl.dev/v2\", must be cpsctl.dev/v1; \n"},
      {"a name for the command line",
       R"({"apiVersion":"cpsctl.dev/v1","kind":"Profile","metadata":{"name":"-rf","labels":{"a b":"c","d":"e=f"}},"spec":{}})",
       "CPS006 /metadata/name: \"-rf\" does not fit; write letters, digits, '.', '_' and '-', with a letter or digit "
       "at both "
       "ends\n"
       "CPS006 /metadata/labels/a b (key): \"a b\" cannot be a name here; write letters, digits, '.', '_', '-' and "
       "'/', with a "
       "letter or digit at both ends\n"
       "CPS006 /metadata/labels/d: \"e=f\" does not fit; write letters, digits, '.', '_', '-' and '/', with a letter "
       "or digit at "
       "both ends\n"},
      {"days of the calendar and words of the lifecycle",
       R"({"apiVersion":"cpsctl.dev/v1","kind":"Enrollment","metadata":{"name":"a.b_c-1"},"spec":{"contractId":"ctr_1-1TJZH5",
           "deploy":{"notBefore":"2026-02-29","notAfter":"2028-02-29"},"lifecycle":{"adopt":"if-identical","deletion":"delete"}}})",
       "CPS006 /spec/deploy/notBefore: \"2026-02-29\" is not a date; write YYYY-MM-DD, as in 2026-12-01\n"
       "CPS004 /spec/lifecycle/adopt: \"if-identical\" is not one of never, ifIdentical, always; did you mean "
       "\"ifIdentical\"?\n"},
      {"a document of someone else", R"({"kind":"Kustomization"})",
       "CPS003 : the required field \"apiVersion\" is missing; add it: cpsctl.dev/v1\n"
       "CPS003 : the required field \"metadata\" is missing; add it, with name\n"
       "CPS003 : the required field \"spec\" is missing; add it: a map of fields\n"
       "CPS004 /kind: \"Kustomization\" is not one of Enrollment, Profile; \n"},
      {"no map at all", "[]",
       "CPS002 : is a list, must be a map of fields; its fields: apiVersion, kind, metadata, spec\n"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      CHECK(problems("manifest", c.document) == c.expect);
    }
  }
}

TEST_CASE("check: a project file") {
  CHECK(problems("project", R"({"apiVersion":"cpsctl.dev/v1","kind":"Project","spec":{
      "manifests":["certificates/"],"exclude":["**/kustomization.yaml"],"state":".cpsctl/state.json",
      "credentials":{"section":"default"},"env":["CONTRACT"],
      "api":{"schema":"v11","limits":["35/60s","20/2s"],"reserve":0,"parallelism":8,"timeout":"60s","settle":"300s",
             "maxListBytes":"512MB"},
      "guard":{"maxDeletes":0,"maxChanges":"20%"}}})") == "");
  CHECK(problems("project", R"({"apiVersion":"cpsctl.dev/v1","kind":"Project","spec":{"manifests":[],
      "api":{"limits":["35"],"parallelism":0,"timeout":"60","settle":300},"guard":{"maxDeletes":-1,"maxChanges":"120%"}}})") ==
        "CPS007 /spec/manifests: has 0 elements, needs at least 1; \n"
        "CPS006 /spec/api/limits/0: \"35\" does not fit; write requests per time, such as 35/60s\n"
        "CPS007 /spec/api/parallelism: 0 is too small; write 1 or more\n"
        "CPS006 /spec/api/timeout: \"60\" does not fit; write a duration such as 90s, 50m, 2h or 30d\n"
        "CPS002 /spec/api/settle: is the number 300, must be a text; write a duration such as 90s, 50m, 2h or 30d\n"
        "CPS007 /spec/guard/maxDeletes: -1 is too small; write 0 or more\n"
        "CPS006 /spec/guard/maxChanges: \"120%\" does not fit; write a number or a percentage such as 20%\n");
  CHECK(problems("project", R"({"apiVersion":"cpsctl.dev/v1","kind":"Project","spec":{"guard":{"maxChanges":7}}})") ==
        "");
  CHECK(problems("project", R"({"apiVersion":"cpsctl.dev/v1","kind":"Project","spec":{"manifests":["-","","-x"],
      "credentials":{"edgerc":["x"],"host":"h","sections":"x","section":"../x"}}})") ==
        "CPS006 /spec/manifests/0: \"-\" does not fit; write a file or a folder; - (stdin) is for the command line\n"
        "CPS006 /spec/manifests/1: \"\" does not fit; write a file or a folder; - (stdin) is for the command line\n"
        "CPS009 /spec/credentials/edgerc (key): is for the operator to say, never for a file of the project; name the "
        "file with --edgerc or AKAMAI_EDGERC\n"
        "CPS009 /spec/credentials/host (key): is for the operator to say, never for a file of the project; the host "
        "belongs to the credentials: an .edgerc or AKAMAI_HOST\n"
        "CPS001 /spec/credentials/sections (key): unknown field \"sections\"; did you mean \"section\"?\n"
        "CPS006 /spec/credentials/section: \"../x\" does not fit; write 1 to 40 of A-Z a-z 0-9 _ . -\n");
}

TEST_CASE("check: long and hostile texts are shown short and harmless") {
  std::string const endless(200'000, 'x');
  std::string const found = problems("manifest", fmt::format(R"({{"metadata":{{"name":"{}"}}}})", endless), part);
  CHECK(found.find("has 200000 bytes, at most 128 are allowed") != std::string::npos);
  CHECK(found.size() < 400);
  CHECK(problems("enrollment.v11", R"({"ra":"\u001b[2J\n"})", part).find('\x1b') == std::string::npos);
}

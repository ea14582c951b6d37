#include "diff/compare.hpp"

#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace cpsctl;

namespace {

json::Document parsed(std::string_view text) {
  return json::parse(text, "test").value();
}

char const* word(schema::Effect effect) {
  switch (effect) {
    case schema::Effect::metadata: return "metadata";
    case schema::Effect::deployment: return "deployment";
    case schema::Effect::certificate: return "certificate";
    case schema::Effect::immutable: return "immutable";
    case schema::Effect::schedule: return "schedule";
  }
  return "?";
}

std::string shown(json::Ref const& value) {
  return value == nullptr ? "absent" : json::compact(*value);
}

/// One line a change: "pointer live -> desired effect", sets as "+added -removed".
std::string changed(std::string_view live, std::string_view desired) {
  std::string lines;
  for (auto const& change : diff::compare(parsed(desired), parsed(live), *schema::enrollment("v11").value())) {
    std::string const what =
        change.set ? fmt::format("+[{}] -[{}]", fmt::join(change.added, ","), fmt::join(change.removed, ","))
                   : fmt::format("{} -> {}", shown(change.live), shown(change.desired));
    lines += fmt::format("{} {} {}\n", change.pointer, what, word(change.effect));
  }
  return lines;
}

struct Case {
  char const *title, *live, *desired, *expect;
};

}  // namespace

TEST_CASE("compare: what is the same") {
  Case const cases[] = {
      {"equal is silent", R"({"ra":"symantec"})", R"({"ra":"symantec"})", ""},
      {"an absent field is not managed", R"({"ra":"symantec","changeManagement":true})", R"({"ra":"symantec"})", ""},
      {"fields of CPS are not ours", R"({"id":7,"assignedSlots":[1]})", R"({"id":"8","assignedSlots":null})", ""},
      {"a field that nobody knows is compared as it is", R"({"news":{"a":[1,2]}})", R"({"news":{"a":[1,2]}})", ""},

      // cps-api.md §3.7, row 1
      {"null, empty and absent texts: contact", R"({"adminContact":{"title":null}})",
       R"({"adminContact":{"title":"","addressLineTwo":"","region":null}})", ""},
      {"null, empty and absent texts: the other way round", R"({"adminContact":{"title":"","city":null}})",
       R"({"adminContact":{"title":null,"city":""}})", ""},
      {"null, empty and absent texts: org", R"({"org":{"addressLineTwo":""}})", R"({"org":{"addressLineTwo":null}})",
       ""},
      {"null, empty and absent texts: csr", R"({"csr":{"ou":""}})",
       R"({"csr":{"ou":null,"st":"","preferredTrustChain":null}})", ""},
      {"an absent contact has nothing in it", R"({})", R"({"techContact":{"title":null,"email":""}})", ""},
      {"a contact of nothing is not a contact", R"({"techContact":{"title":null,"email":""}})",
       R"({"techContact":null})", ""},

      {"blanks and line ends around a text", R"({"csr":{"o":"Example Corp","st":"MA"},"org":{"name":"Example Corp"}})",
       R"({"csr":{"o":"Example Corp\n","st":" MA"},"org":{"name":"\tExample Corp "}})", ""},

      // row 2
      {"sans: a set has no order", R"({"csr":{"cn":"c.example","sans":["a.example","b.example","c.example"]}})",
       R"({"csr":{"cn":"c.example","sans":["c.example","b.example","a.example"]}})", ""},
      {"sans: letter case and a trailing dot are not a difference",
       R"({"csr":{"cn":"c.example","sans":["a.example"]}})", R"({"csr":{"cn":"C.Example","sans":["A.EXAMPLE."]}})", ""},
      {"sans: U-labels are their A-labels", R"({"csr":{"cn":"c.example","sans":["xn--bcher-kva.example"]}})",
       R"({"csr":{"cn":"c.example","sans":["Bücher.example"]}})", ""},
      {"sans: CPS adds the common name", R"({"csr":{"cn":"c.example","sans":["c.example","a.example"]}})",
       R"({"csr":{"cn":"c.example","sans":["a.example"]}})", ""},
      {"sans: the common name may be written although CPS leaves it out",
       R"({"csr":{"cn":"c.example","sans":["a.example"]}})",
       R"({"csr":{"cn":"c.example","sans":["c.example","a.example"]}})", ""},
      {"sans: none is the common name alone", R"({"csr":{"cn":"c.example","sans":["c.example"]}})",
       R"({"csr":{"cn":"c.example","sans":[]}})", ""},
      {"sans: null is the common name alone", R"({"csr":{"cn":"c.example","sans":["c.example"]}})",
       R"({"csr":{"cn":"c.example","sans":null}})", ""},
      {"sans: the common name alone is none", R"({"csr":{"cn":"c.example"}})",
       R"({"csr":{"cn":"c.example","sans":["C.example"]}})", ""},
      {"sans: a name that occurs twice counts once", R"({"csr":{"cn":"c.example","sans":["a.example"]}})",
       R"({"csr":{"cn":"c.example","sans":["a.example","A.example"]}})", ""},

      // row 3
      {"dnsNames: a set, also of host names",
       R"({"networkConfiguration":{"dnsNameSettings":{"cloneDnsNames":false,"dnsNames":["a.example","b.example"]}}})",
       R"({"networkConfiguration":{"dnsNameSettings":{"cloneDnsNames":false,"dnsNames":["B.example","a.example"]}}})",
       ""},
      {"dnsNames: [] equals null",
       R"({"networkConfiguration":{"dnsNameSettings":{"cloneDnsNames":false,"dnsNames":null}}})",
       R"({"networkConfiguration":{"dnsNameSettings":{"cloneDnsNames":false,"dnsNames":[]}}})", ""},
      {"disallowedTlsVersions: a set", R"({"networkConfiguration":{"disallowedTlsVersions":["TLSv1","TLSv1_1"]}})",
       R"({"networkConfiguration":{"disallowedTlsVersions":["TLSv1_1","TLSv1"]}})", ""},
      {"disallowedTlsVersions: [] equals null", R"({"networkConfiguration":{"disallowedTlsVersions":[]}})",
       R"({"networkConfiguration":{"disallowedTlsVersions":null}})", ""},
      {"disallowedTlsVersions: [] equals absent", R"({"networkConfiguration":{}})",
       R"({"networkConfiguration":{"disallowedTlsVersions":[]}})", ""},

      // row 4
      {"dnsNames is CPS's own while cloneDnsNames is true",
       R"({"networkConfiguration":{"dnsNameSettings":{"cloneDnsNames":true,"dnsNames":["c.example","a.example"]}}})",
       R"({"networkConfiguration":{"dnsNameSettings":{"cloneDnsNames":true,"dnsNames":[]}}})", ""},
      {"… also when cloneDnsNames is only live",
       R"({"networkConfiguration":{"dnsNameSettings":{"cloneDnsNames":true,"dnsNames":["c.example"]}}})",
       R"({"networkConfiguration":{"dnsNameSettings":{"dnsNames":["z.example"]}}})", ""},

      // row 5
      {"what CPS fills in is not managed",
       R"({"certificateChainType":"default","networkConfiguration":{"mustHaveCiphers":"x","preferredCiphers":"x",
           "ocspStapling":"on","disallowedTlsVersions":["TLSv1"],"quicEnabled":false}})",
       R"({"networkConfiguration":{"quicEnabled":false}})", ""},

      // row 6
      {"cn: letter case", R"({"csr":{"cn":"www.example.com"}})", R"({"csr":{"cn":"WWW.example.com"}})", ""},

      // row 8
      {"signatureAlgorithm of third-party reads back null",
       R"({"validationType":"third-party","signatureAlgorithm":null})",
       R"({"validationType":"third-party","signatureAlgorithm":"SHA-256"})", ""},
      {"… or not at all", R"({"validationType":"third-party"})",
       R"({"validationType":"third-party","signatureAlgorithm":"SHA-256"})", ""},

      // row 9
      {"a missing enableMultiStackedCertificates is false", R"({})", R"({"enableMultiStackedCertificates":false})", ""},

      // row 10
      {"texts are compared in NFC", "{\"csr\":{\"o\":\"Caf\\u00e9\"}}", "{\"csr\":{\"o\":\"Cafe\\u0301\"}}", ""},

      // objects
      {"null objects: absent", R"({})",
       R"({"thirdParty":null,"networkConfiguration":{"clientMutualAuthentication":null}})", ""},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      CHECK(changed(c.live, c.desired) == c.expect);
    }
  }
}

TEST_CASE("compare: what is a change, and what it causes") {
  Case const cases[] = {
      {"a new SAN costs a certificate", R"({"csr":{"cn":"c.example","sans":["c.example","a.example"]}})",
       R"({"csr":{"cn":"c.example","sans":["b.example","a.example"]}})", "/csr/sans +[b.example] -[] certificate\n"},
      {"a SAN less, in live's spelling", R"({"csr":{"cn":"c.example","sans":["c.example","A.example","b.example"]}})",
       R"({"csr":{"cn":"c.example","sans":["b.example"]}})", "/csr/sans +[] -[A.example] certificate\n"},
      {"all SANs are taken away by null", R"({"csr":{"cn":"c.example","sans":["c.example","a.example"]}})",
       R"({"csr":{"cn":"c.example","sans":null}})", "/csr/sans +[] -[a.example] certificate\n"},
      {"several SANs, in desired's order", R"({"csr":{"cn":"c.example"}})",
       R"({"csr":{"cn":"c.example","sans":["z.example","b.example","z.example"]}})",
       "/csr/sans +[z.example,b.example] -[] certificate\n"},
      {"the common name cannot be changed", R"({"csr":{"cn":"c.example"}})", R"({"csr":{"cn":"d.example"}})",
       "/csr/cn \"c.example\" -> \"d.example\" immutable\n"},
      {"nor the network, SNI, the CA, validation and type",
       R"({"ra":"symantec","validationType":"ov","certificateType":"san","networkConfiguration":{"secureNetwork":"standard-tls","sniOnly":false}})",
       R"({"networkConfiguration":{"sniOnly":true,"secureNetwork":"enhanced-tls"},"certificateType":"single","validationType":"ev","ra":"lets-encrypt"})",
       "/ra \"symantec\" -> \"lets-encrypt\" immutable\n/validationType \"ov\" -> \"ev\" immutable\n"
       "/certificateType \"san\" -> \"single\" immutable\n"
       "/networkConfiguration/secureNetwork \"standard-tls\" -> \"enhanced-tls\" immutable\n"
       "/networkConfiguration/sniOnly false -> true immutable\n"},
      {"a phone number is metadata", R"({"techContact":{"phone":"1"}})", R"({"techContact":{"phone":"2"}})",
       "/techContact/phone \"1\" -> \"2\" metadata\n"},
      {"a subject costs a certificate", R"({"csr":{"ou":"Web"}})", R"({"csr":{"ou":null}})",
       "/csr/ou \"Web\" -> null certificate\n"},
      {"a cipher is deployed", R"({"networkConfiguration":{"mustHaveCiphers":"a"}})",
       R"({"networkConfiguration":{"mustHaveCiphers":"b"}})",
       "/networkConfiguration/mustHaveCiphers \"a\" -> \"b\" deployment\n"},
      {"letter case of a text counts", R"({"org":{"name":"Akamai"}})", R"({"org":{"name":"AKAMAI"}})",
       "/org/name \"Akamai\" -> \"AKAMAI\" metadata\n"},
      {"an explicit null means empty", R"({"networkConfiguration":{"ocspStapling":"on"}})",
       R"({"networkConfiguration":{"ocspStapling":null}})",
       "/networkConfiguration/ocspStapling \"on\" -> null deployment\n"},
      {"null for a whole object", R"({"thirdParty":{"excludeSans":false}})", R"({"thirdParty":null})",
       "/thirdParty {\"excludeSans\":false} -> null certificate\n"},
      {"an object where there was null: its fields", R"({"thirdParty":null})",
       R"({"thirdParty":{"excludeSans":false}})", "/thirdParty/excludeSans absent -> false certificate\n"},
      {"an object where live has nonsense", R"({"thirdParty":"?"})", R"({"thirdParty":{"excludeSans":false}})",
       "/thirdParty \"?\" -> {\"excludeSans\":false} certificate\n"},
      {"dnsNames counts when nobody clones",
       R"({"networkConfiguration":{"dnsNameSettings":{"cloneDnsNames":true,"dnsNames":["a.example"]}}})",
       R"({"networkConfiguration":{"dnsNameSettings":{"cloneDnsNames":false,"dnsNames":["b.example"]}}})",
       "/networkConfiguration/dnsNameSettings/cloneDnsNames true -> false deployment\n"
       "/networkConfiguration/dnsNameSettings/dnsNames +[b.example] -[a.example] deployment\n"},
      {"signatureAlgorithm of third-party counts when live shows one",
       R"({"validationType":"third-party","signatureAlgorithm":"SHA-1"})",
       R"({"validationType":"third-party","signatureAlgorithm":"SHA-256"})",
       "/signatureAlgorithm \"SHA-1\" -> \"SHA-256\" certificate\n"},
      {"signatureAlgorithm of others counts", R"({"validationType":"dv","signatureAlgorithm":null})",
       R"({"validationType":"dv","signatureAlgorithm":"SHA-256"})",
       "/signatureAlgorithm null -> \"SHA-256\" certificate\n"},
      {"a missing enableMultiStackedCertificates is not true", R"({})", R"({"enableMultiStackedCertificates":true})",
       "/enableMultiStackedCertificates absent -> true certificate\n"},
      {"a field that nobody knows, changed", R"({"news":[1,2]})", R"({"news":[2,1]})",
       "/news [1,2] -> [2,1] metadata\n"},
      {"changes come in the schema's order", R"({"org":{"name":"a","city":"b"},"changeManagement":true,"news":1})",
       R"({"news":2,"org":{"city":"B","name":"A"},"changeManagement":false})",
       "/changeManagement true -> false metadata\n/org/name \"a\" -> \"A\" metadata\n/org/city \"b\" -> \"B\" "
       "metadata\n"
       "/news 1 -> 2 metadata\n"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      CHECK(changed(c.live, c.desired) == c.expect);
    }
  }
}

TEST_CASE("same_host: one host in many spellings") {
  CHECK(diff::same_host("www.example.com", "WWW.Example.com."));
  CHECK(diff::same_host("*.bücher.example", "*.XN--BCHER-KVA.example"));
  CHECK(!diff::same_host("www.example.com", "example.com"));
  CHECK(!diff::same_host("*.example.com", "www.example.com"));
}

TEST_CASE("compare: a field of a version that C++ has never heard of follows its schema file") {
  constexpr std::string_view v13 = R"({
    "x-extends": "enrollment.v12",
    "$defs": { "fields": { "properties": {
      "resolvers": { "type": ["array", "null"], "items": { "type": "string", "x-normalize": "hostname" },
                     "x-list-type": "set", "x-null-equals-absent": true, "x-effect": "deployment",
                     "x-derived": { "includes": "/csr/cn" } },
      "grade": { "type": "string", "x-immutable": true },
      "serial": { "type": "integer", "x-read-only": true },
      "later": { "type": "boolean", "x-defer-on-create": true } } } } })";
  auto const embedded = [](std::string_view name) -> std::optional<std::string_view> {
    for (EmbeddedFile const& file : schema::embedded_schemas())
      if (file.name == name) return file.text;
    return std::nullopt;
  };
  auto const schema = schema::Schema::compile("enrollment.v13", v13, embedded).value();
  auto const live =
      parsed(R"({"csr":{"cn":"c.example"},"resolvers":["B.example","a.example","c.example"],"grade":"a","serial":1})");
  auto const same = parsed(R"({"resolvers":["a.example","b.example"],"grade":"a","serial":2})");
  CHECK(diff::compare(same, live, *schema).empty());
  auto const other = parsed(R"({"resolvers":["a.example"],"grade":"b","later":true,"serial":3})");
  auto const changes = diff::compare(other, live, *schema);
  REQUIRE(changes.size() == 3);
  CHECK(changes[0].removed == std::vector<std::string>{"B.example"});
  CHECK(changes[0].effect == schema::Effect::deployment);
  CHECK(changes[1].effect == schema::Effect::immutable);
  CHECK(diff::deferred_on_create(other, *schema) == std::vector<std::string>{"/later"});
  CHECK(json::compact(diff::create_body(other, *schema)) == R"({"resolvers":["a.example"],"grade":"b"})");
}

#include "manifest/write.hpp"

#include "diff/compare.hpp"
#include "findings.hpp"
#include "live.hpp"

#include <algorithm>

#include <doctest/doctest.h>

using namespace cpsctl;
using manifest::found;
using manifest::live_dv;

namespace {

manifest::Written write(std::vector<manifest::Found> const& all, manifest::WriteOptions const& options = {}) {
  return manifest::write_manifests(all, options).value();
}

std::string text_of(manifest::Written const& written, std::string_view path) {
  auto const file = std::ranges::find(written.files, path, &manifest::WrittenFile::path);
  return file == written.files.end() ? "" : file->text;
}

std::string names_of(manifest::Written const& written) {
  std::string names;
  for (auto const& one : written.names) names += fmt::format("{}{}={}", names.empty() ? "" : " ", one.id, one.name);
  return names;
}

/// What still differs after loading what was written; findings that are errors.
std::string differences(manifest::Written const& written, std::vector<manifest::Found> const& all) {
  std::string text;
  if (written.files.empty()) return text;
  auto const loaded = manifest::load_text(manifest::stream(written));
  for (Finding const& finding : loaded.findings)
    if (finding.severity == Severity::error) text += manifest::line(finding) + "\n";
  if (loaded.desired.size() != written.names.size()) text += "not every manifest was loaded\n";
  for (auto const& desired : loaded.desired) {
    auto const name = std::ranges::find(written.names, desired.name, &manifest::WrittenName::name);
    auto const live = std::ranges::find(all, name->id, &manifest::Found::id);
    auto const schema = schema::enrollment(desired.api_schema).value();
    for (auto const& change : diff::compare(*desired.enrollment, *live->document, *schema))
      text += desired.name + change.pointer + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("write: one enrollment, as a person would have written it") {
  std::vector<manifest::Found> const all{found(live_dv("example.com"), 10001)};
  auto const written = write(all, {.schema_path = "../schemas/manifest.schema.json"});
  CHECK(names_of(written) == "10001=example-com");
  CHECK(manifest::lines(written.notes) == "");
  CHECK(differences(written, all) == "");
  CHECK(text_of(written, "example-com.yaml") == R"(# yaml-language-server: $schema=../schemas/manifest.schema.json
apiVersion: cpsctl.dev/v1
kind: Enrollment
metadata:
  name: example-com
spec:
  contractId: 1-1TJZH5
  enrollment:
    ra: lets-encrypt
    validationType: dv
    certificateType: san
    certificateChainType: default
    changeManagement: false
    enableMultiStackedCertificates: false
    signatureAlgorithm: SHA-256
    csr:
      cn: example.com
      sans:
        - api.example.com
        - www.example.com
      c: US
      st: MA
      l: Cambridge
      o: Example Corp
    networkConfiguration:
      geography: core
      secureNetwork: enhanced-tls
      sniOnly: true
      quicEnabled: false
      mustHaveCiphers: ak-akamai-2020q1
      preferredCiphers: ak-akamai-2020q1
      ocspStapling: "on"
      disallowedTlsVersions:
        - TLSv1
        - TLSv1_1
      dnsNameSettings:
        cloneDnsNames: true
    org:
      name: Example Corp
      addressLineOne: 150 Broadway
      city: Cambridge
      region: MA
      postalCode: "02142"
      country: US
      phone: 617-555-0111
    adminContact:
      firstName: Ana
      lastName: Diaz
      email: ana@example.com
      phone: 617-555-0111
    techContact:
      firstName: Jo
      lastName: Smith
      email: jo@akamai.example
      phone: 617-555-0112
)");
}

TEST_CASE("write: what enrollments share becomes profiles") {
  std::vector<manifest::Found> all;
  for (int i = 0; i < 4; ++i) all.push_back(found(live_dv(fmt::format("site{}.example.com", i)), 10001 + i));
  auto other = live_dv("shop.example.net");
  manifest::put(other, "/org/name", R"("Müller & Söhne")");
  manifest::put(other, "/csr/o", R"("Müller & Söhne")");
  manifest::put(other, "/networkConfiguration/secureNetwork", R"("standard-tls")");
  manifest::put(other, "/networkConfiguration/dnsNameSettings/cloneDnsNames", "false");
  auto twin = json::clone(other);
  manifest::put(twin, "/csr/cn", R"("pay.example.net")");
  manifest::put(twin, "/csr/ou", R"("Payments")");
  manifest::put(twin, "/techContact/phone", R"("+1 617 555 0199")");
  all.push_back(found(std::move(other), 20001));
  all.push_back(found(std::move(twin), 20002));
  auto const written = write(all);
  CHECK(differences(written, all) == "");
  CHECK(text_of(written, "profiles.yaml") ==
        R"(# yaml-language-server: $schema=https://cpsctl.dev/schemas/manifest.schema.json
apiVersion: cpsctl.dev/v1
kind: Profile
metadata:
  name: admin-contact
spec:
  enrollment:
    adminContact:
      firstName: Ana
      lastName: Diaz
      email: ana@example.com
      phone: 617-555-0111
---
apiVersion: cpsctl.dev/v1
kind: Profile
metadata:
  name: csr-example-corp
spec:
  enrollment:
    csr:
      c: US
      st: MA
      l: Cambridge
      o: Example Corp
---
apiVersion: cpsctl.dev/v1
kind: Profile
metadata:
  name: network-core-enhanced-tls
spec:
  enrollment:
    networkConfiguration:
      geography: core
      secureNetwork: enhanced-tls
      sniOnly: true
      quicEnabled: false
      mustHaveCiphers: ak-akamai-2020q1
      preferredCiphers: ak-akamai-2020q1
      ocspStapling: "on"
      disallowedTlsVersions:
        - TLSv1
        - TLSv1_1
      dnsNameSettings:
        cloneDnsNames: true
---
apiVersion: cpsctl.dev/v1
kind: Profile
metadata:
  name: network-core-standard-tls
spec:
  enrollment:
    networkConfiguration:
      geography: core
      secureNetwork: standard-tls
      sniOnly: true
      quicEnabled: false
      mustHaveCiphers: ak-akamai-2020q1
      preferredCiphers: ak-akamai-2020q1
      ocspStapling: "on"
      disallowedTlsVersions:
        - TLSv1
        - TLSv1_1
      dnsNameSettings:
        cloneDnsNames: false
---
apiVersion: cpsctl.dev/v1
kind: Profile
metadata:
  name: org-example-corp
spec:
  enrollment:
    org:
      name: Example Corp
      addressLineOne: 150 Broadway
      city: Cambridge
      region: MA
      postalCode: "02142"
      country: US
      phone: 617-555-0111
    adminContact:
      firstName: Ana
      lastName: Diaz
      email: ana@example.com
      phone: 617-555-0111
    techContact:
      firstName: Jo
      lastName: Smith
      email: jo@akamai.example
      phone: 617-555-0112
---
apiVersion: cpsctl.dev/v1
kind: Profile
metadata:
  name: org-muller-sohne
spec:
  enrollment:
    org:
      name: Müller & Söhne
      addressLineOne: 150 Broadway
      city: Cambridge
      region: MA
      postalCode: "02142"
      country: US
      phone: 617-555-0111
)");
  CHECK(text_of(written, "pay-example-net.yaml") ==
        R"(# yaml-language-server: $schema=https://cpsctl.dev/schemas/manifest.schema.json
apiVersion: cpsctl.dev/v1
kind: Enrollment
metadata:
  name: pay-example-net
spec:
  profiles:
    - admin-contact
    - network-core-standard-tls
    - org-muller-sohne
  contractId: 1-1TJZH5
  enrollment:
    ra: lets-encrypt
    validationType: dv
    certificateType: san
    certificateChainType: default
    changeManagement: false
    enableMultiStackedCertificates: false
    signatureAlgorithm: SHA-256
    csr:
      cn: pay.example.net
      sans:
        - api.shop.example.net
        - shop.example.net
        - www.shop.example.net
      c: US
      st: MA
      l: Cambridge
      o: Müller & Söhne
      ou: Payments
    networkConfiguration:
      dnsNameSettings:
        dnsNames:
          - api.shop.example.net
          - shop.example.net
          - www.shop.example.net
    techContact:
      firstName: Jo
      lastName: Smith
      email: jo@akamai.example
      phone: +1 617 555 0199
)");
  auto const whole = write(all, {.factor = manifest::Factor::no});
  CHECK(whole.profiles == 0);
  CHECK(text_of(whole, "profiles.yaml") == "");
  CHECK(differences(whole, all) == "");
}

TEST_CASE("write: profile names say what is in them, without people's names") {
  std::vector<manifest::Found> all;
  std::int64_t id = 1;
  auto const twice = [&](auto const& change) {
    for (int i = 0; i < 2; ++i) {
      auto live = live_dv(fmt::format("n{}.example.com", id), id);
      change(live);
      all.push_back(found(std::move(live), id++));
    }
  };
  twice([](json::Document&) {});
  twice([](json::Document& live) { manifest::put(live, "/techContact/lastName", R"("Doe")"); });
  twice([](json::Document& live) { manifest::put(live, "/org/name", R"("株式会社")"); });
  twice([](json::Document& live) { manifest::put(live, "/networkConfiguration/quicEnabled", "true"); });
  twice([](json::Document& live) { manifest::put(live, "/org", "null"); });
  auto const written = write(all, {.profile_prefix = "acme-", .taken_profiles = {"ACME-org-example-corp"}});
  CHECK(differences(written, all) == "");
  std::string names;
  std::string const profiles = text_of(written, "profiles.yaml");
  for (auto const& line : text::split(profiles, '\n'))
    if (line.starts_with("  name: ")) names += std::string(line.substr(8)) + "\n";
  CHECK(names ==
        "acme-admin-contact\n"
        "acme-csr-example-corp\n"
        "acme-network-core-no-quic-enabled\n"
        "acme-network-core-quic-enabled\n"
        "acme-org-150-broadway\n"
        "acme-org-example-corp-2\n"
        "acme-org-example-corp-3\n");
}

TEST_CASE("write: names come from common names, and are safe as file names") {
  struct Case {
    char const *title, *common_name, *expect;
  };
  std::string const long_name =
      "a-very-long-label-of-a-host-name-that-goes-on-and-on.and-another-one-of-the-same-kind-"
      "with-words.example.com";
  Case const cases[] = {
      {"dots are dashes", "www.example.com", "www-example-com"},
      {"letter case goes", "WWW.Example.COM.", "www-example-com"},
      {"a wildcard is called one", "*.example.com", "wildcard-example-com"},
      {"A-labels stay", "xn--bcher-kva.example", "xn--bcher-kva-example"},
      {"U-labels become A-labels", "*.Bücher.example", "wildcard-xn--bcher-kva-example"},
      {"underscores stay", "_a.b_c.example", "a-b_c-example"},
      {"the project file keeps its name", "cpsctl", "cpsctl-dv"},
      {"the profiles keep their file", "profiles", "profiles-dv"},
      {"a long one is cut, and still its own", long_name.c_str(),
       "a-very-long-label-of-a-host-name-that-goes-on-and-on-and-another-one-of-the-same-2b91408a"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      std::vector<manifest::Found> const all{found(live_dv(c.common_name), 7)};
      auto const written = write(all);
      CHECK(names_of(written) == fmt::format("7={}", c.expect));
      CHECK(differences(written, all) == "");
    }
  }
}

TEST_CASE("write: a hostile common name is neither a path nor a manifest") {
  for (char const* const name : {"../../etc/passwd", "/etc/passwd", "a/../b", "..", ".git", "C:\\\\x", "a\\u0000b",
                                 "a\\nb", "-rf", "", "con.", "~", "$(reboot)", "*"}) {
    CAPTURE(name);
    auto const written = write({found(live_dv(name), 7)});
    for (auto const& file : written.files) {
      CHECK(file.path.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos);
      CHECK(!file.path.starts_with('.'));
      CHECK(file.path.ends_with(".yaml"));
      CHECK(file.path.find("..") == std::string::npos);
    }
  }
}

TEST_CASE("write: enrollments that would have one name get what tells them apart") {
  auto const with = [](std::string_view pointer, std::string_view value) {
    auto live = live_dv("www.example.com");
    manifest::put(live, pointer, value);
    return live;
  };
  auto const ov = [&] {
    auto live = with("/validationType", R"("ov")");
    manifest::put(live, "/ra", R"("symantec")");
    return live;
  };
  struct Case {
    char const* title;
    json::Document other;
    char const* expect;
    bool one_common_name = true;
  };
  Case cases[] = {
      {"one that cannot be written takes no name", with("/ra", "null"), "1=www-example-com"},
      {"the kind", ov(), "1=www-example-com-dv 2=www-example-com-ov"},
      {"the network", with("/networkConfiguration/secureNetwork", R"("standard-tls")"),
       "1=www-example-com-enhanced-tls 2=www-example-com-standard-tls"},
      {"a yes or no", with("/networkConfiguration/sniOnly", "false"),
       "2=www-example-com-no-sni-only 1=www-example-com-sni-only"},
      {"nothing but the id", live_dv("WWW.example.com."), "1=www-example-com-1 2=www-example-com-2"},
      {"another host of the same letters", live_dv("www-example.com"), "1=www-example-com-1 2=www-example-com-2",
       false},
  };
  for (Case& c : cases) {
    SUBCASE(c.title) {
      std::vector<manifest::Found> const all{found(live_dv("www.example.com"), 1), found(std::move(c.other), 2)};
      auto const written = write(all);
      CHECK(names_of(written) == c.expect);
      bool const allowed = text_of(written, written.names[0].path).find("allowDuplicateCn: true") != std::string::npos;
      CHECK(allowed == (c.one_common_name && written.names.size() == 2));
      CHECK(differences(written, all) == "");
    }
  }
}

TEST_CASE("write: names, files and common names of the project are respected") {
  std::vector<manifest::Found> const existing{found(live_dv("www.example.com"), 1)};
  auto const project = manifest::load_text(manifest::stream(write(existing)));
  std::vector<manifest::Found> const all{found(live_dv("www.example.com"), 2), found(live_dv("a.example.com"), 3),
                                         found(live_dv("b.example.com"), 4), found(live_dv("c.example.com"), 5)};
  manifest::WriteOptions const options{.names = {{5, "Mine_5"}},
                                       .existing = project.desired,
                                       .taken_names = {"A-example-com"},
                                       .taken_files = {"b-example-com.yaml", "profiles.yaml"}};
  auto const written = write(all, options);
  CHECK(names_of(written) == "5=Mine_5 3=a-example-com-dv 4=b-example-com-dv 2=www-example-com-dv");
  CHECK(differences(written, all) == "");
  CHECK(text_of(written, "www-example-com-dv.yaml").find("  lifecycle:\n    allowDuplicateCn: true\n") !=
        std::string::npos);
  CHECK(text_of(written, "profiles.yaml") == "");
  CHECK(text_of(written, "profiles-2.yaml") != "");
}

TEST_CASE("write: no file has the name of a device of Windows") {
  std::vector<manifest::Found> all;
  for (char const* const name : {"nul", "CON", "aux.", "com1", "lpt0", "console", "com10", "nul.example.com"})
    all.push_back(found(live_dv(name), static_cast<std::int64_t>(all.size()) + 1));
  CHECK(names_of(write(all)) == "3=aux-dv 4=com1-dv 7=com10 2=con-dv 6=console 5=lpt0-dv 1=nul-dv 8=nul-example-com");
}

TEST_CASE("write: a chosen name is checked") {
  struct Case {
    char const *title, *name, *expect;
  };
  Case const cases[] = {
      {"a path", "../x",
       "the name \"../x\" does not fit; next: write letters, digits, '.', '_' and '-', with a letter or digit at both "
       "ends"},
      {"nothing", "",
       "the name \"\" does not fit; next: write letters, digits, '.', '_' and '-', with a letter or digit at both "
       "ends"},
      {"one that is in use", "WWW",
       "the name \"WWW\" is in use, or its file is there; next: choose another name for the enrollment"},
      {"the project file", "cpsctl",
       "the name \"cpsctl\" is in use, or its file is there; next: choose another name for the enrollment"},
      {"a device of Windows", "Con",
       "Windows cannot have a file named Con.yaml; next: choose another name for the enrollment"},
      {"a device with an extension", "lpt1.www",
       "Windows cannot have a file named lpt1.www.yaml; next: choose another name for the enrollment"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      auto const written = manifest::write_manifests(std::vector{found(live_dv("a.example"), 1)},
                                                     {.names = {{1, c.name}}, .taken_names = {"www"}});
      REQUIRE(!written);
      CHECK(written.error().code == Errc::usage);
      CHECK(written.error().message + "; next: " + written.error().next == c.expect);
    }
  }
  CHECK(!manifest::write_manifests(std::vector{found(live_dv("a.example"), 1, "v99")}, {}));
}

TEST_CASE("write: contract, account and api schema are in the enrollment's spec") {
  auto one = found(live_dv("a.example"), 1, "v12");
  one.contract = "ctr_1-2ABC";
  one.account_key = "1-5C0YLB:1-8BYUX";
  auto const written = write({one});
  CHECK(text_of(written, "a-example.yaml").find(R"(spec:
  contractId: 1-2ABC
  accountSwitchKey: 1-5C0YLB:1-8BYUX
  apiSchema: v12
  enrollment:
)") != std::string::npos);
  CHECK(differences(written, {one}) == "");
  CHECK(text_of(write({one}, {.default_schema = "v12"}), "a-example.yaml").find("apiSchema") == std::string::npos);
  one.contract = "no contract";
  CHECK(manifest::lines(write({one}).notes) ==
        "a-example no manifest : contractId: \"no contract\" does not fit; write a contract id such as 1-1TJZH5\n");
}

TEST_CASE("write: what a manifest cannot say is left out, and reported") {
  struct Case {
    char const *title, *pointer, *value, *notes;
  };
  Case const cases[] = {
      {"a field that nobody knows", "/csr/newField", "1",
       "a-example unknown csr.newField: the schema enrollment.v11 does not know it; updates leave it as it is\n"},
      {"a field of another version", "/networkConfiguration/fipsMode", "true",
       "a-example unknown networkConfiguration.fipsMode: the schema enrollment.v11 does not know it; updates leave it "
       "as it is; it exists since v12: set spec.apiSchema: v12 (or api.schema in cpsctl.yaml)\n"},
      {"a new field without a value", "/csr/newField", "null", ""},
      {"a word that is not in the list", "/networkConfiguration/ocspStapling", R"("maybe")",
       "a-example left out networkConfiguration.ocspStapling: \"maybe\" is not one of on, off, not-set; rule CPS004\n"},
      {"a pattern that does not fit", "/csr/c", R"("USA")",
       "a-example left out csr.c: \"USA\" has 3 bytes, at most 2 are allowed; rule CPS007\n"},
      {"a wrong type", "/orgId", R"("seven")",
       "a-example left out orgId: is the text \"seven\", must be a whole number; rule CPS002\n"},
      {"one element of a set takes the set with it", "/csr/sans", R"(["b.example", "10.0.0.1", "a_b.example"])",
       "a-example left out csr.sans: 10.0.0.1 is an IP address; rule CPS120\n"},
      {"a rule between fields", "/csr/preferredTrustChain", R"("intermediate-a")", ""},
      {"an object that lacks a required field", "/networkConfiguration/dnsNameSettings",
       R"({"dnsNames": ["a.example"]})",
       "a-example left out networkConfiguration.dnsNameSettings: the required field \"cloneDnsNames\" is missing; rule "
       "CPS003\n"},
      {"an object with a wrong value in a required field", "/networkConfiguration/dnsNameSettings",
       R"({"cloneDnsNames": 1})",
       "a-example left out networkConfiguration.dnsNameSettings: networkConfiguration.dnsNameSettings.cloneDnsNames: "
       "is "
       "the number 1, must be true or false; rule CPS002\n"},
      {"what is only for third-party", "/thirdParty", R"({"excludeSans": true})",
       "a-example left out thirdParty: does not go with validationType dv; rule CPS107\n"},
      {"names that are served without SNI", "/networkConfiguration/sniOnly", "false",
       "a-example left out networkConfiguration.dnsNameSettings: does not go with sniOnly false; rule CPS112\n"},
      {"a text that means a variable", "/org/city", R"("${env:HOME}")",
       "a-example left out org.city: a manifest would read ${env:…} in it as a variable; change the text at CPS\n"},
      {"several e-mail addresses", "/techContact/email", R"("a@b.example, c@d.example")",
       "a-example left out techContact.email: \"a@b.example, c@d.example\" is not an e-mail address; rule CPS006\n"},
      {"a required word that is not in the list", "/ra", R"("verisign")",
       "a-example no manifest ra: \"verisign\" is not one of lets-encrypt, symantec, third-party; rule CPS004\n"},
      {"a required field that is missing", "/networkConfiguration/geography", "null",
       "a-example no manifest networkConfiguration.geography: is empty (null), must be a text; rule CPS002\n"},
      {"types that do not go together", "/ra", R"("symantec")",
       "a-example no manifest ra: \"symantec\" does not go with validationType dv; rule CPS101\n"},
      {"a required text that means a variable", "/networkConfiguration/geography", R"("${env:X}")",
       "a-example no manifest networkConfiguration: the required field \"geography\" is missing; rule CPS003\n"
       "a-example left out networkConfiguration.geography: a manifest would read ${env:…} in it as a variable; change "
       "the text at CPS\n"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      auto live = live_dv("a.example");
      manifest::put(live, c.pointer, c.value);
      std::vector<manifest::Found> const all{found(std::move(live), 1)};
      auto const written = write(all);
      CHECK(manifest::lines(written.notes) == c.notes);
      CHECK(differences(written, all) == "");
      bool const refused = std::string_view(c.notes).find("no manifest") != std::string_view::npos;
      CHECK(written.names.size() == (refused ? 0 : 1));
    }
  }
}

TEST_CASE("write: an enrollment that cannot be written does not keep the others from it") {
  auto broken = live_dv("b.example");
  manifest::put(broken, "/ra", "null");
  std::vector<manifest::Found> const all{found(live_dv("a.example"), 1),
                                         found(std::move(broken), 2),
                                         found(live_dv("c.example"), 3),
                                         {.id = 4, .contract = "1-1TJZH5"}};
  auto const written = write(all);
  CHECK(names_of(written) == "1=a-example 3=c-example");
  CHECK(manifest::lines(written.notes) ==
        "b-example no manifest ra: is empty (null), must be a text; rule CPS002\n"
        "enrollment no manifest : is not an enrollment document\n");
  CHECK(differences(written, all) == "");
}

TEST_CASE("write: what the server derives is not written") {
  auto live = live_dv("a.example");
  manifest::put(live, "/csr/sans", R"(["A.example.", "b.example", "B.EXAMPLE", "xn--bcher-kva.example"])");
  manifest::put(live, "/networkConfiguration/disallowedTlsVersions", "[]");
  for (char const* const pointer : {"/ra", "/validationType", "/certificateType"})
    manifest::put(live, pointer, R"("third-party")");
  manifest::put(live, "/signatureAlgorithm", "null");
  manifest::put(live, "/thirdParty", R"({"excludeSans": false})");
  std::vector<manifest::Found> const all{found(std::move(live), 1)};
  auto const written = write(all);
  CHECK(manifest::lines(written.notes) == "");
  CHECK(differences(written, all) == "");
  auto const text = text_of(written, "a-example.yaml");
  CHECK(text.find("      sans:\n        - B.EXAMPLE\n        - xn--bcher-kva.example\n      c: US\n") !=
        std::string::npos);
  for (char const* const absent :
       {"signatureAlgorithm", "dnsNames", "disallowedTlsVersions", "productionSlots", "null"})
    CHECK(text.find(absent) == std::string::npos);
}

TEST_CASE("write: nothing gives nothing") {
  auto const written = write({});
  CHECK(written.files.empty());
  CHECK(written.notes.empty());
}

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
  manifest::put(other, "/networkConfiguration/secureNetwork", R"("standard-tls")");
  manifest::put(other, "/networkConfiguration/dnsNameSettings/cloneDnsNames", "false");
  auto twin = json::clone(other);
  manifest::put(twin, "/csr/cn", R"("pay.example.net")");
  manifest::put(twin, "/csr/o", R"("Müller & Söhne")");
  all.push_back(found(std::move(other), 20001));
  all.push_back(found(std::move(twin), 20002));
  auto const written = write(all);
  CHECK(written.profiles == 5);
  CHECK(differences(written, all) == "");
  CHECK(text_of(written, "profiles.yaml") == "");
  CHECK(text_of(written, "site2-example-com.yaml") == "");
  CHECK(text_of(written, "pay-example-net.yaml") == "");
}

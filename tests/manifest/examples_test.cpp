#include "findings.hpp"
#include "manifest/rules.hpp"
#include "places.hpp"

#include <fstream>

#include <doctest/doctest.h>

using namespace cpsctl;

namespace {

manifest::Loaded examples() {
  return manifest::load({.paths = {places::source("manifests/")}}, system_files());
}

manifest::Desired const* named(manifest::Loaded const& loaded, std::string_view name) {
  for (auto const& desired : loaded.desired)
    if (desired.name == name) return &desired;
  return nullptr;
}

}  // namespace

TEST_CASE("examples: all of manifests/ is valid, without a single warning") {
  auto const loaded = examples();
  CHECK(manifest::lines(loaded.findings) == "");
  CHECK(loaded.files == 5);
  CHECK(loaded.profiles == 3);
  REQUIRE(loaded.desired.size() == 4);
  CHECK(loaded.desired[0].name == "api-example-com");
  CHECK(loaded.desired[1].name == "intranet-example-com");
  CHECK(loaded.desired[2].name == "shop-example-com");
  CHECK(loaded.desired[3].name == "www-example-com");
  CHECK(loaded.paths == std::vector<std::string>{"manifests"});
}

TEST_CASE("examples: the sample is the raw enrollment without read-only fields and without its invalid trust chain") {
  std::ifstream in(places::data("manifest", "raw-sample.json"));
  std::string const text{std::istreambuf_iterator<char>(in), {}};
  auto raw = json::clone(*json::at(json::parse(text, "raw").value(), "/spec/enrollment"));
  for (char const* const field :
       {"id", "location", "assignedSlots", "stagingSlots", "productionSlots", "pendingChanges", "autoRenewalStartTime",
        "maxAllowedSanNames", "maxAllowedWildcardSanNames"})
    json::remove(raw, field);
  json::remove(*json::find(static_cast<json::Value&>(raw), "csr"), "preferredTrustChain");
  auto const loaded = examples();
  auto const* const sample = named(loaded, "www-example-com");
  REQUIRE(sample != nullptr);
  CHECK(json::canonical(*sample->enrollment) == json::canonical(raw));
  CHECK(sample->api_schema == "v12");
  CHECK(sample->contract == "1-1TJZH5");
  CHECK(day_text(*sample->deploy.not_before) == "2027-06-01");
  CHECK(day_text(*sample->deploy.not_after) == "2027-12-31");
  CHECK(sample->labels.at("team") == "web");
}

TEST_CASE("examples: a merged value says in which file it was written") {
  auto const loaded = examples();
  auto const* const intranet = named(loaded, "intranet-example-com");
  REQUIRE(intranet != nullptr);
  CHECK(intranet->marks.at("/networkConfiguration/quicEnabled").file == places::source("manifests/ov.yaml"));
  CHECK(intranet->marks.at("/networkConfiguration/sniOnly").file == places::source("manifests/profiles.yaml"));
  CHECK(intranet->marks.at("/org/name").line == 11);
  CHECK(intranet->marks.at("/org/name").column == 13);
  CHECK(intranet->lifecycle.on_pending_change == manifest::OnPendingChange::wait);
  CHECK(json::compact(*json::at(*intranet->enrollment, "/networkConfiguration/dnsNameSettings")) ==
        R"({"cloneDnsNames":false,"dnsNames":["intranet.example.com","wiki.example.com"]})");
  CHECK(json::text_or(json::at(*intranet->enrollment, "/networkConfiguration/ocspStapling"), "") == "on");
}

TEST_CASE("rules: the README lists each rule with its words") {
  std::ifstream in(places::source("manifests/README.md"));
  std::string const readme{std::istreambuf_iterator<char>(in), {}};
  std::string_view previous;
  for (auto const& rule : manifest::rules()) {
    CAPTURE(std::string(rule.id));
    CHECK(previous < rule.id);
    previous = rule.id;
    std::string words(rule.demands);
    if (auto const at = words.find("\"---\""); at != std::string::npos) words.replace(at, 5, "`---`");
    CHECK(readme.find(fmt::format("| {} | {} | {} |", rule.id, rule.severity == Severity::error ? "E" : "W", words)) !=
          std::string::npos);
  }
}

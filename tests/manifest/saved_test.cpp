// What a saved plan wants is held against what manifests are held against.
#include "manifest/saved.hpp"

#include <functional>

#include <doctest/doctest.h>

using namespace cpsctl;

namespace {

manifest::Desired honest() {
  constexpr char const* body =
      R"({"ra":"lets-encrypt","validationType":"dv","certificateType":"san","changeManagement":false,
          "enableMultiStackedCertificates":false,
          "csr":{"cn":"www.example.com","sans":["a.example.com"],"c":"US","o":"Example Inc"},
          "networkConfiguration":{"geography":"core","secureNetwork":"enhanced-tls","sniOnly":true,"quicEnabled":false,
            "dnsNameSettings":{"cloneDnsNames":true}},
          "org":{"name":"Example Inc","addressLineOne":"1 Main St","city":"Cambridge","region":"MA",
            "postalCode":"02142","country":"US","phone":"617-555-0111"},
          "adminContact":{"firstName":"Ana","lastName":"Diaz","email":"ana@example.com","phone":"617-555-0111"},
          "techContact":{"firstName":"Jo","lastName":"Smith","email":"jo@akamai.example","phone":"617-555-0112"}})";
  return {.name = "www",
          .labels = {{"team", "web"}},
          .source = "manifests/www.yaml",
          .contract = "1-1TJZH5",
          .account_key = "1-5C0YLB:1-8BYUX",
          .enrollment = json::share(json::parse(body, "enrollment").value()),
          .deploy = {.not_before = parse_day("2027-06-01").value(), .not_after = parse_day("2027-12-31").value()}};
}

/// `one` with a member of its enrollment set; `pointer` leads to what is around it.
void set(manifest::Desired& one, std::string const& around, char const* name, std::string const& value) {
  json::Document changed = json::clone(*one.enrollment);
  auto* const place = const_cast<json::Value*>(json::at(changed, around));
  REQUIRE(place != nullptr);
  json::Pool& pool = changed.GetAllocator();
  json::set(*place, name, json::parse_into(pool, value, "value").value(), pool);
  one.enrollment = json::share(changed);
}

struct Case {
  char const* title;
  std::function<void(manifest::Desired&)> forge;
  char const* field;
};

}  // namespace

TEST_CASE("saved: what a manifest may want is taken") {
  manifest::Desired one = honest();
  auto const checked = manifest::check_saved(one);
  INFO((checked ? "" : describe(checked.error())));
  CHECK(checked.has_value());
}

TEST_CASE("saved: what no manifest may want is refused, with the enrollment and the field") {
  using Desired = manifest::Desired;
  Case const cases[] = {
      {"a name with commands", [](Desired& one) { one.name = "../x\x1b[31m\n::error::y"; }, "metadata.name"},
      {"no name", [](Desired& one) { one.name.clear(); }, "metadata.name"},
      {"a label with spaces",
       [](Desired& one) {
         one.labels = {{"a b", "c d"}};
       },
       "metadata.labels"},
      {"a contract that adds a parameter", [](Desired& one) { one.contract = "1-A&x=y"; }, "spec.contractId"},
      {"an account that adds one", [](Desired& one) { one.account_key = "1-A&x=y"; }, "spec.accountSwitchKey"},
      {"a version with a header", [](Desired& one) { one.api_schema = "v11+json\r\nX: 1"; }, "spec.apiSchema"},
      {"a version that is none", [](Desired& one) { one.api_schema = "v999"; }, "apiSchema"},
      {"no enrollment", [](Desired& one) { one.enrollment = nullptr; }, "enrollment"},
      {"a list", [](Desired& one) { one.enrollment = json::share(json::parse("[1]", "list").value()); }, "enrollment"},
      {"an empty one", [](Desired& one) { one.enrollment = json::share(json::parse("{}", "it").value()); },
       "enrollment"},
      {"a member of CPS's own", [](Desired& one) { set(one, "", "id", "1"); }, "enrollment.id"},
      {"where it is", [](Desired& one) { set(one, "", "location", R"("/x")"); }, "enrollment.location"},
      {"its pending changes", [](Desired& one) { set(one, "", "pendingChanges", "[]"); }, "enrollment.pendingChanges"},
      {"an unknown member", [](Desired& one) { set(one, "/csr", "zzUnknown", "1"); }, "enrollment.csr.zzUnknown"},
      {"a wrong type", [](Desired& one) { set(one, "", "csr", "[]"); }, "enrollment.csr"},
      {"another word", [](Desired& one) { set(one, "", "validationType", R"("trust-me")"); },
       "enrollment.validationType"},
      {"fields that do not go together", [](Desired& one) { set(one, "", "ra", R"("third-party")"); }, ""},
      {"days in the wrong order", [](Desired& one) { one.deploy.not_after = parse_day("2027-01-01").value(); },
       "deploy.notAfter"},
  };
  for (Case const& one : cases) {
    std::string const title = one.title;
    CAPTURE(title);
    manifest::Desired forged = honest();
    one.forge(forged);
    auto const checked = manifest::check_saved(forged);
    REQUIRE_FALSE(checked.has_value());
    Error const& error = checked.error();
    CHECK(error.code == Errc::manifest);
    INFO(describe(error));
    CHECK(error.message.find(one.field) != std::string::npos);
    CHECK(error.message.find('\x1b') == std::string::npos);
    CHECK(error.message.find('\n') == std::string::npos);
    CHECK_FALSE(error.next.empty());
  }
}

TEST_CASE("saved: what CPS refuses of something new is found again, so that it is held back as a manifest's is") {
  manifest::Desired one = honest();
  REQUIRE(manifest::check_saved(one).has_value());
  CHECK(one.refusals.empty());
  set(one, "/csr", "c", R"("UK")");
  REQUIRE(manifest::check_saved(one).has_value());
  REQUIRE(one.refusals.size() == 1);
  CHECK(one.refusals.front().pointer == "/csr/c");
}

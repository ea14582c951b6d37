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

std::string updated(std::string_view live, std::string_view desired) {
  return json::compact(diff::update_body(parsed(desired), parsed(live), *schema::enrollment("v12").value()));
}

std::string deferred(std::string_view desired) {
  return fmt::format("{}",
                     fmt::join(diff::deferred_on_create(parsed(desired), *schema::enrollment("v12").value()), " "));
}

std::string created(std::string_view desired) {
  return json::compact(diff::create_body(parsed(desired), *schema::enrollment("v12").value()));
}

}  // namespace

TEST_CASE("update_body: the live document with the managed fields laid over it") {
  struct Case {
    char const *title, *live, *desired, *expect;
  };
  Case const cases[] = {
      {"nothing managed, nothing touched", R"({"id":1,"ra":"x","news":{"b":[1.50,null],"a":""}})", "{}",
       R"({"id":1,"ra":"x","news":{"b":[1.5,null],"a":""}})"},
      {"objects are merged", R"({"org":{"name":"a","secret":7,"city":null}})", R"({"org":{"city":"b"}})",
       R"({"org":{"name":"a","secret":7,"city":"b"}})"},
      {"lists are replaced", R"({"csr":{"cn":"c.example","sans":["c.example","a.example"]}})",
       R"({"csr":{"sans":["b.example","a.example"]}})",
       R"({"csr":{"cn":"c.example","sans":["b.example","a.example"]}})"},
      {"a list without a difference keeps live's spelling",
       R"({"csr":{"cn":"c.example","sans":["c.example","a.example"]}})", R"({"csr":{"sans":["A.example"]}})",
       R"({"csr":{"cn":"c.example","sans":["c.example","a.example"]}})"},
      {"fields of CPS stay as they are", R"({"id":1,"pendingChanges":[{"location":"/1"}]})",
       R"({"id":2,"pendingChanges":[],"location":"x"})", R"({"id":1,"pendingChanges":[{"location":"/1"}]})"},
      {"null empties a field", R"({"csr":{"ou":"Web"},"thirdParty":{"excludeSans":true}})",
       R"({"csr":{"ou":null},"thirdParty":null})", R"({"csr":{"ou":null},"thirdParty":null})"},
      {"nothing new where nothing was", R"({"networkConfiguration":{}})",
       R"({"networkConfiguration":{"dnsNameSettings":null,"ocspStapling":null},"org":{"name":""}})",
       R"({"networkConfiguration":{}})"},
      {"an object where there was null", R"({"thirdParty":null})", R"({"thirdParty":{"excludeSans":true}})",
       R"({"thirdParty":{"excludeSans":true}})"},
      {"a required field that CPS omits is sent again", "{}", R"({"enableMultiStackedCertificates":false})",
       R"({"enableMultiStackedCertificates":false})"},
      {"what CPS derives is left to it",
       R"({"validationType":"third-party","signatureAlgorithm":null,
           "networkConfiguration":{"dnsNameSettings":{"cloneDnsNames":true,"dnsNames":["a.example"]}}})",
       R"({"signatureAlgorithm":"SHA-256","networkConfiguration":{"dnsNameSettings":{"cloneDnsNames":true,"dnsNames":[]}}})",
       R"({"validationType":"third-party","signatureAlgorithm":null,)"
       R"("networkConfiguration":{"dnsNameSettings":{"cloneDnsNames":true,"dnsNames":["a.example"]}}})"},
      {"the second write of a create carries what was deferred", R"({"networkConfiguration":{"quicEnabled":true}})",
       R"({"networkConfiguration":{"clientMutualAuthentication":{"setId":"x"}}})",
       R"({"networkConfiguration":{"quicEnabled":true,"clientMutualAuthentication":{"setId":"x"}}})"},
      {"a live field that is nonsense is replaced", R"({"org":"?"})", R"({"org":{"name":"a"}})",
       R"({"org":{"name":"a"}})"},
      {"no live document at all", "null", R"({"ra":"symantec"})", R"({"ra":"symantec"})"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      CHECK(updated(c.live, c.desired) == c.expect);
    }
  }
}

TEST_CASE("bodies: texts are sent without the blanks around them") {
  constexpr char const* written = R"({"csr":{"o":"Example Corp\n"},"org":{"city":" Cambridge\t"}})";
  constexpr char const* sent = R"({"csr":{"o":"Example Corp"},"org":{"city":"Cambridge"}})";
  CHECK(created(written) == sent);
  CHECK(updated(R"({"csr":{"o":"a"},"org":{"city":"b"}})", written) == sent);
}

TEST_CASE("create_body and deferred_on_create: what a create carries and what has to follow") {
  constexpr char const* mutual =
      R"({"id":"1","ra":"x","networkConfiguration":{"sniOnly":true,"clientMutualAuthentication":{"setId":"s",)"
      R"("authenticationOptions":{"sendCaListToClient":false,"ocsp":{"enabled":null}}}},"news":{"id":1}})";
  CHECK(created(mutual) == R"({"ra":"x","networkConfiguration":{"sniOnly":true},"news":{"id":1}})");
  CHECK(deferred(mutual) ==
        "/networkConfiguration/clientMutualAuthentication/setId "
        "/networkConfiguration/clientMutualAuthentication/authenticationOptions/sendCaListToClient");
  CHECK(deferred(R"({"networkConfiguration":{"clientMutualAuthentication":null}})") == "");
  CHECK(deferred(R"({"networkConfiguration":{"clientMutualAuthentication":{"setId":""}}})") == "");
  CHECK(created(R"({"networkConfiguration":{"clientMutualAuthentication":null}})") == R"({"networkConfiguration":{}})");
  CHECK(deferred("{}") == "");
  CHECK(created("{}") == "{}");
  CHECK(created("[1]") == "[1]");
}

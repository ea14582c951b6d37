#include "places.hpp"
#include "support_changes.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

// What the sandbox answers, compared with Akamai's published OpenAPI description. It is next to the source tree and is
// not part of it: without it the test says so.
namespace cpsctl::sandbox::test {
namespace {

std::string const published_file = places::source("../shared/openapi/cps-v2-openapi.json");

bool has_type(json::Value const& value, std::string_view type) {
  if (type == "object") return value.IsObject();
  if (type == "array") return value.IsArray();
  if (type == "string") return value.IsString();
  if (type == "integer") return value.IsInt64();
  return type == "boolean" && value.IsBool();
}

/// OpenAPI 3.0 as far as that file uses it: type, nullable, enum, required, properties, additionalProperties, items.
void violations(json::Value const& value, json::Value const& schema, std::string const& at,
                std::vector<std::string>& found) {
  json::Value const* const nullable = json::find(schema, "nullable");
  if (value.IsNull() && nullable != nullptr && nullable->IsTrue()) return;
  std::string_view const type = json::text_or(json::find(schema, "type"), "object");
  if (!has_type(value, type)) {
    found.push_back(fmt::format("{}: not of type {}", at, type));
    return;
  }
  if (json::Value const* const words = json::find(schema, "enum")) {
    bool const known =
        std::any_of(words->Begin(), words->End(), [&](json::Value const& word) { return json::equal(word, value); });
    if (!known) found.push_back(fmt::format("{}: {} is not in the enum", at, json::compact(value)));
  }
  if (value.IsArray())
    for (auto const& element : value.GetArray()) violations(element, *json::find(schema, "items"), at + "[]", found);
  if (!value.IsObject()) return;
  json::Value const* const properties = json::find(schema, "properties");
  for (auto const& member : value.GetObject()) {
    std::string const path = json::child(at, json::view(member.name));
    json::Value const* const property = json::find(properties, json::view(member.name));
    if (property == nullptr)
      found.push_back(path + ": unknown");
    else
      violations(member.value, *property, path, found);
  }
  if (json::Value const* const required = json::find(schema, "required"))
    for (auto const& name : required->GetArray())
      if (json::find(value, json::view(name)) == nullptr)
        found.push_back(fmt::format("{}: {} is missing", at, json::view(name)));
}

struct Case {
  char const *title, *path, *method;
  Response response;
};

constexpr char info_path[] = "/enrollments/{enrollmentId}/changes/{changeId}/input/info/{allowedInputTypeParam}";
constexpr char update_path[] = "/enrollments/{enrollmentId}/changes/{changeId}/input/update/{allowedInputTypeParam}";
constexpr char schedule_path[] = "/enrollments/{enrollmentId}/changes/{changeId}/deployment-schedule";

/// What the pending changes of a dv and a third-party enrollment ask for.
void add_inputs(Bench& bench, std::vector<Case>& cases) {
  Pending const dv{bench, 10001, 10003};
  Pending const third_party{bench, 10002, 10002};
  cases.push_back({"challenges", info_path, "get", dv.info("lets-encrypt-challenges", "dv-challenges", 2)});
  cases.push_back({"CSRs", info_path, "get", third_party.info("third-party-csr", "csr", 2)});
  cases.push_back(
      {"GET schedule", schedule_path, "get",
       bench.send({.target = dv.path() + "/deployment-schedule", .accept = type_of("deployment-schedule", 1)})});
  cases.push_back({"PUT schedule", schedule_path, "put",
                   bench.send({.method = "PUT",
                               .target = dv.path() + "/deployment-schedule",
                               .body = R"({"notBefore":"2026-12-01T00:00:00Z","notAfter":null})",
                               .accept = type_of("change-id", 1),
                               .content_type = type_of("deployment-schedule", 1)})});
}

/// A deployed enrollment with its histories, after warnings and an approval.
void add_deployments(std::vector<Case>& cases) {
  Bench bench({.policy = Policy::strict, .warnings = {{.text = "Unsorted trust chain."}}});
  bench.post(with(dv_body, "/changeManagement", "true"));
  Pending const change{bench};
  cases.push_back({"challenges done", update_path, "post", change.acknowledge("lets-encrypt-challenges-completed")});
  cases.push_back({"warnings", info_path, "get", change.info("post-verification-warnings", "warnings")});
  cases.push_back({"a change that waits", "/enrollments/{enrollmentId}/changes/{changeId}", "get", change.get()});
  cases.push_back({"warnings seen", update_path, "post", change.acknowledge("post-verification-warnings-ack")});
  Response const approval = change.info("change-management-info", "change-management-info", 5);
  cases.push_back({"what would go live", info_path, "get", approval});
  cases.push_back({"approved", update_path, "post", change.approve(text_at(approval.body, "/validationResultHash"))});
  auto const get = [&](char const* tail, char const* entity, int version) {
    return bench.send({.target = enrollment_path(10001) + tail, .accept = type_of(entity, version)});
  };
  cases.push_back(
      {"deployments", "/enrollments/{enrollmentId}/deployments", "get", get("/deployments", "deployments", 7)});
  cases.push_back({"production", "/enrollments/{enrollmentId}/deployments/production", "get",
                   get("/deployments/production", "deployment", 7)});
  cases.push_back({"staging", "/enrollments/{enrollmentId}/deployments/staging", "get",
                   get("/deployments/staging", "deployment", 7)});
  cases.push_back({"certificates", "/enrollments/{enrollmentId}/history/certificates", "get",
                   get("/history/certificates", "certificate-history", 2)});
  cases.push_back(
      {"changes", "/enrollments/{enrollmentId}/history/changes", "get", get("/history/changes", "change-history", 5)});
  cases.push_back(
      {"validations", "/enrollments/{enrollmentId}/dv-history", "get", get("/dv-history", "dv-history", 1)});
}

TEST_CASE("openapi: a strict server answers as the published description says") {
  std::ifstream file(published_file);
  if (!file) {
    std::fprintf(stderr, "SKIPPED: no published OpenAPI description at %s\n", published_file.c_str());
    return;
  }
  std::ostringstream text;
  text << file.rdbuf();
  json::Document const openapi = parsed(text.str());

  Bench bench({.policy = Policy::strict});
  std::string const change = "/enrollments/{enrollmentId}/changes/{changeId}";
  std::string const one = "/enrollments/{enrollmentId}";
  Sent const deleting{.method = "DELETE",
                      .target = enrollment_path(10002) + "?allow-cancel-pending-changes=true",
                      .accept = type_of("enrollment-status", 1)};
  std::vector<Case> cases;
  cases.push_back({"POST", "/enrollments", "post", bench.post(dv_body)});
  cases.push_back({"POST third-party", "/enrollments", "post", bench.post(third_party_whole())});
  cases.push_back({"GET list", "/enrollments", "get", bench.list()});
  cases.push_back({"GET dv", one.c_str(), "get", bench.get(10001)});
  cases.push_back({"GET third-party", one.c_str(), "get", bench.get(10002)});
  cases.push_back({"PUT", one.c_str(), "put",
                   bench.put(10001, with(bench.get(10001).body, "/enableMultiStackedCertificates", "false"),
                             "allow-cancel-pending-changes=true")});
  cases.push_back({"GET change", change.c_str(), "get",
                   bench.send({.target = change_path(10002, 10002), .accept = type_of("change", 2)})});
  add_inputs(bench, cases);
  cases.push_back({"DELETE", one.c_str(), "delete", bench.send(deleting)});
  cases.push_back(
      {"DELETE change", change.c_str(), "delete",
       bench.send({.method = "DELETE", .target = change_path(10001, 10003), .accept = type_of("change-id", 1)})});
  add_deployments(cases);
  for (Case const& c : cases) {
    CAPTURE(c.title);
    CAPTURE(c.response.body);
    json::Value const* content = json::find(openapi, "paths");
    for (std::string const& step :
         {std::string(c.path), std::string(c.method), std::string("responses"), std::to_string(c.response.status),
          std::string("content"), c.response.content_type, std::string("schema")})
      content = json::find(content, step);
    REQUIRE(content != nullptr);
    std::vector<std::string> found;
    violations(parsed(c.response.body), *content, "", found);
    // The one deviation: the description says that ids are texts; every client of Akamai's reads integers.
    std::erase_if(found, [](std::string const& what) { return what.ends_with("/id: not of type string"); });
    // CPS leaves this member out unless third-party, although its description requires it.
    std::erase_if(found,
                  [](std::string const& what) { return what.ends_with("enableMultiStackedCertificates is missing"); });
    // Its own samples and all clients have the challenges' states in ACME's words, real networks a geography, and null
    // for what is not there yet (cps-api.md §5.1, §5.5).
    std::erase_if(found, [](std::string const& what) {
      return what.find("/challenges[]/status: \"pending\"") != std::string::npos ||
             what.find("/geography: \"core\"") != std::string::npos ||
             ((what.starts_with("/dv[]") || what.starts_with("/results[]")) && what.ends_with("not of type string"));
    });
    CHECK(fmt::format("{}", fmt::join(found, "\n")) == "");
  }
}

}  // namespace
}  // namespace cpsctl::sandbox::test

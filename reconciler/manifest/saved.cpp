#include "manifest/saved.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"
#include "manifest/lifecycle.hpp"
#include "manifest/rules.hpp"
#include "schema/schema.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::manifest {
namespace {

/// The manifest that asks for it, without its enrollment.
json::Document manifest_of(Desired const& desired) {
  json::Document document(rapidjson::kObjectType);
  auto& pool = document.GetAllocator();
  json::Value metadata(rapidjson::kObjectType);
  json::set(metadata, "name", json::string(desired.name, pool), pool);
  json::set(metadata, "labels", fields::to_json(desired.labels, pool), pool);
  json::Value spec(rapidjson::kObjectType);
  json::set(spec, "contractId", json::string(desired.contract, pool), pool);
  if (!desired.account_key.empty()) json::set(spec, "accountSwitchKey", json::string(desired.account_key, pool), pool);
  json::set(spec, "apiSchema", json::string(desired.api_schema, pool), pool);
  json::set(spec, "lifecycle", fields::to_json(desired.lifecycle, pool), pool);
  json::set(document, "apiVersion", json::string("cpsctl.dev/v1", pool), pool);
  json::set(document, "kind", json::string("Enrollment", pool), pool);
  json::set(document, "metadata", std::move(metadata), pool);
  json::set(document, "spec", std::move(spec), pool);
  return document;
}

Error bad(Desired const& desired, std::string const& field, std::string const& message, std::string const& hint) {
  return Error{.code = Errc::manifest,
               .message = fmt::format("what it wants of {} is not a manifest: {}{}{}", text::excerpt(desired.name, 60),
                                      field, field.empty() ? "" : ": ", message),
               .next = hint.empty() ? "make the plan again, from manifests" : hint};
}

Result<> first_of(std::vector<schema::Problem> const& problems, Desired const& desired) {
  if (problems.empty()) return {};
  schema::Problem const& problem = problems.front();
  return bad(desired, text::printable(json::dotted(problem.pointer)), problem.message, problem.hint);
}

}  // namespace

Result<> check_saved(Desired& desired) {
  CPS_TRY(auto const manifests, schema::named("manifest"));
  CPS_CHECK(first_of(schema::check(manifest_of(desired), manifests->root(), {}), desired));
  if (auto const problems = lifecycle_problems(desired.lifecycle); !problems.empty())
    return bad(desired, text::printable(json::dotted("/lifecycle" + problems[0].pointer)), problems[0].message,
               problems[0].hint);
  auto const version = schema::enrollment(desired.api_schema);
  if (!version) return bad(desired, "apiSchema", version.error().message, version.error().next);
  if (!desired.enrollment) return bad(desired, "enrollment", "it is missing", "make the plan again");
  CPS_CHECK(first_of(schema::check(*desired.enrollment, (*version)->root(), {}, "/enrollment"), desired));
  if (!desired.deploy.has_a_day())
    return bad(desired, "deploy.notAfter", "it lies before notBefore", "write a notAfter on or after notBefore");
  Findings found;
  desired.refusals = check_rules(desired, true, found);
  std::vector<Finding> const& findings = found.kept();
  auto const wrong = std::ranges::find(findings, Severity::error, &Finding::severity);
  return wrong == findings.end() ? Result<>() : bad(desired, wrong->path, wrong->message, wrong->hint);
}

}  // namespace cpsctl::manifest

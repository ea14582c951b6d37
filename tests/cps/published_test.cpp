#include "base/json.hpp"
#include "cps/changes.hpp"
#include "cps/deployments.hpp"
#include "cps/history.hpp"
#include "cps/inputs.hpp"
#include "places.hpp"

#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

// Every example of Akamai's published OpenAPI description that these readers are for. It is next to the source tree and
// is not part of it: without it the test says so.
using namespace cpsctl;
using cps::InputKind;

namespace {

std::string const published_file = places::source("../shared/openapi/cps-v2-openapi.json");

/// Is the example read? Nothing: it is of an entity that is not asked for.
std::optional<bool> read(std::string_view entity, std::string_view text) {
  auto const is = [&](std::string_view name) { return entity.find(name) != std::string_view::npos; };
  auto const input = [&](InputKind kind) { return cps::input_info_from(kind, text).has_value(); };
  if (is("cps.change.v2")) return cps::change_from(text, {10002}, {10002}).has_value();
  if (is("cps.deployment-schedule.v1")) return cps::schedule_from(text).has_value();
  if (is("cps.change-management-info.v5")) return input(InputKind::change_management);
  if (is("cps.csr.v")) return input(InputKind::third_party_certificate);
  if (is("cps.dv-challenges.v2")) return input(InputKind::domain_validation);
  if (is("cps.warnings.v1")) return input(InputKind::post_verification_warnings);
  if (is("cps.deployments.v7")) return cps::deployments_from(text).has_value();
  if (is("cps.change-history.v5")) return cps::change_history_from(text).has_value();
  return std::nullopt;
}

}  // namespace

TEST_CASE("published: each example of a change, its inputs and deployments is read") {
  std::ifstream file(published_file);
  if (!file) {
    MESSAGE("not compared: there is no ", published_file);
    return;
  }
  std::stringstream text;
  text << file.rdbuf();
  auto const document = json::parse(text.str(), "the OpenAPI description");
  REQUIRE(document.has_value());
  int seen = 0;
  for (auto const& path : json::find(*document, "paths")->GetObject()) {
    json::Value const* const content = json::at(path.value, "/get/responses/200/content");
    if (content == nullptr) continue;
    for (auto const& entity : content->GetObject()) {
      CAPTURE(json::view(entity.name));
      json::Value const* const example = json::find(entity.value, "example");
      if (example == nullptr) continue;
      auto const done = read(json::view(entity.name), json::compact(*example));
      if (!done) continue;
      CHECK(*done);
      ++seen;
    }
  }
  CHECK(seen == 9);
}

#include "sandbox/changes.hpp"

#include "base/json.hpp"

#include <array>

#include <fmt/format.h>

namespace cpsctl::sandbox {
namespace {

/// One status: its state, CPS-like words for people, and the input it waits for, if any.
struct Step {
  std::string_view status;
  std::string_view state;
  std::string_view description;
  std::string_view input = {};  ///< allowedInput[].type
  std::string_view info = {};   ///< URL tails of that input
  std::string_view update = {};
};

constexpr std::array all_steps{
    Step{"coordinate-domain-validation", "awaiting-input", "Waiting for domain validation.", "lets-encrypt-challenges",
         "lets-encrypt-challenges", "lets-encrypt-challenges-completed"},
    Step{"wait-upload-third-party", "awaiting-input",
         "Waiting for you to upload and submit your third party certificate and trust chain.",
         "third-party-certificate", "third-party-csr", "third-party-cert-and-trust-chain"},
    Step{"check-for-cert", "running", "Checking with the certificate authority for the signed certificate."},
    Step{removal_status, "running", "Removing the certificate from the network."},
};

Step const& step_of(std::string_view status) {
  for (Step const& step : all_steps)
    if (step.status == status) return step;
  return all_steps[2];
}

json::Value nullable(std::string const& text, json::Pool& pool) {
  return text.empty() ? json::Value() : json::string(text, pool);
}

}  // namespace

std::string first_status(std::string_view validation_type) {
  if (validation_type == "dv") return std::string(all_steps[0].status);
  if (validation_type == "third-party") return std::string(all_steps[1].status);
  return std::string(all_steps[2].status);
}

bool waits_for_input(Change const& change) {
  return !step_of(change.status).input.empty();
}

std::string enrollment_path(std::int64_t enrollment) {
  return fmt::format("/cps/v2/enrollments/{}", enrollment);
}

std::string change_path(std::int64_t enrollment, std::int64_t change) {
  return fmt::format("/cps/v2/enrollments/{}/changes/{}", enrollment, change);
}

std::string change_body(std::int64_t enrollment, Change const& change) {
  Step const& step = step_of(change.status);
  json::Document body(rapidjson::kObjectType);
  auto& pool = body.GetAllocator();

  json::Value schedule(rapidjson::kObjectType);
  json::set(schedule, "notBefore", nullable(change.not_before, pool), pool);
  json::set(schedule, "notAfter", nullable(change.not_after, pool), pool);

  json::Value status(rapidjson::kObjectType);
  json::set(status, "status", json::string(change.status, pool), pool);
  json::set(status, "state", json::string(step.state, pool), pool);
  json::set(status, "description", json::string(step.description, pool), pool);
  json::set(status, "error", json::Value(), pool);
  json::set(status, "deploymentSchedule", std::move(schedule), pool);

  json::Value inputs(rapidjson::kArrayType);
  if (!step.input.empty()) {
    std::string const base = change_path(enrollment, change.id);
    json::Value input(rapidjson::kObjectType);
    json::set(input, "type", json::string(step.input, pool), pool);
    json::set(input, "requiredToProceed", json::Value(true), pool);
    json::set(input, "info", json::string(fmt::format("{}/input/info/{}", base, step.info), pool), pool);
    json::set(input, "update", json::string(fmt::format("{}/input/update/{}", base, step.update), pool), pool);
    inputs.PushBack(std::move(input), pool);
  }
  json::set(body, "statusInfo", std::move(status), pool);
  json::set(body, "allowedInput", std::move(inputs), pool);
  return json::compact(body);
}

}  // namespace cpsctl::sandbox

#include "sandbox/changes.hpp"

#include "base/json.hpp"

#include <fmt/format.h>

namespace cpsctl::sandbox {
namespace {

json::Value nullable(std::string const& text, json::Pool& pool) {
  return text.empty() ? json::Value() : json::string(text, pool);
}

bool stops(Change const& change, Step const& step) {
  switch (step.only) {
    case Only::always: return true;
    case Only::warned_before: return !change.warned_before.empty();
    case Only::warned_after: return !change.warned_after.empty();
    case Only::under_change_management: return change.approval;
  }
  return true;
}

bool suspended(Change const& change, Validation validation) {
  return validation == Validation::suspended && step_of(change).input == Input::challenges;
}

std::string_view state_of(Change const& change, Validation validation) {
  if (change.error) return "error";
  if (suspended(change, validation)) return "suspended";
  // An input that was given stays visible: its state, too.
  return step_of(change).mover == Mover::person ? "awaiting-input" : "running";
}

json::Value error_of(Change const& change, json::Pool& pool) {
  if (!change.error) return json::Value();
  json::Value error(rapidjson::kObjectType);
  json::set(error, "code", json::string(change.error->code, pool), pool);
  json::set(error, "description", json::string(change.error->description, pool), pool);
  json::set(error, "timestamp", json::string(change.error->timestamp, pool), pool);
  return error;
}

}  // namespace

Step const& step_of(Change const& change) {
  auto const path = path_of(change.validation, change.work);
  return *path[position(path, change.status)];
}

Step const* step_after(Change const& change) {
  auto const path = path_of(change.validation, change.work);
  for (std::size_t i = change.status.empty() ? 0 : position(path, change.status) + 1; i < path.size(); ++i)
    if (stops(change, *path[i])) return path[i];
  return nullptr;
}

std::optional<Input> awaited(Change const& change) {
  return change.error || change.reads_left ? std::nullopt : step_of(change).input;
}

std::string enrollment_path(std::int64_t enrollment) {
  return fmt::format("/cps/v2/enrollments/{}", enrollment);
}

std::string change_path(std::int64_t enrollment, std::int64_t change) {
  return fmt::format("/cps/v2/enrollments/{}/changes/{}", enrollment, change);
}

std::string change_body(std::int64_t enrollment, Change const& change, Validation validation) {
  Step const& step = step_of(change);
  json::Document body(rapidjson::kObjectType);
  auto& pool = body.GetAllocator();

  json::Value schedule(rapidjson::kObjectType);
  json::set(schedule, "notBefore", nullable(change.not_before, pool), pool);
  json::set(schedule, "notAfter", nullable(change.not_after, pool), pool);

  json::Value status(rapidjson::kObjectType);
  json::set(status, "status", json::string(change.status, pool), pool);
  json::set(status, "state", json::string(state_of(change, validation), pool), pool);
  json::set(status, "description", json::string(step.description, pool), pool);
  json::set(status, "error", error_of(change, pool), pool);
  json::set(status, "deploymentSchedule", std::move(schedule), pool);

  json::Value inputs(rapidjson::kArrayType);
  if (step.input && !change.error) {
    std::string const base = change_path(enrollment, change.id);
    InputNames const& names = names_of(*step.input);
    json::Value input(rapidjson::kObjectType);
    json::set(input, "type", json::string(names.type, pool), pool);
    json::set(input, "requiredToProceed", json::Value(!suspended(change, validation)), pool);
    json::set(input, "info", json::string(fmt::format("{}/input/info/{}", base, names.info), pool), pool);
    json::set(input, "update", json::string(fmt::format("{}/input/update/{}", base, names.update), pool), pool);
    inputs.PushBack(std::move(input), pool);
  }
  json::set(body, "statusInfo", std::move(status), pool);
  json::set(body, "allowedInput", std::move(inputs), pool);
  return json::compact(body);
}

std::string ended_change_body(std::string_view status) {
  bool const completed = status == "completed";
  return fmt::format(R"({{"statusInfo":{{"status":"{}","state":"{}","description":"{}","error":null,)"
                     R"("deploymentSchedule":{{"notBefore":null,"notAfter":null}}}},"allowedInput":[]}})",
                     completed ? "complete" : status, status,
                     completed ? "All of your requested changes are complete." : "The change was cancelled.");
}

}  // namespace cpsctl::sandbox

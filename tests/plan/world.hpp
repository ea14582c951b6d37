#pragma once
#include "base/fields.hpp"
#include "plan/plan.hpp"
#include "plan/view.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

/// A small account to plan in.
namespace plan_test {

using namespace cpsctl;
using namespace std::chrono_literals;

inline constexpr char const* contract = "1-1TJZH5";
inline plan::Scope const scope{"", contract};

inline json::Ref document(std::string const& common_name, std::string const& more = "") {
  std::string const text = fmt::format(
      R"({{"ra":"lets-encrypt","validationType":"dv","csr":{{"cn":"{}","sans":["{}"]}},"networkConfiguration":{{"secureNetwork":"enhanced-tls","sniOnly":true,"quicEnabled":false}}{}{}}})",
      common_name, common_name, more.empty() ? "" : ",", more);
  return json::share(json::parse(text, "document").value());
}

inline manifest::Desired desired(std::string const& name, std::string const& common_name,
                                 std::string const& more = "") {
  return {.name = name,
          .source = "certs/" + name + ".yaml",
          .contract = contract,
          .enrollment = document(common_name, more)};
}

inline cps::Live live(std::int64_t id, std::string const& common_name, std::string const& more = "") {
  return {.id = {id}, .document = document(common_name, more)};
}

/// As live(), with a managed field that differs.
inline cps::Live different(std::int64_t id) {
  cps::Live one = live(id, "www.example.com");
  json::Document changed = json::clone(*one.document);
  json::find(*json::find(changed, "networkConfiguration"), "quicEnabled")->SetBool(true);
  one.document = json::share(changed);
  return one;
}

inline state::Entry entry(std::string const& name, std::int64_t id,
                          std::string const& common_name = "www.example.com") {
  return {.name = name,
          .contract = contract,
          .id = id,
          .source = "certs/" + name + ".yaml",
          .api_schema = "v11",
          .common_name = common_name,
          .last_applied = document(common_name)};
}

/// An attempt may take a minute.
inline std::string ends_by(std::string const& at) {
  auto const time = parse_timestamp(at);
  return time ? timestamp(*time + 60s) : at;
}

/// A world to plan in; the contract has been listed.
struct World {
  plan::Inputs inputs = {};
  World() {
    inputs.paths = {"certs"};
    inputs.listings[scope] = {
        .contract = contract, .api_schema = "v11", .begun = parse_timestamp("2026-11-23T10:00:00Z").value()};
    inputs.now = parse_timestamp("2026-11-23T10:00:00Z").value();
  }
  World& want(manifest::Desired one) {
    inputs.desired.push_back(std::move(one));
    return *this;
  }
  World& has(cps::Live one) {
    inputs.listings[scope].enrollments.push_back(std::move(one));
    return *this;
  }
  World& knows(state::Entry one) {
    inputs.entries.insert_or_assign(one.name, std::move(one));
    return *this;
  }
  World& gone(std::int64_t id) {
    inputs.lookups[id] = std::nullopt;
    return *this;
  }
  World& doubt(std::string const& name, std::string const& at, std::vector<std::int64_t> known = {}) {
    inputs.open_intents.push_back({.sequence = 7,
                                   .phase = state::Phase::intent,
                                   .name = name,
                                   .at = at,
                                   .ends_by = ends_by(at),
                                   .known_ids = std::move(known),
                                   .entry = std::make_shared<state::Entry const>(entry(name, 0))});
    return *this;
  }
};

/// One line an item: "www blocked(update) id 1: reason".
inline std::string summary(World const& world) {
  auto const plan = plan::make_plan(world.inputs);
  if (!plan) return "error: " + plan.error().message;
  std::string text;
  for (plan::ItemView const& item : plan::view(*plan).items) {
    text += fmt::format("{} {}", item.name, fields::word(item.action));
    if (item.action == plan::Action::blocked) text += fmt::format("({})", fields::word(item.wanted));
    if (item.id != 0) text += fmt::format(" {}", item.id);
    if (!item.reason.empty()) text += ": " + item.reason;
    for (std::string const& note : item.notes) text += fmt::format(" [{}]", note);
    text += '\n';
  }
  return text + fmt::format("{} unchanged", plan->summary.unchanged);
}

inline void expect(World const& world, std::string const& text) {
  CHECK(summary(world) == text);
}

/// An update, or a delete, whose answer never came.
inline state::Record unanswered(state::WriteKind step, std::string const& name, std::string const& at,
                                std::vector<std::int64_t> pending = {}) {
  return {.sequence = 8,
          .phase = state::Phase::intent,
          .step = step,
          .name = name,
          .at = at,
          .ends_by = ends_by(at),
          .pending_changes = std::move(pending)};
}

/// An update that was to bring `sent`.
inline state::Record unanswered_update(std::string const& at, std::string const& sent) {
  auto intent = unanswered(state::WriteKind::update, "www", at);
  auto one = entry("www", 1);
  one.last_applied = document("www.example.com", sent);
  intent.known_ids = {1};
  intent.entry = std::make_shared<state::Entry const>(one);
  return intent;
}

inline plan::Plan made(World const& world) {
  return plan::make_plan(world.inputs).value();
}

/// What the first item's PUT lays over the live document.
inline json::Ref target_of(plan::Plan const& plan) {
  return std::get<plan::Update>(plan.items.at(0).work).target;
}

/// As people see it.
inline plan::PlanView planned(World const& world) {
  return plan::view(made(world));
}

}  // namespace plan_test

#pragma once
#include "plan/watch.hpp"
#include "plan/world.hpp"

#include <string>

/// Looks at a pending change, for the tests of what becomes of them.
namespace plan_test {

inline constexpr char const* harmless = "DNS name www.example.com not CNAMEd to Akamai.";
inline constexpr std::int64_t pending_change = 10;
inline WallTime const noon = parse_timestamp("2026-11-23T12:00:00Z").value();

/// Enrollment www's change, which asks for nothing.
inline lifecycle::Sight working(std::string const& state = "running",
                                cps::ChangeState known = cps::ChangeState::running) {
  lifecycle::Sight sight{.name = "www", .pending = {.id = {pending_change}, .type = "new-certificate"}};
  sight.change = cps::Change{.enrollment = {1},
                             .id = {pending_change},
                             .state = known,
                             .state_text = state,
                             .status = "at-work",
                             .answered = noon};
  return sight;
}

/// One that awaits this input.
inline lifecycle::Sight asking(cps::InputKind kind, std::string const& update, cps::InputInfo info) {
  lifecycle::Sight sight = working("awaiting-input", cps::ChangeState::awaiting_input);
  sight.change->inputs = {{.type = "x", .required = true, .kind = kind, .info = "x", .update = update}};
  sight.info = std::move(info);
  return sight;
}
inline lifecycle::Sight warned(std::string const& text = harmless) {
  return asking(cps::InputKind::pre_verification_warnings, "pre-ack", cps::WarningsText{.warnings = text});
}
inline lifecycle::Sight staged(std::string const& fingerprint = "sha256:f1") {
  return asking(cps::InputKind::change_management, "change-management-ack",
                cps::PendingDeployment{.validation_result_hash = "h",
                                       .network = json::share(json::parse("{}", "settings").value()),
                                       .fingerprint = fingerprint});
}
inline lifecycle::Sight wants_certificate() {
  return asking(cps::InputKind::third_party_certificate, "third-party-cert-and-trust-chain",
                cps::Csrs{.csrs = {{.csr = "R", .key_algorithm = "RSA"}}});
}
inline lifecycle::Sight ended() {
  lifecycle::Sight sight = working();
  sight.change.reset();
  return sight;
}

inline std::string digest_of(lifecycle::Sight const& sight) {
  return lifecycle::answer_digest(std::get<cps::InputInfo>(sight.info));
}

/// An answer to what the sight asks, of which nobody knows whether CPS has it. It was over at noon at the latest.
inline state::Record unanswered_answer(lifecycle::Sight const& sight, std::int64_t sequence = 9) {
  return {.sequence = sequence,
          .phase = state::Phase::intent,
          .step = state::WriteKind::answer,
          .name = "www",
          .ends_by = timestamp(noon),
          .digest = digest_of(sight),
          .pending_changes = {sight.pending.id.value},
          .input = sight.change->inputs.front().update};
}

/// A world in which www's change, which is ours, is seen like this.
inline World sees(lifecycle::Sight const& sight, manifest::Lifecycle lifecycle = {}) {
  World world;
  manifest::Desired wanted = desired("www", "www.example.com");
  wanted.lifecycle = std::move(lifecycle);
  cps::Live shown = live(1, "www.example.com");
  shown.pending = {sight.pending};
  state::Entry known = entry("www", 1);
  known.changes = {sight.pending.id.value};
  known.lifecycle = fields::shared(wanted.lifecycle);
  world.want(std::move(wanted)).has(std::move(shown)).knows(std::move(known));
  world.inputs.sights.emplace(sight.pending.id.value, sight);
  world.inputs.now = noon;
  return world;
}

inline manifest::Lifecycle allowing(char const* warning = "DNS_NAME_NOT_CNAMED") {
  return {.acknowledge = {{.warning = warning, .reason = "known", .until = parse_day("2027-01-31").value()}}};
}

}  // namespace plan_test

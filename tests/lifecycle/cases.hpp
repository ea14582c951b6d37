#pragma once
#include "base/text.hpp"
#include "lifecycle/decide.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

/// Changes, information and policies for the tests of decide().
namespace cpsctl::lifecycle::test {

inline WallTime now() {
  return parse_timestamp("2026-11-29T14:00:00Z").value();
}

constexpr char const* harmless = "DNS name www.example.com not CNAMEd to Akamai.";  // low
constexpr char const* harmful = "This certificate has expired";                     // high

inline cps::Input input(std::optional<cps::InputKind> kind, bool required = true, std::string update = "x-ack") {
  return {.type = "x", .required = required, .kind = kind, .info = "x", .update = std::move(update)};
}

inline cps::PendingDeployment pending() {
  return {.validation_result_hash = "da39",
          .certificates = {{.full_certificate = "PEM", .key_algorithm = "RSA"}},
          .network = json::share(json::parse(R"({"sniOnly":true})", "settings").value()),
          .fingerprint = "sha256:f1"};
}

/// What CPS says of an input of that kind; it lies in the policy's power to answer it.
inline cps::InputInfo info_of(cps::InputKind kind) {
  switch (kind) {
    case cps::InputKind::pre_verification_warnings:
    case cps::InputKind::post_verification_warnings: return cps::WarningsText{.warnings = harmless};
    case cps::InputKind::domain_validation:
      return cps::Challenges{
          .dv = {{.domain = "www.example.com", .challenges = {{.type = "dns-01", .status = "pending"}}}}};
    case cps::InputKind::third_party_certificate:
      return cps::Csrs{.csrs = {{.csr = "R", .key_algorithm = "RSA"}, {.csr = "E", .key_algorithm = "ECDSA"}}};
    case cps::InputKind::change_management: return pending();
  }
  return cps::WarningsText{};
}

inline Seen waiting(std::optional<cps::InputKind> kind) {
  Seen seen{.name = "www",
            .change = {.enrollment = {7},
                       .id = {8},
                       .state = cps::ChangeState::awaiting_input,
                       .state_text = "awaiting-input",
                       .status = "wait",
                       .inputs = {input(kind)}},
            .since = now() - std::chrono::minutes(1),
            .differences = std::vector<std::string>()};
  if (kind) seen.info = info_of(*kind);
  return seen;
}

/// Answers everything that a policy can.
inline Policy willing() {
  return {.lifecycle = {.acknowledge = {{.warning = "*",
                                         .reason = "r",
                                         .until = parse_day("2027-01-31").value(),
                                         .class_ = manifest::AnsweredClass::low}},
                        .promotion = {.mode = manifest::PromotionMode::auto_},
                        .certificate = {.signer = "corp-ca"}}};
}

/// In a word or two: "acknowledges", "waits cps".
inline std::string word(Due const& due) {
  struct {
    std::string operator()(Waits const& waits) const { return "waits " + fields::word(waits.who); }
    std::string operator()(Reads const&) const { return "reads"; }
    std::string operator()(Acknowledges const&) const { return "acknowledges"; }
    std::string operator()(Uploads const&) const { return "uploads"; }
    std::string operator()(Publishes const&) const { return "publishes"; }
    std::string operator()(Approves const&) const { return "approves"; }
    std::string operator()(Missing const&) const { return "missing"; }
    std::string operator()(DeadEnd const&) const { return "dead end"; }
    std::string operator()(Ended const&) const { return "ended"; }
  } const words;
  return std::visit(words, due);
}

}  // namespace cpsctl::lifecycle::test

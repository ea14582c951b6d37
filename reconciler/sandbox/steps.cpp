#include "sandbox/steps.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace cpsctl::sandbox {
namespace {

using namespace std::chrono_literals;

// clang-format off
constexpr InputNames input_names[] = {
    {"pre-verification-warnings-acknowledgement",  "pre-verification-warnings",  "pre-verification-warnings-ack"},
    {"lets-encrypt-challenges",                    "lets-encrypt-challenges",    "lets-encrypt-challenges-completed"},
    {"third-party-certificate",                    "third-party-csr",            "third-party-cert-and-trust-chain"},
    {"post-verification-warnings-acknowledgement", "post-verification-warnings", "post-verification-warnings-ack"},
    {"change-management",                          "change-management-info",     "change-management-ack"}};

// Before a certificate is there.
constexpr Step safety_checks{"pre-verification-safety-checks",
    "Checking the request before it is submitted.", Mover::cps, 1min};
constexpr Step review_safety_checks{"wait-review-pre-verification-safety-checks",
    "Waiting for you to review the warnings of the safety checks.", Mover::person, 10min,
    Brings::nothing, Only::warned_before, Input::pre_verification_warnings};
constexpr Step generate_csr{"generate-csr", "Generating the certificate signing request.", Mover::cps, 30s};

// How it comes.
constexpr Step validate_domains{"coordinate-domain-validation",
    "Waiting for domain validation.", Mover::person, 15min,
    Brings::nothing, Only::always, Input::challenges, false, true};
constexpr Step fetch_dv{"check-for-cert",
    "Checking with the certificate authority for the signed certificate.", Mover::authority, 2min, Brings::certificate};
constexpr Step upload{"wait-upload-third-party",
    "Waiting for you to upload and submit your third party certificate and trust chain.", Mover::person, 24h,
    Brings::certificate, Only::always, Input::certificate, false, true};
constexpr Step verify_upload{"verify-third-party-cert", "Verifying your third party certificate.", Mover::cps, 1min};
constexpr Step wait_for_authority{"check-for-cert",
    "Checking with the certificate authority for the signed certificate.", Mover::authority, 48h,
    Brings::certificate, Only::always, {}, false, true};
constexpr Step review_upload{"wait-review-third-party-cert",
    "Waiting for you to review the warnings about your third party certificate.", Mover::person, 10min,
    Brings::nothing, Only::warned_after, Input::post_verification_warnings};
constexpr Step review_certificate{"wait-review-cert-warning",
    "Waiting for you to review the warnings about the certificate.", Mover::person, 10min,
    Brings::nothing, Only::warned_after, Input::post_verification_warnings};

// How it gets to the network.
constexpr Step slot_files{"create-slot-files", "Creating the deployment data.", Mover::cps, 2min};
constexpr Step to_staging{"deploy-cert-to-staging",
    "Deploying the certificate to the staging network.", Mover::cps, 10min, Brings::staging};
constexpr Step approve{"wait-ack-change-management",
    "Waiting for you to acknowledge change management.", Mover::person, 1h,
    Brings::nothing, Only::under_change_management, Input::approval};
constexpr Step to_production{"deploy-cert-to-production",
    "Deploying the certificate to the production network.", Mover::cps, 20min,
    Brings::production, Only::always, {}, true};
constexpr Step live_check{"live-check-action", "Validating deployment information.", Mover::cps, 2min, Brings::end};

// Settings of the network alone.
constexpr Step settings_to_staging{"deploy-changes-to-staging",
    "Deploying the changes to the staging network.", Mover::cps, 10min,
    Brings::staging, Only::always, {}, false, true};
constexpr Step settings_to_production{"forward-create-slot-files",
    "Creating the deployment data.", Mover::cps, 20min, Brings::production, Only::always, {}, true};
constexpr Step settings_check{"forward-live-check-action",
    "Validating deployment information.", Mover::cps, 2min, Brings::end};

constexpr Step deprovision{"deprovision-cert",
    "Removing the certificate from the network.", Mover::cps, 20min, Brings::end, Only::always, {}, true, true};
// clang-format on

constexpr Step const* dv_path[] = {
    &safety_checks, &review_safety_checks, &validate_domains, &fetch_dv,      &review_certificate,
    &slot_files,    &to_staging,           &approve,          &to_production, &live_check};
constexpr Step const* third_party_path[] = {&safety_checks, &review_safety_checks, &generate_csr, &upload,
                                            &verify_upload, &review_upload,        &slot_files,   &to_staging,
                                            &approve,       &to_production,        &live_check};
constexpr Step const* authority_path[] = {
    &safety_checks, &review_safety_checks, &generate_csr, &wait_for_authority, &review_certificate,
    &slot_files,    &to_staging,           &approve,      &to_production,      &live_check};
constexpr Step const* network_path[] = {&settings_to_staging, &approve, &settings_to_production, &settings_check};
constexpr Step const* removal_path[] = {&review_certificate, &deprovision};

std::optional<Input> input_where(std::string_view InputNames::*tail, std::string_view text) {
  auto const found = std::ranges::find(input_names, text, tail);
  if (found == std::end(input_names)) return std::nullopt;
  return static_cast<Input>(found - std::begin(input_names));
}

}  // namespace

InputNames const& names_of(Input input) {
  return input_names[static_cast<std::size_t>(input)];
}

std::optional<Input> input_with_info(std::string_view tail) {
  return input_where(&InputNames::info, tail);
}

std::optional<Input> input_with_update(std::string_view tail) {
  return input_where(&InputNames::update, tail);
}

std::span<Step const* const> path_of(std::string_view validation, Work work) {
  if (work == Work::removal) return removal_path;
  if (work == Work::network) return network_path;
  if (validation == "dv") return dv_path;
  if (validation == "third-party") return third_party_path;
  return authority_path;
}

std::size_t position(std::span<Step const* const> path, std::string_view status) {
  auto const found = std::ranges::find(path, status, &Step::status);
  return found == path.end() ? 0 : static_cast<std::size_t>(found - path.begin());
}

}  // namespace cpsctl::sandbox

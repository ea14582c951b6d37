#include "lifecycle/target.hpp"

#include "cps/changes.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace cpsctl::lifecycle {
namespace {

using namespace std::string_view_literals;

// cps-api.md §4.2. An unknown word is no progress: the wait ends when the change is gone at the latest.
constexpr std::array validated{"check-for-cert"sv, "check-for-cert-error"sv, "verify-third-party-cert"sv,
                               "wait-review-third-party-cert"sv, "wait-review-cert-warning"sv};
constexpr std::array issued{"create-slot-files"sv,
                            "forward-create-slot-files"sv,
                            "deploy-changes-to-staging"sv,
                            "deploy-cert-to-staging"sv,
                            "deploy-cert-to-production"sv,
                            "live-check-action"sv,
                            "forward-live-check-action"sv,
                            "delete-csr"sv,
                            "abandon-slots-action"sv,
                            "wait-ack-change-management"sv,
                            "complete"sv};

constexpr std::array on_staging{"wait-ack-change-management"sv,
                                "deploy-cert-to-production"sv,
                                "live-check-action"sv,
                                "forward-live-check-action"sv,
                                "delete-csr"sv,
                                "complete"sv};

bool waits_for(cps::Change const& change, cps::InputKind kind) {
  return std::ranges::count(change.inputs, kind, &cps::Input::kind) > 0;
}

}  // namespace

bool has_reached(cps::Change const& change, Target target) {
  bool const is_issued =
      waits_for(change, cps::InputKind::change_management) || std::ranges::find(issued, change.status) != issued.end();
  bool const is_validated = is_issued || waits_for(change, cps::InputKind::post_verification_warnings) ||
                            std::ranges::find(validated, change.status) != validated.end();
  switch (target) {
    case Target::submitted: return true;
    case Target::validated: return is_validated;
    case Target::issued: return is_issued;
    case Target::deployed: return change.state == cps::ChangeState::completed;
  }
  return false;
}

bool is_on_staging(cps::Change const& change) {
  return waits_for(change, cps::InputKind::change_management) ||
         std::ranges::find(on_staging, change.status) != on_staging.end();
}

Keeps keeps(Due const& due, bool reached) {
  if (std::holds_alternative<DeadEnd>(due)) return Keeps::failure;
  if (reached || std::holds_alternative<Ended>(due)) return Keeps::nobody;
  if (std::holds_alternative<Missing>(due)) return Keeps::person;
  auto const* const waits = std::get_if<Waits>(&due);
  return waits != nullptr && waits->who == Who::person ? Keeps::person : Keeps::others;
}

}  // namespace cpsctl::lifecycle

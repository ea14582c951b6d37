#pragma once
#include <optional>
#include <string>
#include <string_view>

/// CPS's media types: application/vnd.akamai.cps.<entity>.v<N>+json (cps-api.md §2.1).
namespace cpsctl::sandbox {

enum class Policy : bool { lenient, strict };

/// The versions of one entity that the sandbox speaks.
struct Entity {
  std::string_view name;
  int lowest = 1;
  int highest = 1;
  int preferred = 1;  ///< for */* and application/json, which only a lenient server answers
  int besides = 0;    ///< an older one that a client still asks for; 0: none
};

inline constexpr int lowest_version = 11, highest_version = 12;
inline constexpr int cli_list_version = 4;

/// What the schemas describe (v11, v12), up to `newest`.
constexpr Entity enrollment_entity(int newest = highest_version) {
  return {"enrollment", lowest_version, newest, lowest_version};
}
/// The same, and for a lenient server v4, in which cli-cps lists (facts-2026.md, who sends what).
constexpr Entity enrollments_entity(Policy policy, int newest = highest_version) {
  return {"enrollments", lowest_version, newest, lowest_version, policy == Policy::lenient ? cli_list_version : 0};
}
inline constexpr Entity status_entity{"enrollment-status"};
inline constexpr Entity change_entity{"change", 1, 2, 2};  // 1: cli-cps
inline constexpr Entity change_id_entity{"change-id"};
inline constexpr Entity schedule_entity{"deployment-schedule"};
// Below input/info/ and input/update/. 3: cli-cps, 6: PowerShell (facts-2026.md A0).
inline constexpr Entity warnings_entity{"warnings"};
inline constexpr Entity challenges_entity{"dv-challenges", 2, 2, 2};
inline constexpr Entity csr_entity{"csr", 2, 2, 2};
inline constexpr Entity approval_entity{"change-management-info", 5, 6, 5, 3};
inline constexpr Entity acknowledgement_entity{"acknowledgement"};
inline constexpr Entity hashed_acknowledgement_entity{"acknowledgement-with-hash"};
inline constexpr Entity upload_entity{"certificate-and-trust-chain", 2, 2, 2};
// What is deployed, and what was: 7 is the OpenAPI's, 8 its clients'; 3: cli-cps.
inline constexpr Entity deployment_entity{"deployment", 7, 8, 8, 3};
inline constexpr Entity deployments_entity{"deployments", 7, 8, 8};
inline constexpr Entity dv_history_entity{"dv-history"};
inline constexpr Entity certificate_history_entity{"certificate-history", 2, 2, 2};
inline constexpr Entity change_history_entity{"change-history", 5, 5, 5, 3};
inline constexpr Entity active_certificates_entity{"active-certificates", 1, 2, 2};

std::string media_type(std::string_view entity, int version);

/// The version to answer with for an Accept header; nothing: 406.
std::optional<int> accepted_version(std::string_view accept, Entity const& entity, Policy policy);

/// The version of a body for a Content-Type header (charset=utf-8 allowed); nothing: 415.
std::optional<int> content_version(std::string_view content_type, Entity const& entity, Policy policy);

}  // namespace cpsctl::sandbox

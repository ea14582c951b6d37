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
};

inline constexpr int highest_version = 12;

/// enrollment and enrollments: v4 to v12 when lenient, what the schemas describe (v11, v12) when strict; none above
/// `newest`.
Entity enrollment_entity(std::string_view name, Policy policy, int newest = highest_version);
inline constexpr Entity status_entity{"enrollment-status"};
inline constexpr Entity change_entity{"change", 2, 2, 2};
inline constexpr Entity change_id_entity{"change-id"};
inline constexpr Entity active_certificates_entity{"active-certificates", 1, 2, 2};

std::string media_type(std::string_view entity, int version);

/// The version to answer with for an Accept header; nothing: 406.
std::optional<int> accepted_version(std::string_view accept, Entity const& entity, Policy policy);

/// The version of a body for a Content-Type header (charset=utf-8 allowed); nothing: 415.
std::optional<int> content_version(std::string_view content_type, Entity const& entity, Policy policy);

}  // namespace cpsctl::sandbox

#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/describe.hpp>

/// Changes: what CPS does to an enrollment over time. The one place that knows statuses and inputs.
namespace cpsctl::sandbox {

/// A pending change as the sandbox keeps it.
struct Change {
  std::int64_t id = 0;
  std::string type = {};        ///< new-certificate | modify-certificate | modify-san | renewal
  std::string status = {};      ///< cps-api.md §4.2
  std::string created = {};     ///< RFC 3339
  std::string not_before = {};  ///< RFC 3339; empty: none
  std::string not_after = {};
  bool issues = true;  ///< a new certificate comes of it; else the same one is deployed with other settings
};
BOOST_DESCRIBE_STRUCT(Change, (), (id, type, status, created, not_before, not_after, issues))

/// What a change of such an enrollment is doing as soon as a client can see it: dv waits for domain validation,
/// third-party for the signed certificate, ov and ev for the CA.
std::string first_status(std::string_view validation_type);

/// The status while an enrollment is being taken off the network.
inline constexpr char removal_status[] = "deprovision-cert";

/// Does it wait until a person gives it something?
bool waits_for_input(Change const& change);

/// The `change` entity, version 2 (cps-api.md §4.1), as JSON text.
std::string change_body(std::int64_t enrollment, Change const& change);

std::string enrollment_path(std::int64_t enrollment);
std::string change_path(std::int64_t enrollment, std::int64_t change);

}  // namespace cpsctl::sandbox

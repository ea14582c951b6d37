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
};
BOOST_DESCRIBE_STRUCT(Change, (), (id, type, status, created, not_before, not_after))

/// Where a change of such an enrollment stands as soon as a client can see it: dv waits for domain validation,
/// third-party for the signed certificate, ov and ev for the CA.
std::string first_status(std::string_view validation_type);

/// The status while an enrollment is being taken off the network.
inline constexpr char removal_status[] = "deprovision-cert";

/// The `change` entity, version 2 (cps-api.md §4.1), as JSON text.
std::string change_body(std::int64_t enrollment, Change const& change);

std::string enrollment_path(std::int64_t enrollment);
std::string change_path(std::int64_t enrollment, std::int64_t change);

}  // namespace cpsctl::sandbox

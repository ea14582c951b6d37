#pragma once
#include "sandbox/store.hpp"

#include <string>

/// What CPS shows before it deploys to production under change management (cps-api.md §4.6).
namespace cpsctl::sandbox {

/// SHA-1 of the validation result, 40 hex digits: of its JSON text, or of nothing when there is none. It says nothing
/// of certificates and settings: two different pending states may have the same (facts-2026.md A24).
std::string validation_hash(Change const& change);

/// change-management-info: version 5, 6 (with fipsMode) or 3 (one pendingCertificate, as cli-cps reads it).
std::string approval_body(Enrollment const& enrollment, Change const& change, int version);

}  // namespace cpsctl::sandbox

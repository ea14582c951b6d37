#pragma once
#include "base/json.hpp"
#include "manifest/names.hpp"
#include "schema/schema.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What enrollments share, moved into profiles.
namespace cpsctl::manifest {

/// An enrollment's own fields. Factoring takes out what its profiles say.
struct Own {
  json::Value* value = nullptr;
  schema::Schema const* schema = nullptr;
};

struct SharedProfile {
  std::string name = {};
  json::Value value = {};                 ///< a part of an enrollment
  std::vector<std::size_t> used_by = {};  ///< indices of the enrollments
};

/// Objects of an enrollment (organisation, contacts, network …) that two or more of them have become profiles;
/// host names never do. Objects without an effect on the certificate describe one customer: they share a profile when
/// they occur together. The document wins over its profiles, so a profile never holds what one of its enrollments
/// lacks. Sorted by name; the order of `enrollments` changes nothing but indices. The profiles' values live in `pool`.
std::vector<SharedProfile> factor(std::span<Own const> enrollments, std::string_view prefix, TakenNames& taken,
                                  json::Pool& pool);

}  // namespace cpsctl::manifest

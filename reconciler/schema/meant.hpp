#pragma once
#include "schema/schema.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Which field a name means that no schema has in that place: other tools have names of their own (x-aliases), write
/// words with '_' between them, and nest otherwise.
namespace cpsctl::schema {

/// "sni_only" and "sni-only" are sniOnly; other names stay as they are.
std::string camel_case(std::string_view name);

struct Meant {
  std::string field = {};   ///< a name in the same map, or a whole path such as spec.enrollment.csr.cn
  bool beside = false;      ///< in the same map
  std::string remark = {};  ///< what else to do
};

/// Nothing where no field, or more than one, may be meant.
std::optional<Meant> meant(std::string_view name, Field const& around);

/// The member of `around` that has this name, perhaps as other tools write it; nullptr without one.
Field const* known_as(std::string_view name, Field const& around);

}  // namespace cpsctl::schema

#pragma once
#include "base/json.hpp"
#include "schema/schema.hpp"

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Names for enrollments that have none yet. They become file names, whatever the common name is.
namespace cpsctl::manifest {

/// What a name is made from.
struct Named {
  std::int64_t id = 0;
  json::Value const* document = nullptr;  ///< as CPS returned it; an object
  schema::Schema const* schema = nullptr;
};

/// Does Windows take a file of this name, whatever follows a dot, for a device? It cannot check such a file out.
bool is_device(std::string_view name);

/// Names that are in use, and those of devices. Letter case does not count: file systems may not tell it either.
class TakenNames {
 public:
  void take(std::string_view name);
  bool has(std::string_view name) const;

 private:
  std::set<std::string, std::less<>> lower_;
};

/// One name for each, in the order given: www.example.com is www-example-com, *.example.com wildcard-example-com.
/// Enrollments that would have the same name get what tells them apart (x-identity), else their id.
std::vector<std::string> names_for(std::span<Named const> all, TakenNames& taken);

/// The value of the identity field with this role, as text: "www.example.com" for "name".
std::string identity_text(json::Value const& document, schema::Schema const& schema, std::string_view role);

/// camelCase as words of a name: "networkConfiguration" -> "network-configuration".
std::string kebab(std::string_view camel);

}  // namespace cpsctl::manifest

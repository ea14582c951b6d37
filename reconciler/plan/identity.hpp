#pragma once
#include "cps/types.hpp"
#include "plan/plan.hpp"
#include "schema/schema.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// Which live enrollment a manifest means. The schema says what counts as identity (x-identity).
namespace cpsctl::plan {

/// The common name of an enrollment document, as it is written there; empty without one.
std::string common_name(json::Value const& document, schema::Schema const& schema);
/// The part of the identity that says what kind of enrollment it is: "dv", "third-party".
std::string kind_of(json::Value const& document, schema::Schema const& schema);

/// Its host names, the common name first, as they are written there; each once.
std::vector<std::string> host_names(json::Value const& document, schema::Schema const& schema);
/// Does it serve an RSA and an ECDSA certificate? (x-tells: dual-stack)
bool is_dual_stack(json::Value const& document, schema::Schema const& schema);
/// Do its changes stop on staging for an approval, once `desired` is laid over `live`? (x-tells: change-management)
bool is_change_managed(json::Value const& desired, json::Value const& live, schema::Schema const& schema);
/// Its network settings (x-tells: network-settings); nullptr without any.
json::Value const* network_of(json::Value const& document, schema::Schema const& schema);

/// Does it serve on the production network? (x-tells: production)
bool in_production(json::Value const& document, schema::Schema const& schema);
/// Its deployment slots of a network: x-tells "production" or "staging".
std::vector<std::int64_t> slots(json::Value const& document, schema::Schema const& schema, std::string_view network);
/// Has it been deployed to any network? What never was goes when its first change is cancelled (cps-api.md 4.7).
bool is_deployed(json::Value const& document, schema::Schema const& schema);
/// When CPS begins to renew its certificate, if CPS says (x-tells: renewal-start).
std::optional<WallTime> renewal_start(json::Value const& document, schema::Schema const& schema);

/// The enrollments of one listing, by id and by canonical common name.
class Index {
 public:
  Index(cps::Listing const& listing, schema::Schema const& schema);
  /// One that the list lacks although it exists: lists lag. `live` has to outlive the index.
  void add(cps::Live const& live, schema::Schema const& schema);

  cps::Live const* by_id(std::int64_t id) const;
  /// In the listing's order.
  std::vector<cps::Live const*> by_name(std::string_view common_name) const;

 private:
  std::unordered_map<std::int64_t, cps::Live const*> ids_;
  std::unordered_multimap<std::string, cps::Live const*> names_;
};

/// Do the identity fields that `desired` names agree with `live`?
bool same_identity(json::Value const& desired, json::Value const& live, schema::Schema const& schema);

/// More names than CPS allows this enrollment (x-tells: most-names, most-wildcards).
struct TooMany {
  std::int64_t wanted = 0, allowed = 0;
  char const* what = "";  ///< "names"
};
std::optional<TooMany> too_many_names(json::Value const& desired, json::Value const& live,
                                      schema::Schema const& schema);

}  // namespace cpsctl::plan

#pragma once
#include "base/json.hpp"
#include "sandbox/changes.hpp"
#include "sandbox/media.hpp"
#include "schema/schema.hpp"

#include <string>
#include <vector>

/// What CPS makes of a document that it stores (cps-api.md §3.1, §3.7).
namespace cpsctl::sandbox {

/// `body` as CPS shows it afterwards: server-owned members replaced by the server's, defaults filled in, the CN among
/// the SANs, host names in lower case, the SANs in another order than sent, empty and absent strings null.
/// The body has passed the schema and the combination rules.
json::Document normalised(json::Value const& body, schema::Field const& root, std::int64_t id);

/// Slots and the date of the next renewal stay as they are when the rest of a document is replaced.
void keep_deployment(json::Document& document, json::Value const& before);

/// Sets pendingChanges, oldest first (the last is the newest, as the OpenAPI says).
void set_pending(json::Document& document, std::int64_t id, std::vector<Change> const& changes);

}  // namespace cpsctl::sandbox

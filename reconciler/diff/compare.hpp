#pragma once
#include "base/json.hpp"
#include "schema/schema.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

/// desired x live -> changes with effects. Pure.
namespace cpsctl::diff {

/// Why a field differs, told from what was applied last (three_way.hpp).
BOOST_DEFINE_FIXED_ENUM_CLASS(Cause, std::uint8_t,
                              unknown,   // nothing was applied before
                              manifest,  // you changed it
                              outside,   // it was changed at CPS, by somebody
                              cps,       // it changed at CPS while CPS renews the certificate
                              both,      // in the manifest and at CPS
                              owed)      // its create could not carry it, and the write that was to follow is missing

/// One field's difference.
struct Change {
  std::string pointer = {};               ///< RFC 6901 into the enrollment
  json::Ref live = {};                    ///< null: absent
  json::Ref desired = {};                 ///< null: absent
  std::vector<std::string> added = {};    ///< of sets: elements that live lacks, in desired's order and spelling
  std::vector<std::string> removed = {};  ///< of sets: elements that desired lacks, in live's
  schema::Effect effect = schema::Effect::metadata;
  bool set = false;    ///< `added` and `removed` tell the difference
  bool unset = false;  ///< the manifest stopped naming it: it is set back
  Cause cause = Cause::unknown;
};
BOOST_DESCRIBE_STRUCT(Change, (), (pointer, live, desired, added, removed, effect, set, unset, cause))

/// Managed fields of `desired` that differ from `live`, in the schema's order. What desired does not name is not
/// managed; read-only fields are never compared. Equality follows cps-api.md §3.7 by the schema's annotations.
std::vector<Change> compare(json::Value const& desired, json::Value const& live, schema::Schema const& schema);

/// The leaves of `desired` that a create cannot carry and a second write has to (x-defer-on-create), as pointers.
std::vector<std::string> deferred_on_create(json::Value const& desired, schema::Schema const& schema);

/// The body of a create: desired in its canonical form, without the deferred fields and without read-only ones.
json::Document create_body(json::Value const& desired, schema::Schema const& schema);
/// The same as its JSON text; no tree is built for it.
std::string create_text(json::Value const& desired, schema::Schema const& schema);

/// The body of an update: the live document with desired's managed fields laid over it (PUT replaces the whole
/// enrollment); unknown and read-only fields stay as live has them, and so do values that do not differ: the body
/// carries what compare() shows, in its canonical form, and nothing else. Lists are replaced as wholes, objects merged.
json::Document update_body(json::Value const& desired, json::Value const& live, schema::Schema const& schema);

/// Two names are the same host (case, trailing dot, IDNA).
bool same_host(std::string_view left, std::string_view right);

}  // namespace cpsctl::diff

#pragma once
#include "base/json.hpp"
#include "base/result.hpp"
#include "manifest/types.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

/// Live enrollments -> manifests. Pure: the same enrollments, in any order, give the same bytes.
namespace cpsctl::manifest {

/// One live enrollment, as CPS returned it.
struct Found {
  std::int64_t id = 0;
  std::string contract = {};
  std::string account_key = {};  ///< accountSwitchKey; empty: none, and none is written
  std::string api_schema = "v11";
  json::Ref document = {};
};

BOOST_DEFINE_ENUM_CLASS(Factor, into_profiles, no)

struct WriteOptions {
  /// What the first line of each file points editors to, as seen from the file.
  std::string schema_path = "https://cpsctl.dev/schemas/manifest.schema.json";
  std::string default_schema = "v11";              ///< api.schema of the project: written only where it differs
  std::map<std::int64_t, std::string> names = {};  ///< names that someone chose, by id
  std::string profile_prefix = {};                 ///< before each profile's name: "acme-"
  Factor factor = Factor::into_profiles;
  std::span<Desired const> existing = {};     ///< manifests of the project: their names are taken
  std::set<std::string> taken_names = {};     ///< more names that are in use, as those of the state
  std::set<std::string> taken_profiles = {};  ///< Loaded::profile_names of the project
  std::set<std::string> taken_files = {};     ///< paths in the output folder that are there already
};

struct WrittenFile {
  std::string path;  ///< relative to the output folder, without folders
  std::string text;
};

struct WrittenName {
  std::int64_t id = 0;
  std::string name = {};
  std::string path = {};  ///< of the file
};

/// `field_unknown`: the schema does not know it; an update echoes it, nothing is lost. `field_left_out`: a manifest
/// cannot say it, so it is not managed. `enrollment_left_out`: without that field there is no manifest at all.
BOOST_DEFINE_ENUM_CLASS(NoteKind, field_unknown, field_left_out, enrollment_left_out)

/// What the manifests do not say, and why.
struct WriteNote {
  NoteKind kind = NoteKind::field_left_out;
  std::int64_t id = 0;
  std::string name = {};     ///< of the enrollment
  std::string field = {};    ///< as people write it: csr.sans; empty: the enrollment as a whole
  std::string message = {};  ///< one clause
  std::string hint = {};     ///< what can be done about it; may be empty
  bool operator==(WriteNote const&) const = default;
};
BOOST_DESCRIBE_STRUCT(WriteNote, (), (kind, id, name, field, message, hint))

struct Written {
  std::vector<WrittenFile> files = {};  ///< sorted by path
  std::vector<WrittenName> names = {};  ///< sorted by name
  std::vector<WriteNote> notes = {};    ///< sorted by name, then in the schema's order
  std::size_t profiles = 0;
};

/// Writes one file per enrollment and one with the profiles that they share. Loading them gives no errors, and no
/// managed field differs from the live document. What a manifest cannot say is left out and noted, never invented.
/// Errors: usage (a chosen name is malformed or taken; an api schema that does not exist).
Result<Written> write_manifests(std::span<Found const> found, WriteOptions const& options);

}  // namespace cpsctl::manifest

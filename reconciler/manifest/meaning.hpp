#pragma once
#include "base/json.hpp"
#include "manifest/write.hpp"
#include "schema/schema.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What a manifest has to say so that it means a live enrollment, by the schema's annotations alone.
namespace cpsctl::manifest {

/// A part of a live document that a manifest does not say.
struct LeftOut {
  NoteKind kind = NoteKind::field_left_out;
  std::string pointer = {};  ///< RFC 6901 into the enrollment
  std::string message = {};
  std::string hint = {};
};

struct Meaning {
  json::Value value = {};              ///< members in the schema's order
  std::vector<LeftOut> left_out = {};  ///< in the schema's order
  bool writable() const;               ///< false: no manifest that passes the checks can mean this enrollment
};

/// Leaves out what CPS owns or derives, and what is empty; sets are sorted and without repetitions. A value that the
/// checker or the rules (CPS1xx) refuse is left out with the least part around it that an enrollment can lack. The
/// values live in `pool`.
Meaning meaning_of(json::Value const& live, schema::Schema const& schema, json::Pool& pool);

}  // namespace cpsctl::manifest

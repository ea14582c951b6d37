#pragma once
#include "diff/compare.hpp"

/// What was wanted last time joins the comparison: who changed a field, and which fields a manifest has given up.
namespace cpsctl::diff {

struct ThreeWay {
  std::vector<Change> changes = {};        ///< as compare() has them, with their causes
  std::vector<std::string> released = {};  ///< pointers that the manifest stopped naming and that stay as CPS has them
  /// What a write lays over live (update_body): desired, and the fields that are set back as null or [].
  json::Ref target = {};
};

/// `last_applied` is the desired document of the last successful write; null when nobody knows it, and then nothing is
/// set back (design.md §2, x-on-remove).
ThreeWay three_way(json::Ref const& desired, json::Ref const& last_applied, json::Value const& live,
                   schema::Schema const& schema);

/// How live differs from what was applied, or taken over as applied: compare(), but a wish for nothing where CPS fills
/// in a default of its own (x-derived fillsIn) is fulfilled by whatever CPS filled in. It would never end otherwise.
ThreeWay compare_applied(json::Ref const& applied, json::Value const& live, schema::Schema const& schema);

/// Do two desired documents ask for the same, whatever their spelling and order? Both name the same fields then.
bool same_wish(json::Value const& left, json::Value const& right, schema::Schema const& schema);

}  // namespace cpsctl::diff

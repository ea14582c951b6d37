#pragma once
#include "base/json.hpp"
#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>

/// The enrollment object in the shapes of older media types (cps-api.md §2.1, version deltas). The sandbox keeps the
/// newest shape.
namespace cpsctl::sandbox {

inline constexpr int newest_shape = 12;
inline constexpr int oldest_described = 11;  ///< by a schema of its own; what is older is brought into its shape

/// `document` (newest shape) as version `version` shows it; the text itself when nothing differs.
std::string shape_down(std::string const& document, int version);

/// A member of the body that its version (of those with a schema) does not know yet.
std::optional<std::string> unknown_member(json::Value const& body, int version);

/// Turns a body of an older version into the newest shape, in place. What that version cannot say is taken from
/// `live` (the enrollment that a PUT replaces; nullptr on POST).
void shape_up(json::Document& body, int version, json::Value const* live);

}  // namespace cpsctl::sandbox

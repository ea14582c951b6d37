#pragma once
#include "base/json.hpp"
#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>

/// The enrollment object in the shapes of the media types that clients ask for (cps-api.md §2.1, version deltas). The
/// sandbox keeps the newest shape, v12.
namespace cpsctl::sandbox {

/// `document` (newest shape) as version `version` shows it: 12, 11, or 4 in lists; the text itself when nothing
/// differs.
std::string shape_down(std::string const& document, int version);

/// A member of the body that its version does not know yet.
std::optional<std::string> unknown_member(json::Value const& body, int version);

/// Takes what v11 cannot say over from `live`, the enrollment that a PUT replaces; nullptr on POST.
void shape_up(json::Document& body, int version, json::Value const* live);

}  // namespace cpsctl::sandbox

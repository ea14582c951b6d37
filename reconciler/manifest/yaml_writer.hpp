#pragma once
#include "base/json.hpp"

#include <string>
#include <string_view>

/// JSON values as YAML text that people would have written. Not yaml-cpp's emitter: that one writes 02142, no and 1e3
/// without quotes and DEL as it is, so that other readers, or our own, would not get back what was written.
namespace cpsctl::manifest {

/// A document in block style, two spaces deep, members in their order, with a line break at the end. Our loader reads
/// the same values back from it.
std::string yaml_text(json::Value const& value);

/// A text on one line: plain where every YAML reader takes it for this text, else in double quotes with escapes for
/// everything that cannot be seen.
std::string yaml_scalar(std::string_view text);

}  // namespace cpsctl::manifest

#pragma once
#include "pki/types.hpp"

#include <span>
#include <string>
#include <vector>

namespace cpsctl::pki {

/// Those of `wanted` (host names in any spelling) that no DNS name among `names` covers: sorted, canonical, each once.
/// A wildcard covers one label, and another wildcard only if it is the same (RFC 6125 §6.4.3). A common name covers
/// nothing: browsers do not look at it.
std::vector<std::string> uncovered(std::span<std::string const> wanted, std::span<AlternativeName const> names);

}  // namespace cpsctl::pki

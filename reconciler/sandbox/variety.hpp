#pragma once
#include "base/json.hpp"
#include "schema/schema.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// One enrollment, shown in many shapes that mean the same (cps-api.md §3.7).
namespace cpsctl::sandbox {

/// Turns a normalised document into another that says the same: empty texts as null, "" or not at all, sets in another
/// order, host names in other letters, the CN among the SANs or not, cloned dnsNames listed or not, members that CPS
/// leaves out at times, locations below another prefix. The same seed and document give the same shape.
void vary(json::Document& document, schema::Field const& root, std::uint64_t seed);

/// The prefix of paths in answers: CPS writes /cps/v2 and /cps-api.
std::string varied_path(std::string_view path, std::uint64_t seed);

}  // namespace cpsctl::sandbox

#pragma once
#include <string>
#include <string_view>

namespace cpsctl::report::testing {

/// What keeps `xml` from being well-formed XML 1.0 as we write it; empty when it is.
std::string xml_problem(std::string_view xml);

}  // namespace cpsctl::report::testing

#pragma once
#include "cps/inputs.hpp"

#include <string>
#include <vector>

/// What a person has to see who answers an input, a line each: warnings whole, with their class and the digest that a
/// manifest names them by; of a deployment its certificates, network settings and validation result. As CPS wrote it,
/// printable. Pure.
namespace cpsctl::lifecycle {

std::vector<std::string> shown(cps::InputInfo const& info);

}  // namespace cpsctl::lifecycle

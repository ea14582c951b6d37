#pragma once
#include "state/types.hpp"

#include <functional>
#include <optional>
#include <string>

namespace cpsctl::state {

std::string this_user();  ///< the login name
std::string this_host();

/// Who runs this, by the variables that CI systems set, else the user. Printable and short, whatever they hold;
/// passwords in addresses are left out.
Author author_of(std::function<std::optional<std::string>(std::string const&)> const& environment);

}  // namespace cpsctl::state

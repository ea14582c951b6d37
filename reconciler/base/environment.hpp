#pragma once
#include <string_view>

/// Names of environment variables.
namespace cpsctl::environment {

bool is_name(std::string_view text);

/// Holds it credentials, proxies with their passwords, or our own settings? Nobody can grant such a variable, neither
/// to manifests nor to programs.
bool is_reserved(std::string_view name);

}  // namespace cpsctl::environment

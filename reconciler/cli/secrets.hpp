#pragma once
#include "base/secret.hpp"
#include "cli/world.hpp"
#include "edgegrid/credentials.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace cpsctl::cli {

/// The secrets of the API client, as far as there are any: of the environment, also when it is not complete, and of the
/// credentials file.
std::vector<Secret> known_secrets(edgegrid::CredentialSource source, World& world);

/// Is the value one of them, or does it contain one?
bool holds_secret(std::string_view value, std::span<Secret const> secrets);

}  // namespace cpsctl::cli

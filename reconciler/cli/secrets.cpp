#include "cli/secrets.hpp"

#include <algorithm>

namespace cpsctl::cli {

std::vector<Secret> known_secrets(edgegrid::CredentialSource source, World& world) {
  source.named_by = edgegrid::NamedBy::operators;  // whoever chose it: it is a secret
  std::vector<Secret> secrets;
  for (std::string const& section : {std::string("default"), source.section})
    for (char const* const key : {"CLIENT_SECRET", "CLIENT_TOKEN", "ACCESS_TOKEN"})
      secrets.emplace_back(world.environment(edgegrid::variable_of(section, key)).value_or(""));
  if (auto const loaded = edgegrid::load_credentials(source, world.environment, world.files))
    for (Secret const* secret : {&loaded->client_secret, &loaded->client_token, &loaded->access_token})
      secrets.emplace_back(std::string(secret->reveal()));
  return secrets;
}

bool holds_secret(std::string_view value, std::span<Secret const> secrets) {
  constexpr std::size_t long_enough = 8;  // a shorter one occurs in too much by chance
  return std::ranges::any_of(secrets, [&](Secret const& one) {
    std::string_view const secret = one.reveal();
    if (secret.size() < long_enough) return !secret.empty() && value == secret;
    return value.find(secret) != std::string_view::npos;
  });
}

}  // namespace cpsctl::cli

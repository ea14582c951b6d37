#include "cli/hooks.hpp"

#include "base/log.hpp"
#include "cli/secrets.hpp"

#include <fmt/format.h>

namespace cpsctl::cli {
namespace {

/// Where the system's programs are, should PATH not say so.
constexpr char const* usual_path = "/usr/local/bin:/usr/bin:/bin";

}  // namespace

Result<hooks::Surroundings> hook_surroundings(Settings const& settings, World& world) {
  hooks::Surroundings all{
      .places = {.folder = settings.project.folder, .path = world.environment("PATH").value_or(usual_path)},
      .secrets = known_secrets(settings.credentials, world)};
  all.environment.emplace("PATH", all.places.path);
  for (char const* const name : {"HOME", "LANG", "TZ"})
    if (auto value = world.environment(name)) all.environment.emplace(name, std::move(*value));
  for (auto const& [hook, variable] : settings.hook_grants) {
    auto value = world.environment(variable);
    if (!value) {
      log::warning("the variable {}, granted to {}, is not set", variable, hook);
      continue;
    }
    if (holds_secret(*value, all.secrets))
      return usage(fmt::format("the variable {}, granted to {}, holds a secret of the API client", variable, hook),
                   "no program is given that one");
    all.granted[hook].insert_or_assign(variable, Secret(std::move(*value)));
  }
  return all;
}

}  // namespace cpsctl::cli

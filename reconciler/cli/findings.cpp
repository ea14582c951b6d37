#include "cli/findings.hpp"

#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::cli {

report::SourceText source_text(World& world) {
  return [&world](std::string const& file) -> std::optional<std::string> {
    constexpr std::size_t limit = std::size_t{64} << 20;
    auto text = world.files.read(file, limit);
    return text ? std::optional(std::move(*text)) : std::nullopt;
  };
}

void print_findings(std::span<Finding const> findings, GlobalOptions const& options, World& world) {
  report::findings_text(findings, source_text(world), style_for(options, world, world.err_is_terminal), world.err);
}

manifest::Loaded load_manifests(Settings const& settings, World& world) {
  return manifest::load({.paths = settings.paths,
                         .exclude = settings.project.exclude,
                         .project_file = settings.project.file,
                         .default_schema = settings.api_schema,
                         .allowed_env = {settings.project.env.begin(), settings.project.env.end()},
                         .env = world.environment,
                         .input = &world.in},
                        world.files);
}

Result<manifest::Loaded> usable_manifests(Settings const& settings, GlobalOptions const& options, World& world) {
  manifest::Loaded loaded = load_manifests(settings, world);
  if (!loaded.findings.empty()) print_findings(loaded.findings, options, world);
  auto const errors = static_cast<std::size_t>(
      std::ranges::count(loaded.findings, Severity::error, [](Finding const& f) { return f.severity; }));
  if (errors > 0)
    return Error{.code = Errc::manifest,
                 .message = fmt::format("the manifests have {}", text::counted(errors, "error")),
                 .next = "mend them; nothing was sent to CPS"};
  return loaded;
}

}  // namespace cpsctl::cli

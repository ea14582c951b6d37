#include "cli/manifests.hpp"

#include "base/text.hpp"
#include "cli/secrets.hpp"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

namespace cpsctl::cli {
namespace {

/// Refuses an --account-key that contradicts a manifest.
Result<> check_account_key(std::vector<manifest::Desired> const& desired, GlobalOptions const& options) {
  if (!options.account_key) return {};
  auto const other = std::ranges::find_if(desired, [&](manifest::Desired const& one) {
    return !one.account_key.empty() && one.account_key != *options.account_key;
  });
  if (other == desired.end()) return {};
  return Error{.code = Errc::usage,
               .message = fmt::format("--account-key {} contradicts spec.accountSwitchKey {} of {}",
                                      *options.account_key, other->account_key, other->name),
               .next = "leave one of them out",
               .at = other->mark};
}

template <class Map>
std::vector<std::string> names_of(Map const& all) {
  std::vector<std::string> names;
  for (auto const& [name, one] : all) names.push_back(name);
  return names;
}

/// They are looked up once a manifest uses a variable.
std::function<bool(std::string_view)> secrets_of(Settings const& settings, World& world) {
  auto const secrets = std::make_shared<std::optional<std::vector<Secret>>>();
  return [secrets, source = settings.credentials, &world](std::string_view value) {
    if (!*secrets) *secrets = known_secrets(source, world);
    return holds_secret(value, **secrets);
  };
}

}  // namespace

report::SourceText source_text(World& world) {
  return [&world](std::string const& file) -> std::optional<std::string> {
    constexpr std::size_t limit = std::size_t{64} << 20;
    auto text = world.files.read(file, limit);
    // Lines are quoted of what is ours: a file that came among the manifests by mistake may be anything.
    bool const ours = text && text->find("cpsctl.dev/") != std::string::npos;
    return ours ? std::optional(std::move(*text)) : std::nullopt;
  };
}

void print_findings(std::span<Finding const> findings, GlobalOptions const& options, World& world) {
  report::findings_text(findings, source_text(world), style_for(options, world, world.err_is_terminal), world.err);
}

manifest::Loaded load_manifests(Settings const& settings, World& world) {
  return manifest::load({.paths = settings.paths,
                         .paths_of_project = settings.paths_of_project,
                         .exclude = settings.project.exclude,
                         .project_file = settings.project.file,
                         .default_schema = settings.api_schema,
                         .signers = names_of(settings.project.signers),
                         .publishers = names_of(settings.project.publishers),
                         .allowed_env = settings.allowed_env,
                         .env = world.environment,
                         .is_secret = secrets_of(settings, world),
                         .input = &world.in},
                        world.files);
}

Result<manifest::Loaded> read_manifests(Settings const& settings, GlobalOptions const& options, World& world) {
  manifest::Loaded loaded = load_manifests(settings, world);
  auto const& findings = loaded.findings;
  if (!findings.empty()) print_findings(findings, options, world);
  std::size_t const errors = counted(findings, Severity::error);
  if (errors > 0) {
    // A report of a run that failed says at least this much, where the findings themselves are not at hand.
    Finding const& first = *std::ranges::find(findings, Severity::error, &Finding::severity);
    return Error{.code = Errc::manifest,
                 .message = fmt::format("the manifests have {}, {}{}{}: {}", text::counted(errors, "error"),
                                        errors > 1 ? "the first at " : "at ", first.mark.file,
                                        first.mark.line > 0 ? fmt::format(":{}", first.mark.line) : "", first.message),
                 .next = "fix what cpsctl validate reports; nothing was sent to CPS"};
  }
  CPS_CHECK(check_account_key(loaded.desired, options));
  // Everything is checked: nobody asks any more where a value was written, and the places are most of the memory.
  for (manifest::Desired& one : loaded.desired) one.marks.clear();
  return loaded;
}

}  // namespace cpsctl::cli

#include "base/screen.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/manifests.hpp"
#include "cli/output.hpp"

namespace cpsctl::cli {

namespace {

std::set<std::string> sources(manifest::Loaded const& loaded) {
  std::set<std::string> files;
  for (manifest::Desired const& desired : loaded.desired) files.insert(desired.source);
  return files;
}

}  // namespace

/// cpsctl validate: offline; all findings are the document.
Result<Exit> run_validate(Options const& options, World& world) {
  CPS_TRY(Settings settings, make_settings(options, world));
  CPS_TRY(settings.paths, manifest_paths(options, settings.project, world));
  manifest::Loaded const loaded = load_manifests(settings, world);
  Product const product{
      .text =
          [&](std::ostream& out, report::Style const& style) {
            if (!loaded.findings.empty()) report::findings_text(loaded.findings, source_text(world), style, out);
            if (!has_errors(loaded.findings))
              screen::line(out, "{} in {}: valid", text::counted(loaded.desired.size(), "enrollment"),
                           text::counted(loaded.files, "file"));
          },
      .json = [&] { return report::findings_document(loaded.findings, loaded.files, loaded.desired.size()); },
      .sarif = [&] { return report::findings_sarif(loaded.findings, surroundings(world)); },
      .github = [&] { return report::findings_github(loaded.findings, surroundings(world)); },
      .junit = [&] { return report::findings_junit(loaded.findings, sources(loaded)); }};
  return delivered(product, has_errors(loaded.findings) ? Exit::invalid : Exit::done, options.global, world);
}

}  // namespace cpsctl::cli

#include "base/screen.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/manifests.hpp"
#include "cli/option_groups.hpp"
#include "cli/output.hpp"

namespace cpsctl::cli {
namespace {

std::set<std::string> sources(manifest::Loaded const& loaded) {
  std::set<std::string> files;
  for (manifest::Desired const& desired : loaded.desired) files.insert(desired.source);
  return files;
}

/// cpsctl validate: offline; all findings are the document.
Result<Exit> run(Options const& options, World& world) {
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
      .others = forms_of(FindingsDocument{.findings = loaded.findings, .files = sources(loaded)}, world)};
  return delivered(product, has_errors(loaded.findings) ? Exit::invalid : Exit::done, options.global, world);
}

}  // namespace

Command validate_command() {
  return {.name = "validate",
          .what = "Check manifests offline",
          .topic = "manifests",
          .examples = {{{"cpsctl validate", "the project's manifests, else ./manifests"},
                        {"cpsctl validate -o github manifests", "annotations for GitHub Actions"},
                        {"cpsctl validate --out sarif=validate.sarif manifests", "a file for code scanning as well"}}},
          .document = Document::findings,
          .works = Works::files,
          .takes = [](Flags& flags, Options& options) -> Run {
            take_paths(flags, options);
            return run;
          }};
}

}  // namespace cpsctl::cli

#pragma once
#include "base/finding.hpp"
#include "cli/options.hpp"
#include "cli/settings.hpp"
#include "cli/world.hpp"
#include "manifest/load.hpp"

#include <span>

namespace cpsctl::cli {

/// Findings with their source lines, to stderr.
void print_findings(std::span<Finding const> findings, GlobalOptions const& options, World& world);

/// Loads the manifests that settings name.
manifest::Loaded load_manifests(Settings const& settings, World& world);

/// What a command that compares with CPS begins with.
struct Wanted {
  Settings settings = {};
  manifest::Loaded loaded = {};
};

/// Settings and manifests, checked; findings are printed to stderr. Errors: usage (no manifests, --account-key
/// contradicts one), manifest.
Result<Wanted> read_wanted(Options const& options, World& world);

/// The same for a command that has something to say without manifests, too: none is not an error.
Result<Wanted> read_wanted_if_any(Options const& options, World& world);

/// Gives the text of a manifest for the caret lines of findings.
report::SourceText source_text(World& world);

}  // namespace cpsctl::cli

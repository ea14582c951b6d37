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

/// The same, checked, for a command that compares with CPS; findings are printed to stderr. Errors: usage
/// (--account-key contradicts one), manifest.
Result<manifest::Loaded> read_manifests(Settings const& settings, GlobalOptions const& options, World& world);

/// Gives the text of a manifest for the caret lines of findings.
report::SourceText source_text(World& world);

}  // namespace cpsctl::cli

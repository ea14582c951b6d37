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

/// Loads the manifests for a command that goes on with them. Errors: manifest, after the findings were printed.
Result<manifest::Loaded> usable_manifests(Settings const& settings, GlobalOptions const& options, World& world);

/// Gives the text of a manifest for the caret lines of findings.
report::SourceText source_text(World& world);

}  // namespace cpsctl::cli

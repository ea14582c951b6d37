#pragma once
#include "base/json.hpp"
#include "cli/exit.hpp"
#include "cli/options.hpp"
#include "cli/world.hpp"
#include "report/findings.hpp"

#include <functional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

namespace cpsctl::cli {

/// The one document of a command, in the formats it can be asked for: those that formats_of(command) names.
struct Product {
  std::function<void(std::ostream&, report::Style const&)> text;
  /// Instead of `text` on a stdout that is read below stderr: what stderr has said already is not repeated.
  std::function<void(std::ostream&, report::Style const&)> text_below_err = {};
  std::function<json::Document()> json;
  std::function<std::string()> md = {};
  std::function<json::Document()> sarif = {};
  std::function<std::string()> github = {};
  std::function<std::string()> junit = {};
};

/// The document to stdout in the format of -o, and to every --out file. Every place is tried. Errors: io,
/// the first.
Result<> deliver(Product const& product, GlobalOptions const& options, World& world);

/// deliver(), and `exit`; or the worse exit code when a place could not be written to, which is reported.
Exit delivered(Product const& product, Exit exit, GlobalOptions const& options, World& world);

/// What ends a command before its document exists: words to stderr; on stdout when -o is not text, and in every --out
/// file, the failure in that format, so that a pipeline always finds what it reads.
Exit fail(Error const& error, GlobalOptions const& options, World& world);

/// Every rule that a finding may name, by id.
std::vector<report::RuleText> all_rules();

/// What SARIF and annotations need: sources, rules, version, and GITHUB_WORKSPACE as the repository's root.
report::Surroundings surroundings(World& world);

/// "0.1.0".
char const* program_version();

}  // namespace cpsctl::cli

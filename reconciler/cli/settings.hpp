#pragma once
#include "cli/exit.hpp"
#include "cli/options.hpp"
#include "cli/world.hpp"
#include "cps/governor.hpp"
#include "edgegrid/credentials.hpp"
#include "manifest/project.hpp"
#include "plan/consent.hpp"
#include "report/report.hpp"

#include <set>
#include <string>
#include <vector>

namespace cpsctl::cli {

/// Everything that flags, environment and project file say, in their precedence, with the defaults filled in.
struct Settings {
  manifest::Project project = {};
  std::vector<std::string> paths = {};     ///< of manifests
  bool paths_of_project = false;           ///< the project file names them
  std::string state = {};                  ///< its location
  std::set<std::string> allowed_env = {};  ///< what manifests may use
  std::vector<hooks::Grant> hook_grants = {};
  std::set<std::string> allowed_hosts = {};  ///< lower case: what a project may have written to
  edgegrid::CredentialSource credentials = {};
  std::string api_schema = "v11";
  std::vector<cps::Window> windows = {};  ///< empty: no limits
  std::string budget_group = {};
  std::size_t parallelism = 8;
  Duration timeout = std::chrono::seconds(60);
  Duration settle = std::chrono::seconds(300);
  Duration create_spacing = std::chrono::seconds(300);
  /// Of the times and limits that the laws rest on, for the plan: "settle 30s …".
  std::vector<std::string> unusual = {};
  std::size_t max_list_bytes = std::size_t{512} << 20;
  SteadyTime deadline = SteadyTime::max();
  Duration lock_timeout = {};
  plan::Selection selection = {};
  plan::Consent consent = {};
  std::string flags = {};  ///< that say where this run looks, for commands that a text names (report::Style)
};

/// Reads the project file. Its findings are printed to stderr. Errors: manifest when it has errors, usage.
Result<Settings> make_settings(Options const& options, World& world);

/// The manifests to read: PATHs, else the project's, else ./manifests. Errors: usage when there is none.
Result<std::vector<std::string>> manifest_paths(Options const& options, manifest::Project const& project, World& world);

report::Style style_for(GlobalOptions const& options, World const& world, bool terminal);

}  // namespace cpsctl::cli

#pragma once
#include "base/files.hpp"
#include "base/finding.hpp"
#include "manifest/types.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cpsctl::manifest {

/// The project file cpsctl.yaml: what all manifests of a project have in common. Unset members are empty.
/// Paths in it are relative to the file's folder and already resolved here.
struct Project {
  std::string file = {};    ///< path of the file; empty: no project file was found
  std::string folder = {};  ///< its folder; "." without a file
  std::vector<std::string> manifests = {};
  std::vector<std::string> exclude = {};
  std::optional<std::string> state = {};
  std::optional<std::string> section = {};
  std::vector<std::string> env = {};
  std::optional<std::string> schema = {};  ///< api.schema: v11
  std::vector<std::string> limits = {};    ///< api.limits: "35/60s"
  std::optional<std::int64_t> reserve = {};
  std::optional<std::string> budget_group = {};  ///< api.budgetGroup
  std::optional<std::int64_t> parallelism = {};
  std::optional<std::string> timeout = {};         ///< api.timeout: "60s"
  std::optional<std::string> settle = {};          ///< api.settle: "300s"
  std::optional<std::string> create_spacing = {};  ///< api.createSpacing: "300s"
  std::optional<std::string> max_list_bytes = {};  ///< api.maxListBytes: "512MB"
  std::optional<std::int64_t> max_deletes = {};
  std::optional<std::string> max_changes = {};
  Programs signers = {};       ///< what turns CSRs into certificates
  Publishers publishers = {};  ///< what brings tokens to where the CA looks
};

struct LoadedProject {
  Project project = {};
  std::vector<Finding> findings = {};
};

struct ProjectSource {
  std::filesystem::path file = {};  ///< named by the operator; empty: it is searched for
  std::filesystem::path folder = ".";
  std::filesystem::path home = {};  ///< the user's; empty: unknown
};

/// Reads `file`, or the nearest cpsctl.yaml at `folder` or above it. The search ends at a folder with .git, at `home`
/// and where another file system begins; what it finds must be the user's or root's. A project file is checked by
/// schemas/project.schema.json as strictly as a manifest. Errors: io when a named file cannot be read, manifest when
/// the one that was found belongs to somebody else.
Result<LoadedProject> load_project(ProjectSource const& source, Files& files);

}  // namespace cpsctl::manifest

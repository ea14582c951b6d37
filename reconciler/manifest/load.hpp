#pragma once
#include "base/files.hpp"
#include "manifest/types.hpp"

#include <functional>
#include <istream>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cpsctl::manifest {

struct LoadOptions {
  std::vector<std::string> paths = {};       ///< files, folders (recursive), or "-"
  bool paths_of_project = false;             ///< the project file named them: they lie below its folder
  std::vector<std::string> exclude = {};     ///< the project's globs, relative to the project file's folder
  std::string project_file = {};             ///< never read as a manifest; empty: none
  std::string default_schema = "v11";        ///< api.schema
  std::vector<std::string> signers = {};     ///< their names in the project file
  std::vector<std::string> publishers = {};  ///< the same
  std::set<std::string> allowed_env = {};    ///< names that ${env:NAME} may use
  std::function<std::optional<std::string>(std::string const&)> env = {};  ///< the environment, injected
  std::function<bool(std::string_view)> is_secret = {};  ///< of a variable's value: it must go nowhere
  std::istream* input = nullptr;                         ///< what "-" reads
};

/// Reads and checks all manifests. No link leads it out of the project or the given folders: what it reads is quoted in
/// findings, and those go into logs. Findings cover everything that is wrong in one run: YAML, types, unknown keys,
/// duplicates, profiles, cross-field rules (CPS101 …). Never throws for any input.
Loaded load(LoadOptions const& options, Files& files);

}  // namespace cpsctl::manifest

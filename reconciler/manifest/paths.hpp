#pragma once
#include "base/files.hpp"
#include "base/finding.hpp"
#include "manifest/load.hpp"

#include <string>
#include <vector>

namespace cpsctl::manifest {

/// The files behind the given paths, in the order of the paths and sorted inside folders; a file that two paths reach
/// comes once; "-" is the standard input. Findings: paths that are not there, cannot be read, or hold no manifest.
std::vector<std::string> find_files(LoadOptions const& options, Files& files, Findings& findings);

/// The folder of the project file (without one: the working directory), absolute.
std::string project_folder(std::string const& project_file);

/// The path as the state records it, the same from whatever folder a run was started: relative to the project's
/// folder, absolute when it lies outside.
std::string recorded(std::string const& path, std::string const& project_folder);

/// A path as it is compared and recorded: no "./", no trailing slash.
std::string normalised(std::string const& path);

}  // namespace cpsctl::manifest

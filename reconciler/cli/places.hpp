#pragma once
#include "base/files.hpp"
#include "cli/options.hpp"
#include "manifest/project.hpp"

#include <string>
#include <string_view>

/// Where this program's own files may lie. A repository is data: what it says about paths stays below the project.
namespace cpsctl::cli {

/// The operator's relative path is below the working folder, unless it says ".." itself: a link that the repository
/// brought must not lead what is written there elsewhere. Errors: usage, naming both places.
Result<> check_stays(std::string_view flag, std::string const& path);

/// The state's location: of --state, the sandbox's folder, the project file, or .cpsctl/state.json in the project's
/// folder. The last two are files and must lie below that folder, also when links are followed. Errors: manifest,
/// naming the place; usage, for a location of no known kind.
Result<std::string> state_place(GlobalOptions const& options, manifest::Project const& project);

/// A state in a file that git tracks comes from whoever may write to the repository, and so does its lock. Looks into
/// the index of the checkout around it. Errors: io when the state, its journal or its lock is in it, or nobody can
/// tell.
Result<> check_untracked(std::string const& state, Files& files);

}  // namespace cpsctl::cli

#pragma once
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace cpsctl::cli {

/// What an index of git says of some paths.
struct Indexed {
  std::string path = {};    ///< the first of the wanted paths that it has; empty: none
  std::string shared = {};  ///< of a split index: the name of the file next to it that has the rest
};

/// Reads gitformat-index(5), versions 2 to 4, of repositories with SHA-1 or SHA-256. Nothing: it cannot be read.
std::optional<Indexed> look_up(std::string_view index, std::set<std::string> const& wanted);

}  // namespace cpsctl::cli

#pragma once
#include "manifest/text_source.hpp"
#include "manifest/tree.hpp"

#include <vector>

namespace cpsctl::manifest {

constexpr int depth_limit = 64;
constexpr std::size_t alias_budget = 10'000;  ///< nodes that the aliases of one document may expand to

/// The documents of a chunk, empty ones left out; what is wrong with them is appended to `findings`. A document with a
/// syntax error is not returned. Never throws for any text.
std::vector<Tree> parse_yaml(Chunk const& chunk, Findings& findings);

}  // namespace cpsctl::manifest

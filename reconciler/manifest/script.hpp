#pragma once
#include "manifest/text_source.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// What JavaScript allows in an object, and YAML takes for something else: comments between // and the line's end, and
/// between /* and */.
namespace cpsctl::manifest {

struct ScriptComment {
  std::size_t begin = 0, end = 0;  ///< in the text
  int line = 0, column = 0;        ///< of its begin, from 0
};

/// Those inside braces and brackets, where YAML knows none; texts in quotes have none.
std::vector<ScriptComment> script_comments(std::string_view text);

/// The chunk with blanks in their place: everything else stays where it is.
Chunk without(std::vector<ScriptComment> const& comments, Chunk chunk);

}  // namespace cpsctl::manifest

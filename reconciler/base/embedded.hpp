#pragma once
#include <span>
#include <string_view>

namespace cpsctl {

/// A text file of the source tree that is compiled into the program.
struct EmbeddedFile {
  std::string_view name;  ///< file name without its extension, as in "enrollment.v11"
  std::string_view text;
};

}  // namespace cpsctl

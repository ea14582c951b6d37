#pragma once
#include "base/finding.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// The bytes of a manifest before any YAML is parsed: limits, encoding, and where documents begin.
namespace cpsctl::manifest {

constexpr std::size_t file_limit = std::size_t{64} << 20;     ///< bytes of one file
constexpr std::size_t document_limit = std::size_t{4} << 20;  ///< bytes of one document
constexpr std::size_t line_limit = std::size_t{1} << 20;      ///< yaml-cpp queues all tokens of a line: 270 bytes each

/// A part of a file that is parsed by itself, so that a mistake in it does not hide those in the others.
struct Chunk {
  std::string file = {};
  std::string text = {};
  int line_base = 0;                          ///< lines of the file before it
  std::vector<std::size_t> line_starts = {};  ///< offsets in `text`
  struct Shift {
    int line;    ///< in the chunk, from 0
    int column;  ///< in the chunk's text, from 0
    int bytes;   ///< what the file has more than the text, up to that column
  };
  std::vector<Shift> shifts = {};  ///< where `text` is shorter than the file (surrogate pairs of JSON)

  /// A place in the chunk's text (from 0) as a place in the file (from 1).
  Mark mark(int line, int column) const;
  std::size_t offset(int line, int column) const;  ///< clamped to the text
  std::string_view line_text(int line) const;      ///< without the line break
};

/// Checks `bytes` and cuts them at the lines that begin with "---"; one piece after the other goes to `use`, as long as
/// that says true. Bytes that no parser may see (not UTF-8, control characters, too large) go nowhere.
void each_chunk(std::string const& file, std::string_view bytes, Findings& findings,
                std::function<bool(Chunk const&)> const& use);

}  // namespace cpsctl::manifest

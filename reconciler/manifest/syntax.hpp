#pragma once
#include "manifest/text_source.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Looks at the raw text where yaml-cpp is too lenient, or says too little.
namespace cpsctl::manifest {

/// What is wrong with the quoted scalar at a place of the chunk (line and column from 0); nothing: all is well.
/// `indent` is the column of the block collection around it, -1 without one: later lines must be deeper.
struct QuoteProblem {
  Mark mark;
  std::string message;
  std::string hint;
};
std::optional<QuoteProblem> quote_problem(Chunk const& chunk, int line, int column, int indent);

/// A finding for a syntax error of yaml-cpp, in words for people.
Finding syntax_error(Chunk const& chunk, int line, int column, std::string_view message);

}  // namespace cpsctl::manifest

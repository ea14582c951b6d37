#pragma once
#include "base/result.hpp"

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cpsctl {

enum class Severity : std::uint8_t { error, warning };

/// One thing that is wrong with a file: where, which field, what, and what to write instead.
struct Finding {
  Mark mark;
  Severity severity = Severity::error;
  std::string path = {};  ///< field path as people write it: spec.enrollment.csr.sans[2]; empty for the whole document
  std::string message = {};  ///< what is wrong, one clause
  std::string hint = {};     ///< what to write instead; empty when the message says it all
  std::string rule = {};     ///< stable id such as CPS101; empty only for findings without a rule
  std::size_t count = 1;     ///< how many it speaks for: more than one where the others are left out
};

/// Sorts by file, line, column, then rule, and drops exact repetitions.
void sort_findings(std::vector<Finding>& findings);

bool has_errors(std::span<Finding const> findings);

/// How many there are, those included that are left out.
std::size_t counted(std::span<Finding const> findings, Severity severity);

/// Collects findings: of each file and severity the first `most`, of the others their number. A file of a million
/// mistakes is fixed by its first thousand, and the million would fill memory and every report.
class Findings {
 public:
  static constexpr std::size_t most = 1'000;

  void push_back(Finding finding);
  std::size_t size() const { return came_; }  ///< all that came
  std::vector<Finding> const& kept() const { return kept_; }

  /// Has the file as many errors as are kept? Reading on would only bring more of them.
  bool full(std::string_view file) const;
  /// The rest of the file is not read.
  void give_up(std::string_view file);

  /// Sorted; what was left out is the last finding of its file.
  std::vector<Finding> take();

 private:
  struct File {
    std::size_t errors = 0;
    std::size_t warnings = 0;
    bool given_up = false;
  };
  std::vector<Finding> kept_ = {};
  std::map<std::string, File, std::less<>> files_ = {};
  std::size_t came_ = 0;
};

}  // namespace cpsctl

#pragma once
#include <string>
#include <string_view>
#include <vector>

/// JUnit's XML, as GitLab, Jenkins and Azure read it.
namespace cpsctl::report::junit {

enum class Verdict : std::uint8_t { passed, skipped, failed, error };

struct Case {
  std::string name = {};
  Verdict verdict = Verdict::passed;
  std::string kind = {};     ///< of a failure, in a word: "blocked"
  std::string message = {};  ///< why it did not pass, one line
  std::string text = {};     ///< what there is to say, on lines
};

/// One suite, "cpsctl COMMAND". Names that repeat get a number: readers keep one case of a name.
std::string document(std::string_view command, std::vector<Case> const& cases);

/// Text for XML 1.0: UTF-8 without the characters that no XML may hold, in attributes and between tags.
std::string escaped(std::string_view text);

}  // namespace cpsctl::report::junit

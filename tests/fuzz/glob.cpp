#include "base/slow_glob.hpp"
#include "base/text.hpp"
#include "fuzz/fuzz.hpp"

#include <algorithm>

using namespace cpsctl;

/// A pattern, a line break, a path: whether they match is known at once (a run has ten seconds), and where the slow way
/// can be afforded, it says the same.
int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string_view const text = fuzz::text(bytes, size);
  std::string_view const pattern = text.substr(0, text.find('\n'));
  std::string_view const path = text.substr(std::min(text.size(), pattern.size() + 1));
  bool const fast = text::glob_matches(pattern, path);
  bool const affordable = std::ranges::count(pattern, '*') <= 4 && path.size() <= 40;
  if (affordable) fuzz::holds(fast == slow_glob(pattern, path), "the slow way says the same", text);
  fuzz::holds(text::glob_matches("**", path), "two stars match everything", path);
  bool const plain = pattern.find_first_of("*?") == std::string_view::npos;
  if (plain) fuzz::holds(fast == (pattern == path), "a pattern without stars matches itself", text);
  return 0;
}

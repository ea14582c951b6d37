#include "report/findings.hpp"

#include <algorithm>

namespace cpsctl::report {

std::optional<std::string_view> SourceLines::line(Mark const& mark) {
  if (mark.line <= 0 || !source_) return std::nullopt;
  auto const [found, added] = texts_.try_emplace(mark.file);
  Text& text = found->second;
  if (added) {
    text.bytes = source_(mark.file).value_or("");
    if (!text.bytes.empty()) text.starts.push_back(0);
    for (std::size_t at = text.bytes.find('\n'); at != std::string::npos; at = text.bytes.find('\n', at + 1))
      text.starts.push_back(at + 1);
  }
  auto const number = static_cast<std::size_t>(mark.line) - 1;
  if (number >= text.starts.size()) return std::nullopt;
  std::string_view line = std::string_view(text.bytes).substr(text.starts[number]);
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

int SourceLines::character(Mark const& mark) {
  auto const text = line(mark);
  if (!text) return mark.column;
  auto const before = std::min(static_cast<std::size_t>(std::max(mark.column, 1) - 1), text->size());
  return static_cast<int>(columns(text->substr(0, before))) + 1;
}

}  // namespace cpsctl::report

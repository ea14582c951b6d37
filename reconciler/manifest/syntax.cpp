#include "manifest/syntax.hpp"

#include "base/text.hpp"
#include "manifest/rules.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::manifest {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Past tags and anchors: where the scalar's own text begins.
std::size_t skip_properties(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (text[at] == '!' || text[at] == '&')
      while (at < text.size() && !is_space(text[at])) ++at;
    else if (text[at] == '#' && at > 0 && is_space(text[at - 1]))
      while (at < text.size() && text[at] != '\n') ++at;
    else if (is_space(text[at]))
      ++at;
    else
      return at;
  }
  return at;
}

/// Offset of the closing quote, npos without one.
std::size_t closing_quote(std::string_view text, std::size_t open) {
  char const quote = text[open];
  for (std::size_t i = open + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 >= text.size() || text[i + 1] != '\'') return i;
      ++i;  // '' is one quote
    }
  }
  return std::string_view::npos;
}

/// Is a line of text[begin, end) after the first no deeper than `indent`?
bool has_shallow_line(std::string_view text, std::size_t begin, std::size_t end, int indent) {
  for (auto at = text.find('\n', begin); at < end; at = text.find('\n', at + 1)) {
    std::size_t const start = text.find_first_not_of(' ', at + 1);
    if (start == std::string_view::npos || text[start] == '\n' || text[start] == '\r') continue;
    if (static_cast<int>(start - at - 1) <= indent) return true;
  }
  return false;
}

bool indented_with_tab(std::string_view line) {
  auto const first = line.find_first_not_of(" \t");
  return line.substr(0, std::min(first, line.size())).find('\t') != std::string_view::npos;
}

std::string_view word_at(std::string_view line, std::size_t column) {
  if (column >= line.size()) return {};
  std::string_view const rest = line.substr(column);
  return rest.substr(0, rest.find_first_of(" \t,]}"));
}

/// The next step for an error at a place, or nothing.
std::string hint_for(Chunk const& chunk, int line, int column, std::string_view message) {
  std::string_view const here = chunk.line_text(line);
  std::string_view const before = line > 0 ? chunk.line_text(line - 1) : std::string_view{};
  std::string_view const word = word_at(here, static_cast<std::size_t>(std::max(column, 0)));
  if (word.starts_with('*')) return fmt::format("quote names that begin with '*': \"{}\"", text::shortened(word, 60));
  if (message.find("unknown token") != std::string_view::npos && !word.empty())
    return fmt::format("a text cannot begin with '{}': quote it, \"{}\"", word.front(), text::shortened(word, 60));
  if (message.find("invalid unicode") != std::string_view::npos)
    return "write the character itself, or one escape such as \\U0001F600";
  if (message.find("illegal EOF") != std::string_view::npos) return "the text ends inside quotes: is it complete?";
  if (indented_with_tab(here) || indented_with_tab(before)) return "indent with spaces, not with tabs";
  if (message.find("illegal map value") != std::string_view::npos)
    return "quote a text that contains \": \", and align the keys of a map";
  if (message.find("end of map") != std::string_view::npos || message.find("end of sequence") != std::string_view::npos)
    return "align the keys of a map, and close every bracket and quote";
  return {};
}

std::string_view clear_text(std::string_view message) {
  if (message.find("anchor is not defined") != std::string_view::npos ||
      message.find("unknown anchor") != std::string_view::npos)
    return "'*' begins an alias, and there is no anchor of that name";
  if (message.find("unknown token") != std::string_view::npos) return "this character cannot begin a value";
  if (message == "bad file") return "is nested too deeply";
  return message;
}

}  // namespace

std::optional<QuoteProblem> quote_problem(Chunk const& chunk, int line, int column, int indent) {
  std::string_view const text = chunk.text;
  std::size_t const open = skip_properties(text, chunk.offset(line, column));
  if (open >= text.size() || (text[open] != '"' && text[open] != '\'')) return std::nullopt;  // a block scalar
  std::size_t const close = closing_quote(text, open);
  std::string const what = text[open] == '"' ? "double" : "single";
  if (close == std::string_view::npos)
    return QuoteProblem{chunk.mark(line, column), fmt::format("the {} quote that opens here is never closed", what),
                        "close it on the same line"};
  if (has_shallow_line(text, open, close, indent))
    return QuoteProblem{chunk.mark(line, column),
                        fmt::format("the {} quote that opens here runs over the keys below it", what),
                        "close it on the same line, or indent its other lines deeper"};
  return std::nullopt;
}

Finding syntax_error(Chunk const& chunk, int line, int column, std::string_view message) {
  int const last = static_cast<int>(chunk.line_starts.size()) - 1;
  int const row = std::clamp(line, 0, last);
  int const end = static_cast<int>(chunk.line_text(last).size());
  return {.mark = chunk.mark(row, line == row ? column : end),
          .message = fmt::format("not valid YAML: {}", clear_text(message)),
          .hint = hint_for(chunk, row, column, message),
          .rule = rule::syntax};
}

}  // namespace cpsctl::manifest

#include "manifest/text_source.hpp"

#include "base/text.hpp"
#include "manifest/rules.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace cpsctl::manifest {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// The place of a byte, for texts that are not cut into chunks.
Mark place(std::string const& file, std::string_view bytes, std::size_t offset) {
  std::string_view const before = bytes.substr(0, offset);
  auto const line = std::ranges::count(before, '\n');
  auto const start = before.rfind('\n');
  auto const column = start == std::string_view::npos ? offset : offset - start - 1;
  return {.file = file, .line = static_cast<int>(line) + 1, .column = static_cast<int>(column) + 1};
}

Finding refused(Mark mark, std::string message, std::string hint) {
  return {.mark = std::move(mark), .message = std::move(message), .hint = std::move(hint), .rule = rule::bytes};
}

/// First byte that YAML does not allow: C0 controls but tab and line ends, DEL, a carriage return alone.
std::optional<std::size_t> forbidden_byte(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto const byte = static_cast<unsigned char>(bytes[i]);
    if (byte == '\r' && (i + 1 == bytes.size() || bytes[i + 1] != '\n')) return i;
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f) return i;
  }
  return std::nullopt;
}

/// The number of a line beyond the limit.
std::optional<int> long_line(std::string_view bytes) {
  for (int line = 1;; ++line) {
    auto const end = bytes.find('\n');
    if (std::min(end, bytes.size()) > line_limit) return line;
    if (end == std::string_view::npos) return std::nullopt;
    bytes.remove_prefix(end + 1);
  }
}

std::string_view hint_for(unsigned char byte) {
  if (byte == 0) return "save the file as UTF-8 text";
  if (byte == '\r') return "end lines with LF or CRLF";
  return "remove it, or write it as an escape in double quotes";
}

/// Is there anything that keeps the bytes from a parser?
std::optional<Finding> problem_of(std::string const& file, std::string_view bytes) {
  if (bytes.size() > file_limit)
    return refused({.file = file, .line = 0, .column = 0}, fmt::format("is larger than {} MB", file_limit >> 20),
                   "split it into several files");
  if (text::looks_like_utf16(bytes))
    return refused({.file = file}, "is not UTF-8: it looks like UTF-16 or binary data", "save it as UTF-8");
  if (auto const bad = text::invalid_utf8(bytes))
    return refused(place(file, bytes, *bad),
                   fmt::format("byte 0x{:02x} is not UTF-8", static_cast<unsigned char>(bytes[*bad])),
                   "save the file as UTF-8");
  if (auto const at = text::merge_conflict(bytes))
    return refused(place(file, bytes, *at), "a merge conflict of git begins here",
                   "resolve it: keep one side, and remove the lines <<<<<<<, ======= and >>>>>>>");
  if (auto const bad = forbidden_byte(bytes)) {
    auto const byte = static_cast<unsigned char>(bytes[*bad]);
    return refused(place(file, bytes, *bad), fmt::format("control character 0x{:02x} is not allowed", byte),
                   std::string(hint_for(byte)));
  }
  if (auto const line = long_line(bytes))
    return refused({.file = file, .line = *line}, fmt::format("this line is longer than {} MB", line_limit >> 20),
                   "break it");
  return std::nullopt;
}

bool is_document_start(std::string_view line) {
  if (!line.starts_with("---")) return false;
  return line.size() == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r' || line[3] == '\n';
}

/// Where the document that the text begins with ends: before the next "---", or with the text.
std::size_t document_end(std::string_view text) {
  for (auto at = text.find("\n---"); at != std::string_view::npos; at = text.find("\n---", at + 1))
    if (is_document_start(text.substr(at + 1, 4))) return at + 1;
  return text.size();
}

std::vector<std::size_t> starts_of_lines(std::string_view text) {
  std::vector<std::size_t> starts{0};
  for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) starts.push_back(at + 1);
  return starts;
}

std::optional<std::uint32_t> escape_at(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) != "\\u" || at + 6 > text.size()) return std::nullopt;
  std::uint32_t unit = 0;
  for (char const c : text.substr(at + 2, 4)) {
    auto const digit = std::string_view("0123456789abcdef").find(text::lower({&c, 1}));
    if (digit == std::string_view::npos) return std::nullopt;
    unit = unit * 16 + static_cast<std::uint32_t>(digit);
  }
  return unit;
}

/// JSON writes characters beyond U+FFFF as two escapes, which YAML does not know: they become one \U escape.
/// All strings of JSON are double-quoted, so an escape is always an escape.
void join_surrogates(Chunk& chunk) {
  std::string joined;
  int line = 0;
  std::size_t line_start = 0;
  std::string_view const text = chunk.text;
  for (std::size_t i = 0; i < text.size();) {
    auto const high = escape_at(text, i);
    auto const low = high && *high >= 0xD800 && *high < 0xDC00 ? escape_at(text, i + 6) : std::nullopt;
    if (low && *low >= 0xDC00 && *low < 0xE000) {
      joined += fmt::format("\\U{:08X}", 0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00));
      chunk.shifts.push_back({.line = line, .column = static_cast<int>(joined.size() - line_start), .bytes = 2});
      i += 12;
      continue;
    }
    std::size_t const length = text[i] == '\\' && i + 1 < text.size() && text[i + 1] != '\n' ? 2 : 1;
    joined += text.substr(i, length);
    if (text[i] == '\n') {
      ++line;
      line_start = joined.size();
    }
    i += length;
  }
  chunk.text = std::move(joined);
}

Chunk chunk_of(std::string const& file, std::string_view text, int line_base) {
  Chunk chunk{.file = file, .text = std::string(text), .line_base = line_base};
  if (file.ends_with(".json")) join_surrogates(chunk);
  chunk.line_starts = starts_of_lines(chunk.text);
  return chunk;
}

}  // namespace

Mark Chunk::mark(int line, int column) const {
  int const at = std::max(column, 0);
  int more = 0;
  for (Shift const& shift : shifts)
    if (shift.line == line && shift.column <= at) more += shift.bytes;
  return {.file = file, .line = line_base + std::max(line, 0) + 1, .column = at + more + 1};
}

std::size_t Chunk::offset(int line, int column) const {
  auto const row = static_cast<std::size_t>(std::max(line, 0));
  if (row >= line_starts.size()) return text.size();
  return std::min(line_starts[row] + static_cast<std::size_t>(std::max(column, 0)), text.size());
}

std::string_view Chunk::line_text(int line) const {
  std::string_view rest = std::string_view(text).substr(offset(line, 0));
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

void each_chunk(std::string const& file, std::string_view bytes, Findings& findings,
                std::function<bool(Chunk const&)> const& use) {
  if (auto problem = problem_of(file, bytes)) return findings.push_back(std::move(*problem));
  if (bytes.starts_with(byte_order_mark)) bytes.remove_prefix(byte_order_mark.size());
  // A directive comes before the "---" of its document: such files are rare and stay in one piece.
  bool const whole = bytes.starts_with('%') || bytes.find("\n%") != std::string_view::npos;
  int line = 0;
  while (!bytes.empty()) {
    std::string_view const text = bytes.substr(0, whole ? bytes.size() : document_end(bytes));
    bytes.remove_prefix(text.size());
    int const first_line = line;
    line += static_cast<int>(std::ranges::count(text, '\n'));
    if (text.size() > document_limit)
      findings.push_back(refused({.file = file, .line = first_line + 1},
                                 fmt::format("this document is larger than {} MB", document_limit >> 20),
                                 "a manifest describes one enrollment: split it at \"---\""));
    else if (!use(chunk_of(file, text, first_line)))
      return;
  }
}

}  // namespace cpsctl::manifest

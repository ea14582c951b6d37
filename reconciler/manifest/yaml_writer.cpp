#include "manifest/yaml_writer.hpp"

#include "base/text.hpp"
#include "manifest/scalars.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace cpsctl::manifest {
namespace {

constexpr std::string_view digits = "0123456789";

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool beyond_ascii(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

/// Words and numbers that some YAML reader, 1.1 or 1.2, takes for something else than a text.
bool is_ambiguous(std::string_view text) {
  constexpr std::array<std::string_view, 8> words{"y", "n", "yes", "no", "on", "off", "true", "false"};
  if (core_type(text) != "str" || std::ranges::find(words, text::lower(text)) != words.end()) return true;
  std::string_view const rest = text.substr(text.starts_with('+') ? 1 : 0);
  if (rest.starts_with("0x") || rest.starts_with("0o") || rest.starts_with("0b")) return true;
  if (rest.find_first_not_of("0123456789_.,:eE") == std::string_view::npos) return true;  // 1_000, 12:30:45
  bool const year = text.find_first_not_of(digits) == 4 && text[4] == '-';
  return year && text.size() > 5 && digits.find(text[5]) != std::string_view::npos;  // 2026-12-01
}

bool is_plain(std::string_view text) {
  constexpr std::string_view inside = " _-./@+,()&'=:;$^*!?";
  if (text.empty() || !(is_alnum(text.front()) || beyond_ascii(text.front()) || text.front() == '+')) return false;
  if (text.back() == ' ' || text.back() == ':' || text.find(": ") != std::string_view::npos) return false;
  bool const harmless = std::ranges::all_of(
      text, [&](char c) { return is_alnum(c) || beyond_ascii(c) || inside.find(c) != std::string_view::npos; });
  return harmless && !is_ambiguous(text);
}

/// One character of UTF-8: its bytes and its code point. Bytes that are not UTF-8 stand for themselves.
struct Character {
  std::size_t size = 1;
  char32_t point = 0;
};

Character character_at(std::string_view text, std::size_t at) {
  auto const byte = [&](std::size_t i) { return char32_t{static_cast<unsigned char>(text[at + i])}; };
  std::size_t const size = byte(0) < 0x80 ? 1 : byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : 4;
  if (size == 1 || at + size > text.size()) return {.size = 1, .point = byte(0)};
  char32_t point = byte(0) & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) point = (point << 6U) | (byte(i) & 0x3FU);
  return {.size = size, .point = point};
}

/// Must a reviewer not overlook it? YAML forbids some of them, too.
bool has_hidden(std::string_view text) {
  return text::printable(text) != text;
}

std::string escape(char32_t point) {
  if (point == '\n') return "\\n";
  if (point == '\t') return "\\t";
  if (point == '\r') return "\\r";
  auto const number = static_cast<std::uint32_t>(point);
  if (number < 0x100) return fmt::format("\\x{:02x}", number);
  return number < 0x10000 ? fmt::format("\\u{:04x}", number) : fmt::format("\\U{:08x}", number);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    Character const one = character_at(text, i);
    if (one.point == '"' || one.point == '\\') out += '\\';
    if (has_hidden(text.substr(i, one.size)))
      out += escape(one.point);
    else
      out += text.substr(i, one.size);
    i += one.size;
  }
  return out += '"';
}

class Writer {
 public:
  std::string take() { return std::move(out_); }

  /// A map or a list with something in it; `here`: its first line has begun already.
  void block(json::Value const& value, std::size_t indent, bool here) {
    auto const begin_line = [&] {
      if (!here) out_.append(indent, ' ');
      here = false;
    };
    if (value.IsArray()) {
      for (json::Value const& element : value.GetArray()) {
        begin_line();
        out_ += '-';
        item(element, indent);
      }
      return;
    }
    for (auto const& member : value.GetObject()) {
      begin_line();
      out_ += yaml_scalar(json::view(member.name));
      out_ += ':';
      if (!is_block(member.value)) {
        line(member.value);
        continue;
      }
      out_ += '\n';
      block(member.value, indent + 2, false);
    }
  }

  void line(json::Value const& value) {
    if (!out_.empty()) out_ += ' ';
    out_ += value.IsString() ? yaml_scalar(json::view(value)) : json::compact(value);
    out_ += '\n';
  }

  static bool is_block(json::Value const& value) {
    return (value.IsObject() && !value.ObjectEmpty()) || (value.IsArray() && !value.Empty());
  }

 private:
  /// What follows the dash.
  void item(json::Value const& value, std::size_t indent) {
    if (!is_block(value)) return line(value);
    out_ += ' ';
    block(value, indent + 2, true);
  }

  std::string out_;
};

}  // namespace

std::string yaml_scalar(std::string_view text) {
  return is_plain(text) && !has_hidden(text) ? std::string(text) : quoted(text);
}

std::string yaml_text(json::Value const& value) {
  Writer writer;
  if (Writer::is_block(value))
    writer.block(value, 0, false);
  else
    writer.line(value);
  return writer.take();
}

}  // namespace cpsctl::manifest

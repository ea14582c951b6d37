#include "sandbox/exchange.hpp"

#include "base/text.hpp"

#include <fmt/chrono.h>

namespace cpsctl::sandbox {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class Plus : bool { literal, space };

std::optional<std::string> decoded(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      int const high = hex_digit(text[i + 1]);
      int const low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i] == '+' && plus == Plus::space ? ' ' : text[i];
    }
  }
  return out;
}

bool parse_query(std::string_view text, Target& target) {
  for (std::string_view const pair : text::split(text, '&')) {
    if (pair.empty()) continue;
    auto const equals = pair.find('=');
    auto name = decoded(pair.substr(0, equals), Plus::space);
    auto value = decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1), Plus::space);
    if (!name || !value) return false;
    target.query.emplace_back(std::move(*name), std::move(*value));
  }
  return true;
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  std::string const wanted = text::lower(name);
  for (Header const& header : headers)
    if (text::lower(header.name) == wanted) return text::trimmed(header.value);
  return {};
}

std::optional<std::string> Target::parameter(std::string_view name) const {
  for (auto const& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

std::string http_date(WallTime time) {
  auto const seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(seconds));
}

std::optional<Target> parse_target(std::string_view target) {
  if (target.empty() || target.front() != '/') return std::nullopt;
  Target parsed;
  auto const question = target.find('?');
  for (std::string_view const segment :
       text::split(target.substr(1, question == std::string_view::npos ? std::string_view::npos : question - 1), '/')) {
    auto plain = decoded(segment, Plus::literal);
    if (!plain) return std::nullopt;
    parsed.path.push_back(std::move(*plain));
  }
  if (question != std::string_view::npos && !parse_query(target.substr(question + 1), parsed)) return std::nullopt;
  return parsed;
}

std::optional<std::int64_t> parse_id(std::string_view text) {
  auto const value = text::number<std::int64_t>(text);
  return value && *value > 0 ? value : std::nullopt;
}

}  // namespace cpsctl::sandbox

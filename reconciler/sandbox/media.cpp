#include "sandbox/media.hpp"

#include "base/text.hpp"
#include "sandbox/exchange.hpp"

#include <fmt/format.h>

namespace cpsctl::sandbox {
namespace {

struct MediaRange {
  std::string type;
  std::string charset;
};

MediaRange parse_range(std::string_view text) {
  MediaRange range;
  bool first = true;
  for (std::string_view const part : text::split(text, ';')) {
    std::string const word = text::lower(text::trimmed(part));
    if (first) range.type = word;
    if (!first && word.starts_with("charset=")) range.charset = word.substr(8);
    first = false;
  }
  std::erase(range.charset, '"');
  return range;
}

/// Our entity's version, if the type names one that we speak.
std::optional<int> exact_version(std::string_view type, Entity const& entity) {
  std::string const prefix = fmt::format("application/vnd.akamai.cps.{}.v", entity.name);
  constexpr std::string_view suffix = "+json";
  if (!type.starts_with(prefix) || !type.ends_with(suffix) || type.size() < prefix.size() + suffix.size())
    return std::nullopt;
  auto const version = parse_id(type.substr(prefix.size(), type.size() - prefix.size() - suffix.size()));
  if (!version) return std::nullopt;
  bool const spoken = (*version >= entity.lowest && *version <= entity.highest) || *version == entity.besides;
  if (!spoken) return std::nullopt;
  return static_cast<int>(*version);
}

bool is_wildcard(std::string_view type) {
  return type.empty() || type == "*/*" || type == "application/*" || type == "application/json";
}

}  // namespace

std::string media_type(std::string_view entity, int version) {
  return fmt::format("application/vnd.akamai.cps.{}.v{}+json", entity, version);
}

std::optional<int> accepted_version(std::string_view accept, Entity const& entity, Policy policy) {
  bool wildcard = false;
  for (std::string_view const item : text::split(accept, ',')) {
    MediaRange const range = parse_range(item);
    if (auto const version = exact_version(range.type, entity)) return version;
    wildcard = wildcard || is_wildcard(range.type);
  }
  if (wildcard && policy == Policy::lenient) return entity.preferred;
  return std::nullopt;
}

std::optional<int> content_version(std::string_view content_type, Entity const& entity, Policy policy) {
  MediaRange const range = parse_range(content_type);
  if (!range.charset.empty() && range.charset != "utf-8") return std::nullopt;
  if (auto const version = exact_version(range.type, entity)) return version;
  if (range.type == "application/json" && policy == Policy::lenient) return entity.preferred;
  return std::nullopt;
}

}  // namespace cpsctl::sandbox

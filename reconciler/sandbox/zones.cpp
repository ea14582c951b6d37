#include "sandbox/zones.hpp"

#include "base/text.hpp"

namespace cpsctl::sandbox {
namespace {

constexpr std::size_t longest_piece = 255;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// One character, escaped or not, at the text's front: it is taken away. Nothing: the escape is none.
std::optional<char> take_character(std::string_view& text) {
  char const first = text.front();
  text.remove_prefix(1);
  if (first != '\\') return first;
  if (text.empty()) return std::nullopt;
  if (!is_digit(text.front())) {
    char const escaped = text.front();
    text.remove_prefix(1);
    return escaped;
  }
  auto const code = text.size() < 3 ? std::nullopt : text::number<int>(text.substr(0, 3));
  if (!code || *code > 255) return std::nullopt;
  text.remove_prefix(3);
  return static_cast<char>(*code);
}

/// A piece up to its closing quote, which is taken away too.
std::optional<std::string> take_piece(std::string_view& text) {
  std::string piece;
  while (!text.empty() && text.front() != '"') {
    auto const c = take_character(text);
    if (!c) return std::nullopt;
    piece += *c;
  }
  if (text.empty() || piece.size() > longest_piece) return std::nullopt;
  text.remove_prefix(1);
  return piece;
}

}  // namespace

RecordSet const* find_set(Zone const& zone, std::string const& name, std::string const& type) {
  auto const found = zone.sets.find({name, type});
  return found == zone.sets.end() ? nullptr : &found->second;
}

void carry_out(Zones& zones, ZoneWrite write) {
  Zone& zone = zones[write.zone];
  zone.version = write.version;
  zone.modified = write.modified;
  zone.list = std::move(write.list);
  for (RecordSet const& set : write.dropped) zone.sets.erase({set.name, set.type});
  for (RecordSet& set : write.put) {
    std::pair const key(set.name, set.type);
    zone.sets.insert_or_assign(key, std::move(set));
  }
}

ZoneWrite whole(std::string const& name, Zone const& zone) {
  ZoneWrite write{.zone = name, .version = zone.version, .modified = zone.modified, .list = zone.list};
  for (auto const& [key, set] : zone.sets) write.put.push_back(set);
  return write;
}

bool lies_in(std::string_view name, std::string_view zone) {
  if (name == zone) return true;
  return name.size() > zone.size() && name.ends_with(zone) && name[name.size() - zone.size() - 1] == '.';
}

std::optional<std::string> txt_bytes(std::string_view rdata) {
  std::string_view rest = text::trimmed(rdata);
  if (rest.empty()) return std::nullopt;
  std::string bytes;
  if (!rest.starts_with('"')) {
    if (rest.find_first_of(" \t\"") != std::string_view::npos) return std::nullopt;
    while (!rest.empty()) {
      auto const c = take_character(rest);
      if (!c) return std::nullopt;
      bytes += *c;
    }
    return bytes.size() > longest_piece ? std::nullopt : std::optional(std::move(bytes));
  }
  while (!rest.empty()) {
    if (rest.front() != '"') return std::nullopt;
    rest.remove_prefix(1);
    auto const piece = take_piece(rest);
    if (!piece) return std::nullopt;
    bytes += *piece;
    rest = text::trimmed(rest);
  }
  return bytes;
}

TxtAnswer txt_at(Zone const& zone, std::string const& name) {
  TxtAnswer answer;
  if (RecordSet const* const set = find_set(zone, name, "TXT"))
    for (std::string const& rdata : set->rdata)
      if (auto value = txt_bytes(rdata)) answer.values.push_back(std::move(*value));
  RecordSet const* const cname = find_set(zone, name, "CNAME");
  if (cname != nullptr && !cname->rdata.empty()) answer.alias = text::lower(cname->rdata.front());
  if (answer.alias.ends_with('.')) answer.alias.pop_back();
  return answer;
}

}  // namespace cpsctl::sandbox

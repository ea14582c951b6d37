#include "report/state.hpp"

#include "base/fields.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"
#include "report/paint.hpp"

#include <algorithm>
#include <span>

namespace cpsctl::report {

void state_text(Entries const& entries, std::vector<state::Record> const& open_intents, Style style,
                std::ostream& out) {
  std::size_t name = 4;
  std::size_t contract = 8;
  for (auto const& [key, entry] : entries) {
    name = std::max(name, std::min<std::size_t>(columns(key), 48));
    contract = std::max(contract, columns(entry.contract));
  }
  if (!entries.empty())
    screen::line(out, "{}",
                 paint(fmt::format("{}  {:<10}  {}  {:<20}  {}", padded("NAME", name), "ID",
                                   padded("CONTRACT", contract), "WRITTEN", "COMMON NAME"),
                       Ink::strong, style));
  for (auto const& [key, entry] : entries)
    screen::line(out, "{}  {:<10}  {}  {:<20}  {}", padded(key, name), entry.id, padded(entry.contract, contract),
                 entry.written.substr(0, 19) + "Z", text::printable(entry.common_name));
  for (state::Record const& intent : open_intents)
    screen::line(out, "{} {}: in doubt: {} sent at {}{}; cpsctl plan says what became of it",
                 paint("?", Ink::warn, style), intent.name, fields::word(intent.step), intent.at,
                 intent.reason.empty() ? "" : ", refused for now");
  screen::line(out, "{}", text::counted(entries.size(), "enrollment"));
}

json::Document state_document(std::string const& realm, std::string const& host, std::int64_t serial,
                              Entries const& entries, std::vector<state::Record> const& open_intents) {
  json::Document document(rapidjson::kObjectType);
  auto& pool = document.GetAllocator();
  json::Value list(rapidjson::kArrayType);
  for (auto const& [name, entry] : entries) list.PushBack(fields::to_json(entry, pool), pool);
  json::set(document, "format_version", json::string("1.0", pool), pool);
  json::set(document, "realm", json::string(realm, pool), pool);
  json::set(document, "host", json::string(host, pool), pool);
  json::set(document, "serial", json::Value(serial), pool);
  json::set(document, "enrollments", std::move(list), pool);
  json::set(document, "openIntents", fields::to_json(open_intents, pool), pool);
  return document;
}

void entry_text(state::Entry const& entry, std::ostream& out) {
  json::Document document;
  json::Value const value = fields::to_json(entry, document.GetAllocator());
  for (auto const& member : value.GetObject()) {
    std::string const name(json::view(member.name));
    if (member.value.IsString()) {
      screen::line(out, "{} {}", padded(name, 13), json::view(member.value));
      continue;
    }
    std::string const whole = json::pretty(member.value);
    auto const lines = text::split(whole, '\n');
    screen::line(out, "{} {}", padded(name, 13), lines.front());
    for (std::string_view const line : std::span(lines).subspan(1)) screen::line(out, "{}", line);
  }
}

}  // namespace cpsctl::report

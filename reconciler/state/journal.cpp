#include "state/journal.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"

#include <optional>

#include <boost/crc.hpp>
#include <fmt/format.h>

namespace cpsctl::state {
namespace {

struct Head {
  std::int64_t format_version = state::format_version;
  std::string realm = {};
};
BOOST_DESCRIBE_STRUCT(Head, (), (format_version, realm))

constexpr std::size_t checksum_size = 8;

std::string checksum(std::string_view text) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;  // CRC-32C
  crc.process_bytes(text.data(), text.size());
  return fmt::format("{:08x}", crc.checksum());
}

template <class T>
std::string line_of(T const& value) {
  json::Document document;
  std::string const text = json::compact(fields::to_json(value, document.GetAllocator()));
  return fmt::format("{} {}\n", checksum(text), text);
}

/// The line's JSON text if the checksum fits.
std::optional<std::string_view> payload(std::string_view line) {
  if (line.size() < checksum_size + 1 || line[checksum_size] != ' ') return std::nullopt;
  std::string_view const text = line.substr(checksum_size + 1);
  if (checksum(text) != line.substr(0, checksum_size)) return std::nullopt;
  return text;
}

template <class T>
std::optional<T> read_line(std::string_view line) {
  auto const text = payload(line);
  if (!text) return std::nullopt;
  auto const document = json::parse(*text, "a journal line");
  T value{};
  if (!document || !fields::from_json(*document, value)) return std::nullopt;
  return value;
}

Error damaged(std::string_view what, std::size_t line, std::string_view problem) {
  return Error{.code = Errc::io,
               .message = fmt::format("{} is damaged: line {} {}", what, line, problem),
               .next = fmt::format("keep a copy of {} and move it away: cpsctl finds again what exists at CPS, but a "
                                   "write whose answer never came must then be looked for by hand",
                                   what),
               .at = Mark{.file = std::string(what), .line = static_cast<int>(line)}};
}

}  // namespace

std::string journal_head(std::string const& realm) {
  return line_of(Head{.realm = realm});
}

std::string journal_line(Record const& record) {
  return line_of(record);
}

Result<JournalText> parse_journal(std::string_view text, std::string_view what) {
  JournalText journal;
  std::size_t number = 0;
  std::size_t first_bad = 0;
  for (std::size_t at = 0; at < text.size();) {
    ++number;
    auto const end = text.find('\n', at);
    bool const whole = end != std::string_view::npos;
    std::string_view const line = text.substr(at, whole ? end - at : std::string_view::npos);
    at = whole ? end + 1 : text.size();
    bool good = false;
    if (number == 1) {
      auto const head = whole ? read_line<Head>(line) : std::nullopt;
      good = head.has_value();
      if (good && head->format_version > format_version)
        return Error{.code = Errc::io,
                     .message = fmt::format("{} was written by a newer cpsctl (format {})", what, head->format_version),
                     .next = "use that version"};
      if (good) journal.realm = head->realm;
    } else {
      auto record = whole ? read_line<Record>(line) : std::nullopt;
      good = record.has_value() && first_bad == 0;
      if (record && first_bad != 0) return damaged(what, first_bad, "does not match its checksum");
      if (good) journal.records.push_back(std::move(*record));
    }
    if (good)
      journal.valid_bytes = at;
    else if (first_bad == 0)
      first_bad = number;
  }
  if (first_bad != 0) journal.dropped_lines = number - first_bad + 1;
  return journal;
}

}  // namespace cpsctl::state

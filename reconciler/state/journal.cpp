#include "state/journal.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"

#include <array>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace cpsctl::state {
namespace {

constexpr std::size_t checksum_size = 8;

/// [k][b]: the CRC-32C of byte b with k zero bytes behind it.
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  constexpr std::uint32_t reflected_polynomial = 0x82F63B78;
  Tables made{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? reflected_polynomial : 0);
    made[0][byte] = crc;
  }
  for (std::size_t k = 1; k < made.size(); ++k)
    for (std::size_t byte = 0; byte < 256; ++byte)
      made[k][byte] = (made[k - 1][byte] >> 8) ^ made[0][made[k - 1][byte] & 0xFF];
  return made;
}

constexpr Tables tables = make_tables();

/// CRC-32C, eight bytes a step: byte by byte it took a sixth of the journal's thread.
constexpr std::uint32_t crc32c(std::string_view text) {
  auto const byte = [&text](std::size_t i) -> std::uint32_t { return static_cast<unsigned char>(text[i]); };
  std::uint32_t crc = 0xFFFFFFFF;
  for (; text.size() >= 8; text.remove_prefix(8)) {
    crc ^= byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
    crc = tables[7][crc & 0xFF] ^ tables[6][crc >> 8 & 0xFF] ^ tables[5][crc >> 16 & 0xFF] ^ tables[4][crc >> 24] ^
          tables[3][byte(4)] ^ tables[2][byte(5)] ^ tables[1][byte(6)] ^ tables[0][byte(7)];
  }
  for (std::size_t i = 0; i < text.size(); ++i) crc = (crc >> 8) ^ tables[0][(crc ^ byte(i)) & 0xFF];
  return ~crc;
}
static_assert(crc32c("123456789") == 0xE3069283);

std::string checksum(std::string_view text) {
  return fmt::format("{:08x}", crc32c(text));
}

template <class T>
std::string line_of(T const& value) {
  std::string const text = fields::to_text(value);
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
std::optional<T> read_as(std::string_view text) {
  auto const document = json::parse(text, "a journal line");
  T value{};
  if (!document || !fields::from_json(*document, value)) return std::nullopt;
  return value;
}

/// What a write that was cut off leaves: no end, or blocks that never came and read as zeros.
bool torn(std::string_view line, bool whole) {
  return !whole || line.find('\0') != std::string_view::npos;
}

}  // namespace

std::string journal_head(JournalHead const& head) {
  return line_of(head);
}

std::string journal_line(Record const& record) {
  return line_of(record);
}

Error damaged_journal(std::string_view what, std::size_t line, std::string_view problem) {
  std::string const keep = line == 1 ? fmt::format("mv {0} {0}.broken", what)
                                     : fmt::format("cp {0} {0}.broken && head -n {1} {0}.broken > {0}", what, line - 1);
  return Error{.code = Errc::io,
               .message = fmt::format("{} is damaged: line {} {}", what, line, problem),
               .next = fmt::format("{}, then cpsctl state rebuild, with the PATHs of your manifests: it finds what "
                                   "exists at CPS; a write {} whose "
                                   "answer never came must be looked for by hand",
                                   keep, line == 1 ? "in it" : "behind that line"),
               .at = Mark{.file = std::string(what), .line = static_cast<int>(line)}};
}

Result<JournalText> parse_journal(std::string_view text, std::string_view what) {
  JournalText journal;
  std::size_t number = 0;
  std::size_t first_torn = 0;
  for (std::size_t at = 0; at < text.size();) {
    ++number;
    auto const end = text.find('\n', at);
    bool const whole = end != std::string_view::npos;
    std::string_view const line = text.substr(at, whole ? end - at : std::string_view::npos);
    at = whole ? end + 1 : text.size();
    auto const content = whole ? payload(line) : std::nullopt;
    if (number == 1) {
      auto head = content ? read_as<JournalHead>(*content) : std::nullopt;
      if (!head || head->realm.empty()) return damaged_journal(what, number, "is not a journal's head");
      if (!is_counter(head->serial) || !is_counter(head->sequence))
        return damaged_journal(what, number, "has a serial or sequence that was not counted by cpsctl");
      if (head->format_version > newest_format)
        return Error{.code = Errc::io,
                     .message = fmt::format("{} was written by a newer cpsctl (format {})", what, head->format_version),
                     .next = "use that version"};
      journal.head = std::move(*head);
      journal.valid_bytes = at;
    } else if (content) {
      if (first_torn != 0) return damaged_journal(what, first_torn, "does not match its checksum");
      auto record = read_as<Record>(*content);
      if (!record || record->sequence == 0 || !is_counter(record->sequence))
        return damaged_journal(what, number, "holds no record that this cpsctl knows");
      journal.records.push_back(std::move(*record));
      journal.valid_bytes = at;
    } else {
      if (!torn(line, whole))
        return damaged_journal(what, number,
                               line.starts_with("<<<<<<< ") && text::merge_conflict(text)
                                   ? "begins a merge conflict of git"
                                   : "does not match its checksum");
      if (first_torn == 0) first_torn = number;
    }
  }
  if (first_torn != 0) journal.torn_lines = number - first_torn + 1;
  return journal;
}

}  // namespace cpsctl::state

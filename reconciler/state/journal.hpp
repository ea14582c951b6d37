#pragma once
#include "base/result.hpp"
#include "state/types.hpp"

#include <string>
#include <string_view>
#include <vector>

/// The journal's text: a head line that names the format, then one record a line, each with a checksum.
namespace cpsctl::state {

std::string journal_head(JournalHead const& head);
std::string journal_line(Record const& record);

struct JournalText {
  JournalHead head = {};
  std::vector<Record> records = {};
  std::size_t valid_bytes = 0;  ///< what follows is a tail that a crash cut short
  std::size_t torn_lines = 0;   ///< in that tail
};

/// A crash can leave, at the very end only, a line without its end or with blocks of zeros: such a tail was most
/// likely never synced, so nothing was promised on it, but as nobody can be sure of that the store keeps its bytes.
/// Everything else is damage to what was promised, and an error: the head (always written as a whole), a whole line
/// that misses its checksum or its meaning, and a line with good ones behind it. `what` names the file. Errors: io.
Result<JournalText> parse_journal(std::string_view text, std::string_view what);

/// Names the line and the commands that keep the file and go on with what is before that line.
Error damaged_journal(std::string_view what, std::size_t line, std::string_view problem);

}  // namespace cpsctl::state

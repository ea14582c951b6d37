#pragma once
#include "base/result.hpp"
#include "state/types.hpp"

#include <string>
#include <string_view>
#include <vector>

/// The journal's text: a head line that names the format, then one record a line, each with a checksum.
namespace cpsctl::state {

inline constexpr std::int64_t format_version = 1;

std::string journal_head(std::string const& realm);
std::string journal_line(Record const& record);

struct JournalText {
  std::string realm = {};
  std::vector<Record> records = {};
  std::size_t valid_bytes = 0;  ///< what follows is a tail that a crash cut short
  std::size_t dropped_lines = 0;
};

/// Damaged lines at the very end are what a crash leaves and are dropped; a damaged line with good ones behind it is
/// an error. `what` names the file. Errors: io.
Result<JournalText> parse_journal(std::string_view text, std::string_view what);

}  // namespace cpsctl::state

#include "state/journal.hpp"

#include "fuzz/fuzz.hpp"
#include "state/failing_files.hpp"
#include "state/open.hpp"

#include <algorithm>

#include <boost/crc.hpp>
#include <fmt/format.h>

using namespace cpsctl;

/// Any bytes as the journal: what is read in spite of a crash loses no intent, neither now nor by the next snapshot.
namespace {

/// Gives each line the checksum that it needs to be believed: chance does not find one.
std::string sealed(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    std::string_view const line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;  // CRC-32C
    crc.process_bytes(line.data(), line.size());
    lines += fmt::format("{:08x} {}\n", crc.checksum(), line);
  }
  return lines;
}

void check(std::string const& text) {
  if (text.empty()) return;  // says nothing at all
  auto const parsed = state::parse_journal(text, "the journal");
  if (!parsed) {
    fuzz::holds(!parsed.error().next.empty(), "an error says what to do", describe(parsed.error()));
    return;
  }
  fuzz::holds(parsed->valid_bytes <= text.size(), "the good part lies within the text");
  auto const once_more = state::parse_journal(std::string_view(text).substr(0, parsed->valid_bytes), "its good part");
  fuzz::holds(once_more && once_more->records.size() == parsed->records.size() && once_more->torn_lines == 0,
              "the good part is what was read");
  std::string written = state::journal_head(parsed->head);
  for (state::Record const& record : parsed->records) written += state::journal_line(record);
  auto const again = state::parse_journal(written, "the journal written again");
  fuzz::holds(again && again->records.size() == parsed->records.size(), "what was read can be written");

  std::string const path = "p/state.json";
  failing::Disk disk;
  disk.bytes()[path + ".journal"] = text;
  auto const before = at_files::read(path, "", disk);
  if (!before) return;
  auto store = at_files::open(path, before->realm, "run", disk);
  fuzz::holds(store.has_value(), "what can be read can be opened");
  fuzz::holds((*store)->save().has_value(), "and saved");
  store->reset();
  auto const after = at_files::read(path, before->realm, disk);
  fuzz::holds(after.has_value(), "and read again", after ? "" : describe(after.error()));
  fuzz::holds(before->open_intents.size() == after->open_intents.size(), "no open intent is lost");
  fuzz::holds(before->entries.size() == after->entries.size(), "no entry is lost");
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string_view const text = fuzz::text(bytes, size);
  check(std::string(text));
  check(sealed(text));
  return 0;
}

#include "fuzz/fuzz.hpp"
#include "state/failing_files.hpp"
#include "state/open.hpp"
#include "state/replay.hpp"

#include <algorithm>

using namespace cpsctl;

/// Any bytes as the state file give a state or words, and are never overwritten unread; a state that is read is saved
/// and read again as it was.
int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string const path = "p/state.json";
  failing::Disk disk;
  disk.bytes()[path] = fuzz::text(bytes, size);
  auto const first = at_files::read(path, "", disk);
  if (!first) {
    fuzz::holds(first.error().code == Errc::io && !first.error().next.empty(), "an error says what to do",
                describe(first.error()));
    auto const opened = at_files::open(path, "sandbox", "run", disk);
    fuzz::holds(!opened && disk.bytes()[path] == fuzz::text(bytes, size), "what cannot be read is left alone");
    return 0;
  }
  std::int64_t const seen = state::replay(path, "", disk)->sequence;
  auto store = at_files::open(path, first->realm, "run", disk);
  fuzz::holds(store.has_value(), "what can be read can be opened");
  fuzz::holds((*store)->save().has_value(), "and saved");
  store->reset();
  auto const again = at_files::read(path, first->realm, disk);
  fuzz::holds(again.has_value(), "and read again", again ? "" : describe(again.error()));
  bool const same_entries = std::ranges::equal(first->entries, again->entries, [](auto const& left, auto const& right) {
    return left.first == right.first && left.second.id == right.second.id;
  });
  fuzz::holds(same_entries, "every id is still known");
  fuzz::holds(state::replay(path, "", disk)->sequence >= seen, "the journal's count never goes back");
  return 0;
}

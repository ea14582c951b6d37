#include "cps/history.hpp"

#include "fuzz/fuzz.hpp"
#include "lifecycle/history.hpp"
#include "report/changes.hpp"

#include <algorithm>
#include <set>

using namespace cpsctl;

/// Whatever CPS says of what it did with an enrollment: it is read, or an error of one line; a CSR of the past comes of
/// a change that has ended; no two pending changes have one entry; and what is shown of one is a line, and short.
namespace {

bool has_ended(cps::HistoryChange const& change) {
  return change.status == "completed" || change.status == "cancelled";
}

void check_former(std::vector<cps::HistoryChange> const& history, std::string_view text) {
  std::size_t most = 0;
  for (cps::HistoryChange const& change : history)
    if (has_ended(change)) most += 1 + change.multi_stacked_certificates.size();
  auto const former = lifecycle::former_csrs(history);
  fuzz::holds(former.size() <= most, "a CSR of the past comes of a change that has ended", text);
  for (pki::FormerCsr const& one : former) fuzz::holds(!one.key_digest.empty(), "it has a key", text);
}

void check_entries(std::vector<cps::HistoryChange> const& history, std::string_view text) {
  for (std::int64_t count = 0; count < 4; ++count) {
    std::vector<cps::PendingChange> pending;
    for (std::int64_t id = 1; id <= count; ++id) pending.push_back({.id = {id}});
    std::set<cps::HistoryChange const*> entries;
    std::int64_t found = 0;
    for (cps::PendingChange const& one : pending) {
      cps::HistoryChange const* const entry = lifecycle::entry_of(history, pending, one.id);
      if (entry == nullptr) continue;
      ++found;
      entries.insert(entry);
      fuzz::holds(entry->status == "incomplete", "an entry of a pending change is open", text);
    }
    fuzz::holds(found == 0 || found == count, "all have an entry, or none", text);
    fuzz::holds(static_cast<std::int64_t>(entries.size()) == found, "no two have the same", text);
  }
}

void check_shown(std::vector<cps::HistoryChange> const& history, std::string_view text) {
  for (cps::HistoryChange const& one : history) {
    report::ChangeRow const row{.id = 8, .history = report::history_row(one)};
    for (std::string const& line : report::change_lines(row)) {
      fuzz::holds(fuzz::is_printable(line), "what is shown is a line", text);
      fuzz::holds(line.size() < 1000, "it is short", text);
    }
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string_view const text = fuzz::text(bytes, size);
  auto const history = cps::change_history_from(text);
  if (!history) {
    std::string const words = describe(history.error());
    fuzz::holds(fuzz::is_printable(words) && words.size() < 2000, "an error is one line, and short", words);
    fuzz::holds(history.error().code == Errc::protocol, "what cannot be read is garbage", words);
    return 0;
  }
  check_former(*history, text);
  check_entries(*history, text);
  check_shown(*history, text);
  return 0;
}

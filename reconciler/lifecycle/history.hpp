#pragma once
#include "cps/history.hpp"
#include "cps/types.hpp"
#include "pki/match.hpp"

#include <vector>

/// What CPS's history of an enrollment tells of its changes (cps-api.md §5.5). Pure.
namespace cpsctl::lifecycle {

/// The CSRs of changes that have ended, by what became of them; newest first, as the history is. One that cannot be
/// read is left out: nothing hangs on it but words.
std::vector<pki::FormerCsr> former_csrs(std::vector<cps::HistoryChange> const& history);

/// What the history says of a pending change; nullptr where it does not tell which of its entries that is. It has no
/// ids: its open entries, newest first, are the pending changes, newest last.
cps::HistoryChange const* entry_of(std::vector<cps::HistoryChange> const& history,
                                   std::vector<cps::PendingChange> const& pending, cps::ChangeId change);

}  // namespace cpsctl::lifecycle

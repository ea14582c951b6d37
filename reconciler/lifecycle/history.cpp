#include "lifecycle/history.hpp"

#include "pki/certificate.hpp"
#include "pki/csr.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace cpsctl::lifecycle {
namespace {

/// Of one that goes on the history has no CSR yet; the change itself has it.
std::optional<pki::Fate> fate_of(cps::HistoryChange const& change) {
  if (change.status == "cancelled") return pki::Fate::voided;
  if (change.status == "completed") return pki::Fate::older;
  return std::nullopt;
}

std::string key_of(cps::HistoryCertificate const& one) {
  if (auto const csr = pki::read_csr(one.csr)) return csr->key.digest;
  auto const certificate = pki::read_certificate(one.certificate);
  return certificate ? certificate->key.digest : std::string();
}

}  // namespace

std::vector<pki::FormerCsr> former_csrs(std::vector<cps::HistoryChange> const& history) {
  std::vector<pki::FormerCsr> former;
  for (cps::HistoryChange const& change : history) {
    auto const fate = fate_of(change);
    if (!fate) continue;
    std::vector<cps::HistoryCertificate> all = change.multi_stacked_certificates;
    if (change.primary_certificate) all.push_back(*change.primary_certificate);
    for (cps::HistoryCertificate const& one : all)
      if (std::string digest = key_of(one); !digest.empty())
        former.push_back({.key_digest = std::move(digest), .fate = *fate});
  }
  return former;
}

cps::HistoryChange const* entry_of(std::vector<cps::HistoryChange> const& history,
                                   std::vector<cps::PendingChange> const& pending, cps::ChangeId change) {
  std::vector<cps::HistoryChange const*> open;
  for (cps::HistoryChange const& one : history)
    if (one.status == "incomplete") open.push_back(&one);
  auto const place =
      std::ranges::find(pending, change.value, [](cps::PendingChange const& one) { return one.id.value; });
  if (open.size() != pending.size() || place == pending.end()) return nullptr;
  return open[static_cast<std::size_t>(pending.end() - place) - 1];
}

}  // namespace cpsctl::lifecycle

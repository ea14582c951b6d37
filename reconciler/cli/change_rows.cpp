#include "cli/change_rows.hpp"

#include "base/text.hpp"
#include "cli/sights.hpp"
#include "lifecycle/history.hpp"
#include "lifecycle/pending.hpp"
#include "plan/advance.hpp"
#include "plan/identity.hpp"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

/// What the policy in force says, and in which light.
lifecycle::Policy policy_of(PendingChange const& pending, manifest::Desired const* desired) {
  lifecycle::Policy policy{.standing = lifecycle::Standing::orphan};
  if (std::ranges::count(pending.removal, pending.change.id.value) > 0)
    policy.standing = lifecycle::Standing::removal;
  else if (desired != nullptr)
    policy.standing = lifecycle::Standing::manifest;
  if (desired != nullptr) policy.lifecycle = desired->lifecycle;
  return policy;
}

/// Whose the change is, as far as state and plan tell.
lifecycle::Owner owner_of(PendingChange const& pending, plan::ItemView const* planned) {
  std::vector<std::int64_t> ours = pending.ours;
  ours.insert(ours.end(), pending.removal.begin(), pending.removal.end());
  bool const differs = planned != nullptr && !planned->changes.empty();
  return lifecycle::owner_of(pending.change, ours,
                             differs ? lifecycle::Managed::differs : lifecycle::Managed::as_wanted);
}

/// A CA that looks at organisations takes its time, and nobody here makes it quicker.
void tell_authority(Around const& around, report::ChangeRow& row) {
  if (row.who != lifecycle::Who::ca || around.live == nullptr) return;
  auto const schema = schema::enrollment(around.live->api_schema);
  if (!schema) return;
  std::string const kind = plan::kind_of(*around.live->document, **schema);
  if (kind == "ov" || kind == "ev")
    row.notes.emplace_back("people there check the organisation, and may call its contacts: hours to days");
}

/// Who asked for it, and what the CA calls its order.
void tell_history(PendingChange const& pending, Around const& around, report::ChangeRow& row) {
  if (around.history == nullptr || around.live == nullptr) return;
  cps::HistoryChange const* const entry = lifecycle::entry_of(*around.history, around.live->pending, pending.change.id);
  if (entry != nullptr) row.history = report::history_row(*entry);
}

}  // namespace

ToldChange tell_change(ChangeSight const& sight, Around const& around) {
  PendingChange const& pending = sight.pending;
  lifecycle::Owner const owner = owner_of(pending, around.planned);
  report::ChangeRow row{
      .id = pending.change.id.value, .type = pending.change.type, .owner = owner, .begun = around.begun};
  if (sight.change) {
    row.state = sight.change->state_text;
    row.status = sight.change->status;
  }
  if (sight.failure) {
    row.what = sight.change ? "what it waits for could not be read" : "it could not be read";
    row.error = describe(*sight.failure);
    if (!sight.failure->next.empty()) row.next.push_back(sight.failure->next);
    return {.row = std::move(row)};
  }
  if (!sight.change) {
    row.what = "it has ended since the list was read";
    return {.row = std::move(row)};
  }
  lifecycle::Seen seen{.name = pending.name,
                       .type = pending.change.type,
                       .change = *sight.change,
                       .info = sight.info,
                       .since = around.since,
                       .staging_since = around.staging_since,
                       .live_expires = around.live_expires};
  auto const* const info = std::get_if<cps::InputInfo>(&sight.info);
  auto const* const deployment = info != nullptr ? std::get_if<cps::PendingDeployment>(info) : nullptr;
  std::shared_ptr<schema::Schema const> schema;
  if (around.desired != nullptr)
    if (auto const found = schema::enrollment(around.desired->api_schema)) schema = *found;
  if (deployment != nullptr && schema && around.live != nullptr)
    seen.differences = plan::staged_differences(*deployment, *around.desired, *around.live, *schema);
  WallTime const now = sight.change->answered.value_or(around.asked);
  lifecycle::Policy policy = policy_of(pending, around.desired);
  if (schema && around.live != nullptr) policy.multi_stacked = plan::is_dual_stack(*around.live->document, *schema);
  std::vector<pki::FormerCsr> former;
  if (around.history != nullptr) former = lifecycle::former_csrs(*around.history);
  auto offer =
      offer_in_files(sight.info, now, around.desired, around.live, around.folder, around.files, std::move(former));
  if (offer) seen.offer = std::move(*offer);
  lifecycle::Next next = lifecycle::decide(seen, owner, policy, now);
  row = report::change_row(seen, owner, next);
  row.begun = around.begun;
  tell_authority(around, row);
  tell_history(pending, around, row);
  return {.row = std::move(row), .look_after = next.look_after};
}

}  // namespace cpsctl::cli

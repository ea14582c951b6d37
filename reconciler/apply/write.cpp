#include "apply/write.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"
#include "plan/schedule.hpp"

#include <fmt/format.h>

namespace cpsctl::apply {

ItemResult result_of(plan::Item const& item, Outcome outcome) {
  return {.name = item.name,
          .part = plan::part_of(item.wanted),
          .action = item.action(),
          .outcome = outcome,
          .id = item.id};
}

ItemResult result_of(plan::Item const& item, Error const& error) {
  ItemResult result = result_of(item, error.code == Errc::stale ? Outcome::stale : Outcome::failed);
  result.message = describe(error);
  result.next = error.next;
  result.code = error.code;
  return result;
}

state::Entry entry_for(plan::Item const& item, std::string now) {
  manifest::Desired const& desired = *item.desired;
  return {.name = item.name,
          .account = item.account,
          .contract = item.contract,
          .id = item.id,
          .source = desired.source,
          .api_schema = desired.api_schema,
          .common_name = item.common_name,
          .last_applied = desired.enrollment,
          .lifecycle = fields::shared(desired.lifecycle),
          .labels = desired.labels,
          .written = std::move(now),
          .deploy = plan::days_of(desired.deploy)};
}

void carry_over(state::Entry const& before, state::Entry& entry) {
  entry.changes = before.changes;
  entry.watches = before.watches;
  entry.removed_names = before.removed_names;
}

plan::Scope Write::scope() const {
  return item().scope();
}

ItemResult Write::failed(Error const& error, Proof proof) const {
  ItemResult result = result_of(item(), error);
  if (proof == Proof::in_doubt) result.message += "; CPS may have done it";
  if (!course_.cancelled.empty())
    result.message = fmt::format("{} cancelled, and then: {}",
                                 text::counted(course_.cancelled.size(), "change was", "changes were"), result.message);
  return result;
}

ItemResult Write::conclude(Error const& error, Proof proof, WallTime later, Tally& tally) const {
  return concluded(failed(error, proof), proof, error, later, tally);
}

http::Task<Result<Turn>> Write::give_way(Attempt& attempt) {
  // An attempt before this one met a 429, which proves that nothing happened.
  auto const closed = co_await services_.trace.refuse(attempt, "CPS's request limit");
  if (!closed) co_return closed.error();
  co_return Turn::left;
}

http::Task<Result<Turn>> Write::begin(Attempt& attempt, WallTime read) {
  if (!services_.snapshots.young(read)) co_return co_await give_way(attempt);
  services_.snapshots.used(scope());
  auto const begun = co_await services_.trace.begin(attempt);
  if (!begun) co_return begun.error();
  co_return Turn::taken;
}

}  // namespace cpsctl::apply

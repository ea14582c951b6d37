#include "cli/changes.hpp"

#include "cli/side_by_side.hpp"
#include "cps/change_api.hpp"
#include "plan/identity.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace cpsctl::cli {
namespace {

/// What is not found has ended, or moved on.
template <class T>
Result<> unless_gone(Result<T> const& answer) {
  if (answer || answer.error().code == Errc::not_found) return {};
  return answer.error();
}

http::Task<Result<>> look(cps::ChangeReader& reader, ChangeSight& sight) {
  cps::ChangeRef const ref{.subject = sight.pending.name,
                           .account_key = sight.pending.account,
                           .enrollment = sight.pending.enrollment,
                           .change = sight.pending.change.id};
  auto change = co_await reader.change(ref);
  if (!change) co_return unless_gone(change);
  sight.change = std::move(*change);
  cps::Input const* const input = lifecycle::input_of(*sight.change);
  if (input == nullptr || !input->kind) co_return Result<>();
  auto info = co_await reader.info(ref, *input);
  if (info)
    sight.info = std::move(*info);
  else
    sight.info = lifecycle::Gone();
  co_return unless_gone(info);
}

}  // namespace

Result<std::vector<PendingChange>> pending_changes(plan::Inputs const& inputs, plan::PlanView const& plan,
                                                   Lives const& lives) {
  std::map<std::string, PendingChange> known;
  for (plan::ItemView const& item : plan.items)
    if (item.id != 0) known[item.name] = {.name = item.name, .account = item.account, .enrollment = {item.id}};
  for (auto const& [name, entry] : inputs.entries) {
    if (inputs.only && !inputs.only->contains(name)) continue;
    if (!inputs.selection.takes(name, entry.contract, entry.labels)) continue;
    known[name] = {.name = name,
                   .account = entry.account,
                   .enrollment = {entry.id},
                   .ours = entry.changes,
                   .removal = entry.removal};
  }
  std::vector<PendingChange> changes;
  for (auto& [name, one] : known) {
    cps::Live const* const live = lives.find(one.account, one.enrollment.value);
    if (live == nullptr || live->pending.empty()) continue;
    CPS_TRY(auto const schema, schema::enrollment(live->api_schema));
    one.common_name = plan::common_name(*live->document, *schema);
    one.kind = plan::kind_of(*live->document, *schema);
    for (cps::PendingChange const& pending : live->pending) {
      changes.push_back(one);
      changes.back().change = pending;
    }
  }
  return changes;
}

Result<std::vector<ChangeSight>> look_at(std::vector<PendingChange> changes, Connection& connection) {
  std::vector<ChangeSight> sights;
  for (PendingChange& change : changes) sights.push_back({.pending = std::move(change)});
  cps::ChangeReader reader(*connection.session);
  ReadOne<ChangeSight> const read = [&reader](ChangeSight& sight) { return look(reader, sight); };
  return SideBySide<ChangeSight>(std::move(sights), read, connection).run();
}

}  // namespace cpsctl::cli

#include "cli/changes.hpp"

#include "cli/side_by_side.hpp"
#include "cps/change_api.hpp"
#include "pki/certificate.hpp"
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

/// As CPS says it; an older server says it in the certificate alone.
std::optional<WallTime> end_of(cps::DeployedCertificate const& one) {
  if (auto const said = parse_timestamp(one.expiry)) return *said;
  auto const certificate = pki::read_certificate(one.certificate);
  return certificate ? std::optional(certificate->not_after) : std::nullopt;
}

http::Task<Result<>> read_end(cps::ChangeReader& reader, LiveEnd& one) {
  auto const deployed = co_await reader.deployments(one.account, one.enrollment, one.name);
  if (!deployed) co_return unless_gone(deployed);
  if (!deployed->production) co_return Result<>();
  std::vector<cps::DeployedCertificate> all = deployed->production->multi_stacked_certificates;
  if (auto const& primary = deployed->production->primary_certificate) all.push_back(*primary);
  for (cps::DeployedCertificate const& certificate : all)
    if (auto const end = end_of(certificate); end && (!one.ends || *end < *one.ends)) one.ends = end;
  co_return Result<>();
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
    one.signed_outside = plan::kind_of(*live->document, *schema) == "third-party";
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

Result<std::vector<LiveEnd>> read_ends(std::vector<LiveEnd> all, Connection& connection) {
  cps::ChangeReader reader(*connection.session);
  ReadOne<LiveEnd> const read = [&reader](LiveEnd& one) { return read_end(reader, one); };
  return SideBySide<LiveEnd>(std::move(all), read, connection).run();
}

}  // namespace cpsctl::cli

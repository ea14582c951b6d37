#include "cli/changes.hpp"

#include "cps/change_api.hpp"
#include "http/crew.hpp"
#include "plan/identity.hpp"

#include <map>
#include <utility>

namespace cpsctl::cli {
namespace {

/// By account and id, as they are listed; else by the look-up that the list made necessary.
std::map<std::pair<std::string, std::int64_t>, cps::Live const*> all_live(plan::Inputs const& inputs) {
  std::map<std::pair<std::string, std::int64_t>, cps::Live const*> all;
  for (auto const& [scope, listing] : inputs.listings)
    for (cps::Live const& live : listing.enrollments) all.emplace(std::pair(scope.first, live.id.value), &live);
  for (auto const& [name, entry] : inputs.entries) {
    auto const lookup = inputs.lookups.find(entry.id);
    if (lookup != inputs.lookups.end() && lookup->second)
      all.emplace(std::pair(entry.account, entry.id), &*lookup->second);
  }
  return all;
}

/// Reads changes side by side, each into its place.
class Looks {
 public:
  Looks(std::vector<ChangeSight> sights, Connection& connection)
      : sights_(std::move(sights)), reader_(*connection.session), connection_(connection) {}

  http::Task<Result<std::vector<ChangeSight>>> all() {
    std::function<bool()> const stop = [this] { return failure_.has_value(); };
    std::function<http::Task<>(std::size_t)> const step = [this](std::size_t at) { return one(sights_[at]); };
    co_await http::crew(*connection_.loop, connection_.parallelism, sights_.size(), stop, step);
    if (failure_) co_return *failure_;
    co_return std::move(sights_);
  }

 private:
  http::Task<> one(ChangeSight& sight) {
    cps::ChangeRef const ref{.subject = sight.pending.name,
                             .account_key = sight.pending.account,
                             .enrollment = sight.pending.enrollment,
                             .change = sight.pending.change.id};
    auto change = co_await reader_.change(ref);
    if (!is_there(change)) co_return;
    sight.change = std::move(*change);
    cps::Input const* const input = lifecycle::input_of(*sight.change);
    if (input == nullptr || !input->kind) co_return;
    auto info = co_await reader_.info(ref, *input);
    if (is_there(info))
      sight.info = std::move(*info);
    else
      sight.info = lifecycle::Gone();
  }

  /// What is not found has ended, or moved on.
  template <class T>
  bool is_there(Result<T> const& answer) {
    if (!answer && answer.error().code != Errc::not_found && !failure_) failure_ = answer.error();
    return answer.has_value();
  }

  std::vector<ChangeSight> sights_;
  cps::ChangeReader reader_;
  Connection& connection_;
  std::optional<Error> failure_ = {};
};

}  // namespace

Result<std::vector<PendingChange>> pending_changes(plan::Inputs const& inputs, plan::PlanView const& plan) {
  std::map<std::string, PendingChange> known;
  for (plan::ItemView const& item : plan.items)
    if (item.id != 0) known[item.name] = {.name = item.name, .account = item.account, .enrollment = {item.id}};
  for (auto const& [name, entry] : inputs.entries) {
    if (!inputs.selection.takes(name, entry.contract, entry.labels)) continue;
    known[name] = {.name = name,
                   .account = entry.account,
                   .enrollment = {entry.id},
                   .ours = entry.changes,
                   .removal = entry.removal};
  }
  std::vector<PendingChange> changes;
  auto const all = all_live(inputs);
  for (auto& [name, one] : known) {
    auto const live = all.find({one.account, one.enrollment.value});
    if (live == all.end() || live->second->pending.empty()) continue;
    cps::Live const& found = *live->second;
    CPS_TRY(auto const schema, schema::enrollment(found.api_schema));
    one.common_name = plan::common_name(*found.document, *schema);
    one.signed_outside = plan::kind_of(*found.document, *schema) == "third-party";
    for (cps::PendingChange const& pending : found.pending) {
      changes.push_back(one);
      changes.back().change = pending;
    }
  }
  return changes;
}

Result<std::vector<ChangeSight>> look_at(std::vector<PendingChange> changes, Connection& connection) {
  std::vector<ChangeSight> sights;
  for (PendingChange& change : changes) sights.push_back({.pending = std::move(change)});
  Looks looks(std::move(sights), connection);
  return connection.loop->run(looks.all());
}

}  // namespace cpsctl::cli

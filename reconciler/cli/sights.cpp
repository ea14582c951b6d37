#include "cli/sights.hpp"

#include "cli/changes.hpp"
#include "cli/dates.hpp"
#include "cli/histories.hpp"
#include "lifecycle/certificates.hpp"
#include "lifecycle/history.hpp"
#include "pki/pem.hpp"
#include "plan/advance.hpp"
#include "plan/dates.hpp"
#include "plan/obstacles.hpp"
#include "plan/turns.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

namespace cpsctl::cli {
namespace {

namespace fs = std::filesystem;

manifest::Desired const* find(plan::Inputs const& inputs, std::string const& name) {
  auto const found = std::ranges::find(inputs.desired, name, &manifest::Desired::name);
  return found == inputs.desired.end() ? nullptr : &*found;
}

/// A file of the repository: nothing outside the project's folder, wherever links lead.
Result<pki::Source> read_source(std::string const& file, std::string const& folder, Files& files) {
  fs::path const path = fs::path(folder) / file;
  if (!lies_in(real_path(path), real_path(folder)))
    return Error{.code = Errc::io, .message = fmt::format("{} leads out of the project's folder", file)};
  CPS_TRY(std::string text, files.read(path, pki::longest_text));
  return pki::Source{.name = file, .text = std::move(text)};
}

/// What the manifest's files have for these CSRs.
lifecycle::Offer offer_of_files(manifest::Desired const& desired, lifecycle::Order const& order,
                                std::string const& folder, Files& files) {
  std::vector<pki::Source> sources;
  lifecycle::Offer failed;
  for (std::string const& file : desired.lifecycle.certificate.files) {
    auto const kind = files.kind(fs::path(folder) / file);
    if (kind && *kind == FileKind::missing) continue;  // the CA has not answered yet
    auto source = read_source(file, folder, files);
    if (source)
      sources.push_back(std::move(*source));
    else
      failed.because.push_back(source.error().message);
  }
  if (!failed.because.empty()) return failed;
  if (sources.empty()) {
    failed.because.push_back(fmt::format("{} {} not there yet", fmt::join(desired.lifecycle.certificate.files, ", "),
                                         desired.lifecycle.certificate.files.size() == 1 ? "is" : "are"));
    return failed;
  }
  return lifecycle::offer_of(order, sources);
}

}  // namespace

Result<std::optional<lifecycle::Offer>> offer_in_files(lifecycle::Info const& info, WallTime now,
                                                       manifest::Desired const* desired, cps::Live const* live,
                                                       std::string const& folder, Files& files,
                                                       std::vector<pki::FormerCsr> former) {
  auto const* const read = std::get_if<cps::InputInfo>(&info);
  auto const* const csrs = read == nullptr ? nullptr : std::get_if<cps::Csrs>(read);
  if (csrs == nullptr || desired == nullptr || live == nullptr) return std::optional<lifecycle::Offer>();
  if (desired->lifecycle.certificate.files.empty()) return std::optional<lifecycle::Offer>();
  CPS_TRY(auto const schema, schema::enrollment(live->api_schema));
  lifecycle::Order order = plan::order_of(csrs->csrs, *live, *schema, desired->lifecycle, now);
  order.former = std::move(former);
  return std::optional(offer_of_files(*desired, order, folder, files));
}

namespace {

/// The certificates that manifests keep in files, for what changes wait for.
class FileOffers {
 public:
  FileOffers(plan::Inputs const& inputs, plan::Plan const& planned, Account& account, World& world)
      : inputs_(inputs), account_(account), world_(world) {
    for (plan::Item const& item : planned.items)
      if (item.live.document) items_.emplace(item.name, &item);
  }

  /// `former`: CSRs of earlier changes, as far as they are known. Errors: internal.
  Result<> look(lifecycle::Sight& sight, std::vector<pki::FormerCsr> former) const {
    auto const item = items_.find(sight.name);
    WallTime const now = sight.change ? sight.change->answered.value_or(inputs_.now) : inputs_.now;
    CPS_TRY(sight.offer, offer_in_files(sight.info, now, find(inputs_, sight.name),
                                        item == items_.end() ? nullptr : &item->second->live,
                                        account_.settings().project.folder, world_.files, std::move(former)));
    return {};
  }

  /// Looks again where a certificate is for no CSR that is known: CPS's history may tell which one that was. Errors:
  /// cancelled, internal.
  Result<> look_back(std::map<std::int64_t, lifecycle::Sight>& sights) const {
    std::map<std::string, History> asked;
    for (auto const& [change, sight] : sights) {
      auto const item = items_.find(sight.name);
      if (!sight.offer || !sight.offer->unknown_key || item == items_.end()) continue;
      plan::Item const& of = *item->second;
      asked.emplace(sight.name, History{.name = of.name, .account = of.account, .enrollment = {of.id}});
    }
    std::vector<History> all;
    for (auto& [name, one] : asked) all.push_back(std::move(one));
    CPS_TRY(auto const histories, read_histories(std::move(all), account_.connection()));
    for (History const& one : histories)
      for (auto& [change, sight] : sights)
        if (sight.name == one.name && sight.offer) CPS_CHECK(look_back(one, sight));
    return {};
  }

 private:
  /// What cannot be read leaves it as it was.
  Result<> look_back(History const& history, lifecycle::Sight& sight) const {
    if (!history.failure) return look(sight, lifecycle::former_csrs(history.changes));
    sight.offer->because.push_back(unread_history(*history.failure));
    return {};
  }

  plan::Inputs const& inputs_;
  Account& account_;
  World& world_;
  std::map<std::string, plan::Item const*> items_ = {};
};

/// The pending changes of the enrollments that manifests and state know: those whose turn it is are read, one request
/// each and one for what it waits for; the others are as they were seen last. And certificates in files for all.
class SeeChanges {
 public:
  SeeChanges(plan::Inputs& inputs, Account& account, World& world, Seeing const& seeing)
      : inputs_(inputs), account_(account), world_(world), seeing_(seeing) {}

  Result<> run() {
    bool const pends = std::ranges::any_of(inputs_.listings, [](auto const& one) {
      return std::ranges::any_of(one.second.enrollments, [](cps::Live const& live) { return !live.pending.empty(); });
    });
    if (!pends && inputs_.lookups.empty()) return {};
    CPS_TRY(plan::Plan const planned, plan::make_plan(inputs_));
    CPS_TRY(auto pending, pending_changes(inputs_, plan::view(planned), Lives(inputs_)));
    FileOffers const files(inputs_, planned, account_, world_);
    CPS_CHECK(recall(pending, files));
    CPS_CHECK(forget_what_is_written_about());
    std::erase_if(pending, [&](PendingChange const& one) { return inputs_.sights.contains(one.change.id.value); });
    CPS_CHECK(read(std::move(pending), files));
    return files.look_back(inputs_.sights);
  }

 private:
  Result<> keep(lifecycle::Sight sight, FileOffers const& files) {
    CPS_CHECK(files.look(sight, {}));
    inputs_.sights.insert_or_assign(sight.pending.id.value, std::move(sight));
    return {};
  }

  Result<> recall(std::vector<PendingChange> const& pending, FileOffers const& files) {
    for (PendingChange const& one : pending)
      if (auto sight = plan::recall(inputs_, one.name, one.change)) CPS_CHECK(keep(std::move(*sight), files));
    return {};
  }

  /// What CPS may not show any more is no base for a write: it is read, too.
  Result<> forget_what_is_written_about() {
    if (inputs_.sights.empty()) return {};
    CPS_TRY(plan::Plan const planned, plan::make_plan(inputs_));
    for (std::int64_t const change : plan::written_about(planned)) inputs_.sights.erase(change);
    return {};
  }

  Result<> read(std::vector<PendingChange> pending, FileOffers const& files) {
    CPS_TRY(auto seen, look_at(std::move(pending), account_.connection()));
    for (ChangeSight& one : seen) {
      if (one.failure) {
        Error const error = one.failure->within("reading a pending change of " + one.pending.name);
        if (!seeing_.leave_out || !seeing_.leave_out(error)) return error;
        continue;
      }
      CPS_CHECK(keep({.name = one.pending.name,
                      .pending = one.pending.change,
                      .change = std::move(one.change),
                      .info = std::move(one.info)},
                     files));
    }
    return {};
  }

  plan::Inputs& inputs_;
  Account& account_;
  World& world_;
  Seeing const& seeing_;
};

/// When live certificates end that a deployment date could let expire, and of which the state does not know it: one
/// request for each such item.
Result<> see_live_ends(plan::Inputs& inputs, Account& account) {
  bool const dated = std::ranges::any_of(
      inputs.desired, [](manifest::Desired const& one) { return one.deploy.not_before.has_value(); });
  if (!dated) return {};
  CPS_TRY(plan::Plan const planned, plan::make_plan(inputs));
  std::vector<Served> wanted;
  for (plan::Item const& item : planned.items) {
    if (inputs.live_ends.contains(item.id)) continue;
    CPS_TRY(bool const hangs, plan::hangs_on_live_end(item));
    if (hangs) wanted.push_back({.name = item.name, .account = item.account, .enrollment = {item.id}});
  }
  CPS_TRY(auto const all, read_served(std::move(wanted), account.connection()));
  for (Served const& one : all) {
    if (one.failure) return Error(*one.failure).within("reading the live certificate of " + one.name);
    if (auto const end = plan::production_end(one.dates)) inputs.live_ends.emplace(one.enrollment.value, *end);
  }
  return {};
}

}  // namespace

Result<plan::Inputs> see_account(plan::Inputs known, Account& account, World& world, Seeing const& seeing) {
  CPS_TRY(plan::Inputs inputs, account.ask(std::move(known)));
  if (seeing.learn_dates) CPS_CHECK(learn_dates(inputs, account));
  CPS_TRY(inputs.live_ends, plan::live_ends(inputs));
  CPS_CHECK(SeeChanges(inputs, account, world, seeing).run());
  CPS_CHECK(see_live_ends(inputs, account));
  CPS_TRY(inputs.signers, signers_of(account.settings(), world));
  CPS_TRY(inputs.publishers, publishers_of(account.settings(), world));
  return inputs;
}

}  // namespace cpsctl::cli

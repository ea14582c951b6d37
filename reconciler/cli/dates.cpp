#include "cli/dates.hpp"

#include "base/log.hpp"
#include "cli/polls.hpp"
#include "cli/side_by_side.hpp"
#include "cps/change_api.hpp"
#include "pki/certificate.hpp"
#include "plan/dates.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace cpsctl::cli {
namespace {

/// The certificate says it, and CPS beside it, where a server leaves the certificate out.
state::Dates dates_of(std::string const& network, cps::DeployedCertificate const& one) {
  state::Dates dates{.network = network, .algorithm = one.key_algorithm};
  if (auto const said = parse_timestamp(one.expiry)) dates.not_after = timestamp(*said);
  auto const certificate = pki::read_certificate(one.certificate);
  if (!certificate) return dates;
  dates.not_before = timestamp(certificate->not_before);
  if (dates.not_after.empty()) dates.not_after = timestamp(certificate->not_after);
  return dates;
}

std::vector<state::Dates> dates_of(cps::Deployments const& deployed) {
  std::vector<state::Dates> all;
  auto const add = [&all](std::string const& network, std::optional<cps::Deployment> const& deployment) {
    if (!deployment) return;
    if (deployment->primary_certificate) all.push_back(dates_of(network, *deployment->primary_certificate));
    for (cps::DeployedCertificate const& one : deployment->multi_stacked_certificates)
      all.push_back(dates_of(network, one));
  };
  add("production", deployed.production);
  add("staging", deployed.staging);
  std::erase_if(all, [](state::Dates const& one) { return one.not_after.empty(); });
  return all;
}

http::Task<Result<>> read(cps::ChangeReader& reader, Served& one) {
  auto const deployed = co_await reader.deployments(one.account, one.enrollment, one.name);
  if (deployed) one.dates = dates_of(*deployed);
  if (deployed || deployed.error().code == Errc::not_found) co_return Result<>();
  co_return deployed.error();
}

/// What a contract serves.
struct Listed {
  plan::Scope scope = {};
  std::vector<cps::ActiveCertificates> all = {};
  std::optional<Error> failure = {};
};

http::Task<Result<>> read_list(cps::ChangeReader& reader, Listed& one) {
  auto active = co_await reader.active_certificates(one.scope.first, one.scope.second);
  if (!active) co_return active.error();
  one.all = std::move(*active);
  co_return Result<>();
}

/// Once a day. Akamai does not describe this list: where there is none, or it is not for this client, dates are read
/// one by one until the next day.
Result<> learn_by_lists(plan::Inputs& inputs, std::set<plan::Scope> const& contracts, Connection& connection) {
  std::vector<Listed> lists;
  for (plan::Scope const& scope : contracts) lists.push_back({.scope = scope});
  cps::ChangeReader reader(*connection.session);
  ReadOne<Listed> const read_one = [&reader](Listed& one) { return read_list(reader, one); };
  CPS_TRY(lists, SideBySide<Listed>(std::move(lists), read_one, connection).run());
  std::map<std::pair<std::string, std::int64_t>, std::string> names;
  for (auto const& [name, entry] : inputs.entries) names.emplace(std::pair(entry.account, entry.id), name);
  for (Listed const& list : lists) {
    if (list.failure) log::info("active certificates of contract {}: {}", list.scope.second, describe(*list.failure));
    if (list.failure && passes(*list.failure)) continue;
    std::vector<plan::DatesLearned> learned;
    for (cps::ActiveCertificates const& one : list.all) {
      auto const name = names.find({list.scope.first, one.enrollment.value});
      auto dates = dates_of(one.deployed);
      if (name != names.end() && !dates.empty()) learned.push_back({.name = name->second, .dates = std::move(dates)});
    }
    CPS_CHECK(plan::learn_dates(inputs, std::move(learned), list.scope));
  }
  return {};
}

Result<> learn_one_by_one(plan::Inputs& inputs, std::vector<std::string> names, Account& account) {
  Share const share(cps::slowest(account.settings().windows));
  names.resize(std::min(names.size(), share.room(SteadyTime())));
  std::vector<Served> all;
  for (std::string const& name : names) {
    state::Entry const& entry = inputs.entries.at(name);
    all.push_back({.name = name, .account = entry.account, .enrollment = {entry.id}});
  }
  CPS_TRY(all, read_served(std::move(all), account.connection()));
  std::vector<plan::DatesLearned> learned;
  for (Served& one : all) {
    if (one.failure) log::info("the certificate of {}: {}", one.name, describe(*one.failure));
    if (!one.failure) learned.push_back({.name = std::move(one.name), .dates = std::move(one.dates)});
  }
  return plan::learn_dates(inputs, std::move(learned));
}

}  // namespace

Result<std::vector<Served>> read_served(std::vector<Served> all, Connection& connection) {
  cps::ChangeReader reader(*connection.session);
  ReadOne<Served> const read_one = [&reader](Served& one) { return read(reader, one); };
  return SideBySide<Served>(std::move(all), read_one, connection).run();
}

Result<> learn_dates(plan::Inputs& inputs, Account& account) {
  CPS_TRY(plan::DatesWanted wanted, plan::dates_wanted(inputs));
  if (!wanted.contracts.empty()) {
    CPS_CHECK(learn_by_lists(inputs, wanted.contracts, account.connection()));
    CPS_TRY(wanted, plan::dates_wanted(inputs));
  }
  if (!wanted.one_by_one.empty()) CPS_CHECK(learn_one_by_one(inputs, std::move(wanted.one_by_one), account));
  CPS_CHECK(plan::forget_dates(inputs));
  return account.record(plan::dates_news(inputs, account.contents().entries));
}

}  // namespace cpsctl::cli

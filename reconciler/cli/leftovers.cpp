#include "cli/leftovers.hpp"

#include "base/text.hpp"
#include "cli/dv_names.hpp"
#include "cli/side_by_side.hpp"
#include "dns/authority.hpp"
#include "dns/check.hpp"
#include "dns/target.hpp"
#include "plan/publications.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace cpsctl::cli {
namespace {

constexpr Duration longest_look = std::chrono::seconds(30);

/// A record where a CA looks, or a target that the state has. SideBySide moves it.
struct Looked {
  dns::Name record = {};
  std::string account = {};
  std::vector<std::string> by = {};
  std::vector<std::string> domains = {};
  bool read = true;  ///< else its target alone is wanted
  std::string target = {};
  std::string zone = {};
  std::string publisher = {};
  std::vector<std::string> values = {};
  std::optional<Error> failure = {};
};

http::Task<Result<>> look_up(Looked& one, dns::Network& network, Publishing& publishing,
                             manifest::Publishers const& publishers, Clock const& clock) {
  SteadyTime const until = clock.steady() + longest_look;
  auto const target = co_await dns::follow(network, one.record, until);
  if (!target) co_return target.error();
  one.target = target->name.text();
  if (!one.read) co_return Result<>();
  auto authority = co_await dns::find_authority(network, target->name, until);
  if (!authority) co_return authority.error();
  one.zone = authority->zone.shown();
  auto values = co_await dns::values_at(network, std::move(*authority), target->name, until);
  if (!values) co_return values.error();
  one.values = std::move(*values);
  if (one.values.empty()) co_return Result<>();
  auto const home =
      co_await publishing.home(one.account, record_publishers(publishers, one.by), state::Medium::txt, one.target);
  if (!home) co_return home.error();
  if (*home) one.publisher = (*home)->publisher;
  co_return Result<>();
}

/// What is to be looked up, each record once.
class Records {
 public:
  Looked& of(dns::Name const& record) {
    Looked& one = all_[record];
    one.record = record;
    return one;
  }
  bool has(dns::Name const& record) const { return all_.contains(record); }
  std::vector<Looked> all() && {
    std::vector<Looked> list;
    for (auto& [record, one] : all_) list.push_back(std::move(one));
    return list;
  }

 private:
  std::map<dns::Name, Looked> all_ = {};
};

void note_domain(std::string const& domain, std::vector<std::string>& domains) {
  if (std::ranges::find(domains, domain) == domains.end()) domains.push_back(domain);
}

/// The names whose tokens were read, by change.
std::set<std::pair<std::int64_t, std::string>> shown_names(std::vector<ChangeSight> const& sights, Needs& needs) {
  std::set<std::pair<std::int64_t, std::string>> shown;
  for (ChangeSight const& sight : sights) {
    auto const* const info = std::get_if<cps::InputInfo>(&sight.info);
    auto const* const challenges = info != nullptr ? std::get_if<cps::Challenges>(info) : nullptr;
    if (challenges == nullptr) continue;
    for (lifecycle::Token const& token : lifecycle::tokens(*challenges).tokens) {
      needs.values.insert(token.value);
      shown.emplace(sight.pending.change.id.value, token.domain);
    }
  }
  return shown;
}

std::vector<Place> places_of(std::vector<Looked> const& done) {
  std::map<std::string, Place> places;
  for (Looked const& one : done) {
    if (!one.read || one.failure) continue;
    Place& place = places[one.target];
    place.target = one.target;
    place.zone = one.zone;
    place.values = one.values;
    if (place.publisher.empty()) place.publisher = one.publisher;
    for (std::string const& domain : one.domains) note_domain(domain, place.domains);
  }
  std::vector<Place> list;
  for (auto& [target, place] : places) list.push_back(std::move(place));
  return list;
}

}  // namespace

std::vector<report::LeftoverRow> leftovers(plan::Publications const& published, std::vector<Place> const& places,
                                           Needs const& needs) {
  std::vector<report::LeftoverRow> rows;
  auto const place_of = [&](std::string const& target) {
    auto const found = std::ranges::find(places, target, &Place::target);
    return found == places.end() ? nullptr : &*found;
  };
  auto const has = [](Place const& place, std::string const& value) {
    return std::ranges::find(place.values, value) != place.values.end();
  };
  for (state::Publication const& one : published.needless) {
    bool const txt = one.medium == state::Medium::txt;
    Place const* const place = txt ? place_of(one.target) : nullptr;
    bool const gone = place != nullptr && !has(*place, one.value);
    if (gone || needs.values.contains(one.value)) continue;
    rows.push_back({.origin = report::Origin::published,
                    .name = one.name,
                    .change = one.change,
                    .record = txt ? one.target : "",
                    .url = txt ? "" : one.at,
                    .value = one.value,
                    .zone = one.zone,
                    .domains = {one.domain},
                    .publisher = one.publisher});
  }
  std::set<std::string> needed = needs.values;
  for (auto const* const those : {&published.needed, &published.shared, &published.unknown})
    for (state::Publication const& one : *those) needed.insert(one.value);
  for (Place const& place : places) {
    if (needs.anywhere || needs.open.contains(place.target)) continue;
    for (std::string const& value : place.values) {
      bool const told = std::ranges::any_of(
          rows, [&](report::LeftoverRow const& row) { return row.record == place.target && row.value == value; });
      if (told || needed.contains(value) || !lifecycle::is_dns_value(value)) continue;
      rows.push_back({.origin = report::Origin::found,
                      .record = place.target,
                      .value = value,
                      .zone = place.zone,
                      .domains = place.domains,
                      .publisher = place.publisher});
    }
  }
  return rows;
}

Result<> find_leftovers(Answers const& answers, dns::Network& network, Account& account, Clock const& clock,
                        report::Challenges& document) {
  plan::Inputs const& inputs = answers.inputs;
  plan::Publications const published = plan::publications(inputs);
  Needs needs;
  auto const shown = shown_names(answers.sights, needs);
  CPS_TRY(auto const names, dv_names(inputs, Lives(inputs)));
  CPS_TRY(auto const unread, unread_names(inputs, shown));
  CPS_TRY(Publishing* const publishing, account.publishing());

  Records records;
  for (DvName const& one : names) {
    Looked& record = records.of(one.record);
    record.account = one.account;
    if (record.by.empty()) record.by = one.by;
    note_domain(one.domain, record.domains);
  }
  for (state::Publication const& one : published.needless)
    if (auto const target = dns::Name::parse(one.target); target && one.medium == state::Medium::txt)
      note_domain(one.domain, records.of(*target).domains);
  for (DvName const& one : unread) {
    if (records.has(one.record)) continue;
    records.of(one.record).read = false;
  }
  manifest::Publishers const& publishers = account.settings().project.publishers;
  ReadOne<Looked> const read = [&](Looked& one) { return look_up(one, network, *publishing, publishers, clock); };
  CPS_TRY(auto const done, SideBySide<Looked>(std::move(records).all(), read, account.connection()).run());

  for (DvName const& one : unread) {
    auto const at = std::ranges::find(done, one.record, &Looked::record);
    if (at->target.empty())
      needs.anywhere = true;
    else
      needs.open.insert(at->target);
    document.without.push_back({.name = one.enrollment,
                                .reason = fmt::format("its pending change may need any value at the record of {}{}",
                                                      one.domain, at->target.empty() ? ", wherever that leads" : ""),
                                .later = true});
  }
  for (state::Publication const& one : published.unknown)
    document.without.push_back({.name = one.name,
                                .change = one.change,
                                .reason = fmt::format("{} published a value for {}, and contract {} was not listed, "
                                                      "so its change may still need it",
                                                      one.publisher, one.domain, one.contract),
                                .later = true});
  for (Looked const& one : done)
    if (one.failure && one.read)
      document.without.push_back({.name = one.record.shown(), .reason = describe(*one.failure), .later = true});
  document.leftovers = leftovers(published, places_of(done), needs);
  return {};
}

}  // namespace cpsctl::cli

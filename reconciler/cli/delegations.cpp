#include "cli/delegations.hpp"

#include "base/text.hpp"
#include "cli/dv_names.hpp"
#include "cli/refusal.hpp"
#include "cli/side_by_side.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::cli {
namespace {

constexpr Duration longest_look = std::chrono::seconds(30);
constexpr std::size_t digest_letters = 32;  ///< of a name's SHA-256: a label has at most 63

/// One record of a policy. SideBySide moves it.
struct Delegated {
  report::DelegationRow row = {};
  dns::Name record = {};
  std::string account = {};
  std::vector<std::string> by = {};  ///< the publishers that may write it
  std::optional<Error> failure = {};
};

/// The first zone of the first that has any.
std::optional<Home> first_zone(manifest::Publishers const& publishers, std::vector<std::string> const& by) {
  for (std::string const& name : by)
    if (auto const one = publishers.find(name); one != publishers.end() && !one->second.zones.empty())
      return Home{.publisher = name, .zone = one->second.zones.front()};
  return std::nullopt;
}

Result<> suggest(Delegated& one, manifest::Publishers const& publishers) {
  auto const wanted = first_zone(publishers, one.by);
  if (!wanted) {
    one.row.reason = one.by.empty()
                         ? "none of its publishers writes records (cpsctl help publishers)"
                         : fmt::format("no zone is named for {} in the project file", fmt::join(one.by, ", "));
    return {};
  }
  CPS_TRY(dns::Name const zone, dns::Name::parse(wanted->zone));
  CPS_TRY(dns::Name const to, delegate(one.row.domains.front(), zone));
  one.row.publisher = wanted->publisher;
  one.row.zone = wanted->zone;
  one.row.cname = to.text();
  return {};
}

http::Task<Result<>> look_up(Delegated& one, dns::Network& network, Publishing& publishing,
                             manifest::Publishers const& publishers, Clock const& clock) {
  auto const target = co_await dns::follow(network, one.record, clock.steady() + longest_look);
  if (!target) co_return target.error();
  one.row.target = target->name.text();
  for (dns::Name const& alias : target->aliases) one.row.aliases.push_back(alias.shown());
  auto const home = co_await publishing.home(one.account, one.by, state::Medium::txt, one.row.target);
  if (!home) co_return home.error();
  one.row.standing = standing_of(*target, home->has_value());
  if (!*home) co_return suggest(one, publishers);
  one.row.publisher = (*home)->publisher;
  one.row.zone = (*home)->zone;
  co_return Result<>();
}

}  // namespace

Result<dns::Name> delegate(std::string_view domain, dns::Name const& zone) {
  std::string const host(domain.starts_with("*.") ? domain.substr(2) : domain);
  CPS_TRY(dns::Name const plain, dns::Name::parse(host));
  if (auto whole = dns::Name::parse(plain.text() + zone.text())) return whole;
  return dns::Name::parse(text::sha256_hex(plain.text()).substr(0, digest_letters) + "." + zone.text());
}

report::DelegationStanding standing_of(dns::Target const& target, bool home) {
  if (home) return report::DelegationStanding::right;
  return target.aliases.empty() ? report::DelegationStanding::missing : report::DelegationStanding::elsewhere;
}

Result<> find_delegations(Answers const& answers, dns::Network& network, Account& account, Clock const& clock,
                          report::Challenges& document) {
  manifest::Publishers const& publishers = account.settings().project.publishers;
  if (record_publishers(publishers, {}).empty())
    return usage("no publisher of the project writes records, so there is nowhere to delegate to",
                 "add one under spec.publishers of the project file: cpsctl help publishers");
  CPS_TRY(auto const names, dv_names(answers.inputs, Lives(answers.inputs)));
  CPS_TRY(Publishing* const publishing, account.publishing());
  std::map<std::tuple<dns::Name, std::string, std::vector<std::string>>, Delegated> records;
  for (DvName const& name : names) {
    auto const by = record_publishers(publishers, name.by);
    Delegated& one = records[{name.record, name.account, by}];
    one.record = name.record;
    one.account = name.account;
    one.by = by;
    one.row.record = name.record.text();
    auto const note = [](std::string const& word, std::vector<std::string>& words) {
      if (std::ranges::find(words, word) == words.end()) words.push_back(word);
    };
    note(name.enrollment, one.row.names);
    note(name.domain, one.row.domains);
  }
  std::vector<Delegated> all;
  for (auto& [key, one] : records) all.push_back(std::move(one));
  ReadOne<Delegated> const read = [&](Delegated& one) { return look_up(one, network, *publishing, publishers, clock); };
  CPS_TRY(auto done, SideBySide<Delegated>(std::move(all), read, account.connection()).run());
  for (Delegated& one : done) {
    if (one.failure) {
      one.row.standing = report::DelegationStanding::unknown;
      one.row.reason = describe(*one.failure);
    }
    document.delegations.push_back(std::move(one.row));
  }
  return {};
}

}  // namespace cpsctl::cli

#include "cli/dns_checks.hpp"

#include "base/fields.hpp"
#include "cli/side_by_side.hpp"
#include "dns/check.hpp"
#include "dns/target.hpp"

#include <algorithm>
#include <utility>

namespace cpsctl::cli {
namespace {

/// CPS orders DV certificates from Let's Encrypt alone (cps-api.md §3.2).
constexpr char const* dv_identity = "letsencrypt.org";
constexpr Duration longest_look = std::chrono::seconds(30);

/// A row and its place; SideBySide moves what it reads.
struct Checked {
  std::size_t at = 0;
  lifecycle::Token token = {};
  report::CheckRow check = {};
  std::optional<Error> failure = {};
};

report::ServerRow row_of(dns::Sight const& sight) {
  return {.server = sight.server.name.shown(),
          .address = sight.server.server.address,
          .has = fields::word(sight.has),
          .words = sight.words};
}

http::Task<> ask_servers(dns::Network& network, Checked& one, dns::Target target, SteadyTime until) {
  auto authority = co_await dns::find_authority(network, target.name, until);
  if (!authority) {
    one.check.standing = fields::word(dns::Standing::failed);
    one.check.reason = describe(authority.error());
    co_return;
  }
  one.check.zone = authority->zone.shown();
  for (dns::Name const& server : authority->without_address)
    one.check.notes.push_back("the zone's name server " + server.shown() + " has no address");
  auto const sights = co_await dns::look(network, std::move(*authority), target.name, one.token.value, until);
  std::ranges::transform(sights, std::back_inserter(one.check.servers), row_of);
  dns::Verdict const verdict = dns::judge(sights);
  one.check.standing = fields::word(verdict.standing);
  one.check.reason = verdict.reason;
  // A validating resolver keeps a "no" for a while: it is asked only where there is something to validate.
  if (network.resolvers.empty() || verdict.standing == dns::Standing::not_yet) {
    one.check.dnssec = fields::word(dns::Dnssec::unknown);
    co_return;
  }
  auto const dnssec = co_await dns::check_dnssec(network, network.resolvers.front(), target.name, until);
  one.check.dnssec = fields::word(dnssec);
}

http::Task<> ask_caa(dns::Network& network, Checked& one, SteadyTime until) {
  auto const caa = co_await dns::check_caa(network, one.token.domain, dv_identity, until);
  if (!caa) {
    one.check.notes.push_back("CAA could not be asked: " + describe(caa.error()));
    co_return;
  }
  one.check.caa = fields::word(caa->issuance);
  one.check.notes.insert(one.check.notes.end(), caa->notes.begin(), caa->notes.end());
}

http::Task<Result<>> check(dns::Network& network, Clock const& clock, Checked& one) {
  SteadyTime const until = clock.steady() + longest_look;
  auto const name = dns::Name::parse(one.token.name);
  if (!name) co_return name.error();
  auto const target = co_await dns::follow(network, *name, until);
  if (target) {
    one.check.target = target->name.text();
    for (dns::Name const& alias : target->aliases) one.check.aliases.push_back(alias.shown());
    co_await ask_servers(network, one, *target, until);
  } else {
    one.check.standing = fields::word(dns::Standing::failed);
    one.check.reason = describe(target.error());
    one.check.dnssec = fields::word(dns::Dnssec::unknown);
  }
  co_await ask_caa(network, one, until);
  co_return Result<>();
}

}  // namespace

Result<dns::Network> dns_network(GlobalOptions const& options, Connection& connection, World& world) {
  dns::Network network{.loop = *connection.loop, .random = world.random};
  for (std::string const& text : options.dns_resolvers) {
    CPS_TRY(dns::Server server, dns::parse_server(text));
    network.resolvers.push_back(std::move(server));
  }
  if (options.dns_resolvers.empty()) {
    auto const configured = world.files.read("/etc/resolv.conf", std::size_t{1} << 16);
    network.resolvers = dns::resolvers_of(configured ? *configured : std::string());
  }
  if (options.dns_port) network.port = static_cast<std::uint16_t>(*options.dns_port);
  return network;
}

Result<> check_records(report::Challenges& challenges, dns::Network& network, Connection& connection,
                       Clock const& clock) {
  std::vector<Checked> records;
  for (std::size_t at = 0; at < challenges.tokens.size(); ++at)
    if (challenges.tokens[at].token.kind == lifecycle::TokenKind::dns)
      records.push_back({.at = at, .token = challenges.tokens[at].token});
  ReadOne<Checked> const read = [&](Checked& one) { return check(network, clock, one); };
  CPS_TRY(auto const done, SideBySide<Checked>(std::move(records), read, connection).run());
  for (Checked const& one : done) {
    report::CheckRow row = one.check;
    if (one.failure) {
      row.standing = fields::word(dns::Standing::failed);
      row.reason = describe(*one.failure);
    }
    challenges.tokens[one.at].check = std::move(row);
  }
  return {};
}

}  // namespace cpsctl::cli

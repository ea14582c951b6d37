#include "dns/authority.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace cpsctl::dns {
namespace {

constexpr std::size_t most_servers = 32;  ///< of a zone; what a hostile zone has more is not asked

/// The SOA record by which an answer tells the name's zone: among the answers for the zone itself, else beside "no".
std::optional<Record> zone_record(Message const& answer, Name const& name) {
  for (auto const* const records : {&answer.answers, &answer.authority})
    for (Record const& one : *records)
      if (one.type == Type::soa && name.lies_in(one.owner)) return one;
  return {};
}

http::Task<Result<Record>> find_zone(Network& network, Name name, SteadyTime deadline) {
  for (Name at = name;; at = at.parent()) {
    auto const answer = co_await ask_resolvers(network, at, Type::soa, deadline);
    if (!answer) co_return answer.error();
    // Not climbed past: the zone above is not where this name's records are.
    if (answer->rcode != Rcode::noerror && answer->rcode != Rcode::nxdomain)
      co_return Error{.code = Errc::unavailable,
                      .message = fmt::format("the resolver answers {} for {}", word(answer->rcode), at.shown()),
                      .next = "check that the zone's name servers work, or name another resolver"};
    if (auto found = zone_record(*answer, at)) co_return std::move(*found);
    if (at.is_root())
      co_return Error{.code = Errc::not_found,
                      .message = fmt::format("no zone is found for {}", name.shown()),
                      .next = "check that the zone is delegated"};
  }
}

}  // namespace

http::Task<Result<std::vector<Server>>> addresses_of(Network& network, std::string host, std::uint16_t port,
                                                     SteadyTime deadline) {
  auto const literal = parse_server(host, port);
  if (literal) co_return std::vector<Server>{*literal};
  CPS_CO_TRY(auto const name, Name::parse(host));
  std::vector<Server> servers;
  std::optional<Error> failed;
  for (Type const type : {Type::a, Type::aaaa}) {
    auto const answer = co_await ask_resolvers(network, name, type, deadline);
    if (!answer) {
      failed = answer.error();
      continue;
    }
    for (Address const& one : values_of<Address>(*answer, name)) servers.push_back({.address = one.text, .port = port});
  }
  if (!servers.empty()) co_return servers;
  if (failed) co_return *failed;
  co_return Error{.code = Errc::not_found,
                  .message = fmt::format("{} has no address", name.shown()),
                  .next = "check the host name"};
}

http::Task<Result<Authority>> find_authority(Network& network, Name name, SteadyTime deadline) {
  std::string const step = "looking for the name servers of " + name.shown();
  auto const zone = co_await find_zone(network, name, deadline);
  if (!zone) co_return Error(zone.error()).within(step);
  Authority authority{.zone = zone->owner, .primary = std::get<Soa>(zone->data).primary};
  auto const answer = co_await ask_resolvers(network, authority.zone, Type::ns, deadline);
  if (!answer) co_return Error(answer.error()).within(step);
  auto hosts = values_of<Pointer>(*answer, authority.zone);
  std::ranges::sort(hosts, {}, &Pointer::to);
  if (hosts.size() > most_servers) hosts.resize(most_servers);
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    auto const found = co_await addresses_of(network, hosts[i].to.text(), network.port, deadline);
    if (!found) authority.without_address.push_back(hosts[i].to);
    if (!found) continue;
    for (Server const& server : *found)
      if (authority.servers.size() < most_servers) authority.servers.push_back({.name = hosts[i].to, .server = server});
  }
  if (!authority.servers.empty()) co_return authority;
  Error const nobody{.code = Errc::not_found,
                     .message = fmt::format("no name server of {} has an address", authority.zone.shown()),
                     .next = "check the zone's NS records"};
  co_return Error(nobody).within(step);
}

}  // namespace cpsctl::dns

#pragma once
#include "base/result.hpp"
#include "dns/exchange.hpp"
#include "dns/name.hpp"

#include <string>
#include <vector>

namespace cpsctl::dns {

/// One address of one name server.
struct NameServer {
  Name name = {};
  Server server = {};
  std::string text() const { return name.shown() + " (" + server.address + ")"; }
};

/// Who speaks for a zone.
struct Authority {
  Name zone = {};
  Name primary = {};                       ///< by its SOA record; may be hidden
  std::vector<NameServer> servers = {};    ///< every address, v4 and v6, of every name server
  std::vector<Name> without_address = {};  ///< name servers whose address nobody knows
};

/// The zone that a name lies in, and its servers, by the network's resolvers. Errors: not_found (no zone, or no server
/// of it has an address), timeout, unavailable, protocol.
http::Task<Result<Authority>> find_authority(Network& network, Name name, SteadyTime deadline);

/// The addresses of a host, A before AAAA, with this port; of an address it is that itself. Errors: not_found, …
http::Task<Result<std::vector<Server>>> addresses_of(Network& network, std::string host, std::uint16_t port,
                                                     SteadyTime deadline);

}  // namespace cpsctl::dns

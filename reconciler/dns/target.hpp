#pragma once
#include "base/result.hpp"
#include "dns/exchange.hpp"
#include "dns/name.hpp"

#include <string>
#include <vector>

namespace cpsctl::dns {

/// Where the value of a name belongs: CNAMEs followed to their end, as the CA follows them.
struct Target {
  Name name = {};
  std::vector<Name> aliases = {};  ///< the names on the way, the first one asked for first; empty without a CNAME
};

/// Follows CNAMEs with the network's resolvers. A name that does not exist (yet) is its own target. Errors: conflict
/// (a loop, more than 16 CNAMEs; the message shows the way), timeout, unavailable, protocol.
http::Task<Result<Target>> follow(Network& network, Name name, SteadyTime deadline);

/// "a -> b -> c", for messages and reports.
std::string way(Target const& target);

}  // namespace cpsctl::dns

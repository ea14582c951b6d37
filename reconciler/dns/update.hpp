#pragma once
#include "base/clock.hpp"
#include "dns/exchange.hpp"
#include "dns/message.hpp"
#include "dns/tsig.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

/// The publisher rfc2136: TXT values in and out of a zone by dynamic updates.
namespace cpsctl::dns {

/// A zone that is written to, where and with what. `server` is its primary: a secondary or a forwarder takes no
/// updates.
struct Rfc2136 {
  Name zone = {};
  Server server = {};
  Key key = {};
  std::uint32_t ttl = 60;
};

/// Sends all changes of the zone: in one message, in several only if they are more than a message holds (100). Nothing
/// else of the names is touched; a second time it changes nothing, so a lost answer is settled by sending it again.
/// A name that has a CNAME takes no TXT value and the server does not say so: publish at its target (follow()).
/// Errors: usage (a name outside the zone, an impossible value), unauthorized (key, clock, policy), refused (not this
/// zone's primary, …), unavailable, timeout, protocol.
http::Task<Result<>> update(Network& network, Clock const& clock, Rfc2136 const& publisher,
                            std::vector<TxtChange> changes, SteadyTime deadline);

/// What an answer to an update means; rcode and TSIG error are told before the signature is looked at, since servers
/// refuse keys without one. `mac`: of the signed question. Pure.
Result<> read_update_answer(std::string_view bytes, Rfc2136 const& publisher, std::string_view mac, WallTime now);

}  // namespace cpsctl::dns

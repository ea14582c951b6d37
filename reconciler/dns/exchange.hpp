#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "dns/message.hpp"
#include "http/task.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cpsctl::dns {

/// One address, not a name. Who may be asked is the caller's decision (`--allow-host`).
struct Server {
  std::string address = {};
  std::uint16_t port = 53;
  std::string text() const;  ///< "192.0.2.1:53", "[2001:db8::1]:53"
  bool operator==(Server const&) const = default;
  auto operator<=>(Server const&) const = default;
};

/// "192.0.2.1", "192.0.2.1:5353", "[2001:db8::1]:53", "2001:db8::1". Errors: usage.
Result<Server> parse_server(std::string_view text, std::uint16_t default_port = 53);

/// The servers of /etc/resolv.conf; without any, that of this machine (127.0.0.1), as resolv.conf(5) has it.
std::vector<Server> resolvers_of(std::string_view resolv_conf);

/// How long one server is waited for: a try of a second, then of two, then of four.
struct Patience {
  Duration first = std::chrono::seconds(1);
  int tries = 3;
  Duration tcp = std::chrono::seconds(10);
};

/// What questions need; made once, and outlives those who ask.
struct Network {
  http::Loop& loop;
  Random& random;
  std::vector<Server> resolvers = {};  ///< asked in order until one can tell
  std::uint16_t port = 53;             ///< of authoritative servers
  Patience patience = {};
};

/// Asks one server: over UDP, again after each try that got no answer, over TCP when the answer is truncated. Any rcode
/// is an answer. Errors: timeout (silent), unavailable (nobody there), protocol (garbage).
http::Task<Result<Message>> ask(Network& network, Server server, Question question, SteadyTime deadline);

/// Asks the network's resolvers (with recursion), in order, until one knows: SERVFAIL, REFUSED and silence are passed
/// on to the next. The last one's answer stands. What does not validate is asked for too (CD): whether it validates is
/// a question of its own, check_dnssec().
http::Task<Result<Message>> ask_resolvers(Network& network, Name name, Type type, SteadyTime deadline);

/// One message over TCP and what answers it, unread. Errors: timeout, unavailable, protocol; `reached` tells whether
/// the server may have got it.
http::Task<Result<std::string>> exchange_tcp(Network& network, Server server, std::string message, SteadyTime deadline);

}  // namespace cpsctl::dns

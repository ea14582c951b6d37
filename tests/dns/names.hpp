#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"
#include "dns/check.hpp"
#include "dns/exchange.hpp"
#include "dns/tsig.hpp"
#include "dns/update.hpp"
#include "http/task.hpp"
#include "program/program.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

/// BIND's named, for real: a primary on 127.0.0.1, a secondary on 127.0.0.2 that learns of nothing by itself, both on
/// one port, and a validating resolver. named listens only at addresses that the machine has, so the secondary stands
/// behind a relay of datagrams. Nobody listens on 127.0.0.8; 127.0.0.9 never answers.
///
///   example.test   static: names with CNAMEs (into acme.test, in a circle, too many), CAA records
///   example.com    static: names that a public CA would take: h0 to h9 and their alt, delegated into acme.test
///                  (that of certbot to another _acme-challenge)
///   acme.test      dynamic: the key "writer" may change TXT records below it, and no other; transferred on demand
///   signed.test    signed; the resolver trusts its key
///   broken.test    signed with another key than the one that the resolver trusts
///   lost.test      not loaded; its own servers answer SERVFAIL
///   half.test      served by the primary; the secondary, which it names too, refuses
///   quiet.test     served by the primary; its other server never answers
///   six.test       its server has an address of either kind; another has none
namespace names {

using namespace cpsctl;
using namespace std::chrono_literals;

/// The secret of the key "writer", hmac-sha256.
extern char const* const secret;

class Servers {
 public:
  Servers();
  ~Servers();
  Servers(Servers const&) = delete;
  Servers& operator=(Servers const&) = delete;

  dns::Server primary() const { return at("127.0.0.1"); }
  dns::Server secondary() const { return at("127.0.0.2"); }
  dns::Server secondary_itself() const;  ///< past the relay, over TCP too
  dns::Server resolver() const;
  dns::Server nobody() const { return at("127.0.0.8"); }
  dns::Server silent() const { return at("127.0.0.9"); }
  std::uint16_t port() const;

  /// The secondary fetches acme.test; returns when it has the value.
  void transfer(dns::Name const& name, std::string const& value) const;

 private:
  dns::Server at(std::string address) const { return {.address = std::move(address), .port = port()}; }

  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Started once for all tests; ended with the test program.
Servers& servers();

/// A loop and a network for one test. Patience is short where it is spent on purpose.
struct Bench {
  Bench();

  http::Loop loop = {};
  SeededRandom random{7};
  dns::Network network;

  SteadyTime soon() const { return system_clock().steady() + 20s; }
  dns::Rfc2136 writer() const;
  Result<> add(std::string const& name, std::string const& value);
  Result<> remove(std::string const& name, std::string const& value);
  Result<dns::Message> ask(dns::Server const& server, dns::Question const& question);
  /// The TXT values of a name at the primary, sorted, with commas between.
  std::string values(std::string const& name);
};

dns::Name name(std::string const& text);
dns::Key key(std::string const& text);

/// The machine's clock, `ahead` of the truth.
struct Skewed final : Clock {
  explicit Skewed(std::chrono::seconds by) : ahead(by) {}
  WallTime wall() const override { return system_clock().wall() + ahead; }
  SteadyTime steady() const override { return system_clock().steady(); }
  std::chrono::seconds ahead;
};

}  // namespace names

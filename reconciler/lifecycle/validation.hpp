#pragma once
#include "base/clock.hpp"
#include "cps/inputs.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

/// Which names of a change the CA has still to validate (cps-api.md §4.5). Pure.
namespace cpsctl::lifecycle {

struct Awaited {
  std::vector<std::string> names = {};  ///< each once, in CPS's order
  /// When CPS asked for the first of their tokens: nothing without names, or if CPS does not say.
  std::optional<WallTime> since = {};
};

/// Has the CA validated it?
bool is_validated(cps::DomainValidation const& one);

/// Those whose tokens can be published: tokens of an expired authorization are of no use, and CPS fetches new ones.
Awaited awaited(cps::Challenges const& challenges);

// dns: a TXT record. http: a file at a URL of the host.
BOOST_DEFINE_ENUM_CLASS(TokenKind, dns, http)

/// What the CA wants to see of one name, in one of the two ways; either is enough.
struct Token {
  std::string domain = {};  ///< "*.example.com" too
  TokenKind kind = TokenKind::dns;
  std::string name = {};      ///< of dns: where the TXT record is looked for, with its last dot
  std::string url = {};       ///< of http
  std::string redirect = {};  ///< of http: where Akamai serves the value, too; may be empty
  std::string value = {};     ///< of the TXT record, or of the file
  std::optional<WallTime> requested = {};
  std::optional<WallTime> expires = {};
  bool operator==(Token const&) const = default;
};

struct Tokens {
  std::vector<Token> tokens = {};  ///< of the names of awaited(), in CPS's order; each once
  /// What CPS gave that is no token, a clause each, printable: nobody writes it into a zone, or a command.
  std::vector<std::string> odd = {};
};

/// Could it be the value of a dns-01 token: a SHA-256 as base64url (RFC 8555 §8.4)?
bool is_dns_value(std::string_view value);

/// What there is to publish. A dns-01 value is base64url, its name the _acme-challenge of its domain; an http-01 URL is
/// below /.well-known/acme-challenge/ of its host (RFC 8555 §8.3, §8.4): anything else goes nowhere.
Tokens tokens(cps::Challenges const& challenges);

}  // namespace cpsctl::lifecycle

#pragma once
#include "base/clock.hpp"
#include "sandbox/behaviour.hpp"
#include "sandbox/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The tokens of an order's names, and which of the names count as validated. Tokens are computed from the change, the
/// name and the time, so that they stay the same from read to read and nothing has to be kept. Pure.
namespace cpsctl::sandbox {

/// How a name stands: one set of tokens and its time, or the proof that made them needless.
struct Authorization {
  std::int64_t change = 0;
  std::int64_t lapses = 0;      ///< how often the name was validated and lapsed before these tokens
  std::int64_t generation = 0;  ///< of the tokens since then: they are renewed when they have expired
  WallTime requested = {};
  WallTime expires = {};                   ///< of the tokens; of a validated name: when that ends
  std::optional<WallTime> validated = {};  ///< since when the name needs no token
  bool expired(WallTime now) const { return now >= expires; }
};

Authorization authorization_of(Change const& change, std::string_view name, Behaviour const& behaviour, WallTime now);

/// What is to be found, and where. Of a wildcard there is no http-01 challenge.
struct HttpToken {
  std::string token = {};
  std::string path = {};      ///< /.well-known/acme-challenge/TOKEN
  std::string redirect = {};  ///< where Akamai serves the body: a redirect there is as good
  std::string body = {};
};
struct DnsToken {
  std::string token = {};
  std::string name = {};  ///< _acme-challenge.www.example.com, without a last dot
  std::string value = {};
};
std::optional<HttpToken> http_token(Authorization const& set, std::string_view name, std::string_view account);
DnsToken dns_token(Authorization const& set, std::string_view name, std::string_view account);

/// The names that an order is for.
std::vector<std::string> names_of(Order const& order);

}  // namespace cpsctl::sandbox

#pragma once
#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "dns/message.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// Signed messages (RFC 8945). Not ldns's own: that takes the time from the machine, and cannot say why a check failed.
namespace cpsctl::dns {

enum class Algorithm : std::uint8_t { hmac_sha256, hmac_sha512 };

struct Key {
  Name name = {};
  Algorithm algorithm = Algorithm::hmac_sha256;
  Secret secret = {};  ///< decoded
};

/// "hmac-sha256:NAME:BASE64", as a variable holds it. Errors: usage, which never quotes the secret.
Result<Key> parse_key(std::string_view text);

/// named's key file: `key "NAME" { algorithm hmac-sha256; secret "BASE64"; };`, as tsig-keygen writes it. Errors:
/// usage.
Result<Key> parse_key_file(std::string_view text);

/// The key in a file, which must lie outside `project` (the folder of the project file; empty: not asked) and be no
/// reading for everybody. Errors: io, usage.
Result<Key> read_key_file(Files& files, std::filesystem::path const& path, std::filesystem::path const& project);

struct Signed {
  std::string bytes = {};
  std::string mac = {};  ///< an answer's signature covers it
};
Signed sign(std::string message, Key const& key, WallTime now);

/// Is the answer signed with the key, over the request that has this mac, and now? Errors: protocol, unauthorized.
Result<> verify(std::string_view bytes, Message const& answer, Key const& key, std::string_view request_mac,
                WallTime now);

}  // namespace cpsctl::dns

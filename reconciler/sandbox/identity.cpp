#include "sandbox/identity.hpp"

#include "base/text.hpp"
#include "sandbox/problems.hpp"

#include <fmt/format.h>

namespace cpsctl::sandbox {
namespace {

/// Shaped like Akamai's: akab-xxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx.
std::string token(Random& random) {
  std::string const digits = hex_id(random);
  return fmt::format("akab-{}-{}", digits.substr(0, 16), digits.substr(16));
}

/// 32 random bytes as base64: 44 characters that end in '=', as Akamai's secrets do.
std::string secret(Random& random) {
  std::string bytes;
  for (int word = 0; word < 4; ++word) {
    std::uint64_t value = random.next();
    for (int i = 0; i < 8; ++i, value >>= 8) bytes += static_cast<char>(value & 0xff);
  }
  return text::base64(bytes);
}

}  // namespace

Result<edgegrid::Credentials> load_or_make_credentials(Files& files, std::filesystem::path const& edgerc,
                                                       std::string const& authority, Random& random) {
  auto const no_environment = [](std::string const&) { return std::optional<std::string>(); };
  edgegrid::CredentialSource const source{.edgerc = edgerc};
  edgegrid::Credentials credentials;
  if (auto kept = edgegrid::load_credentials(source, no_environment, files)) {
    credentials = std::move(*kept);
  } else {
    credentials.client_token = Secret(token(random));
    credentials.access_token = Secret(token(random));
    credentials.client_secret = Secret(secret(random));
  }
  credentials.host = authority;
  std::string const text = fmt::format(
      "; credentials of the cpsctl sandbox in this folder; its port changes from start to start\n"
      "[default]\nhost = {}\nclient_token = {}\nclient_secret = {}\naccess_token = {}\n",
      authority, credentials.client_token.reveal(), credentials.client_secret.reveal(),
      credentials.access_token.reveal());
  CPS_CHECK(files.replace(edgerc, text));
  return credentials;
}

}  // namespace cpsctl::sandbox

#pragma once
#include "cli/settings.hpp"
#include "cps/session.hpp"
#include "http/client.hpp"
#include "sandbox/server.hpp"

#include <memory>
#include <string>

namespace cpsctl::cli {

/// What an online command talks through: the embedded CPS if asked for, credentials, the client, the session. Members
/// are destroyed from the last to the first.
struct Connection {
  std::unique_ptr<sandbox::Server> server = {};
  std::unique_ptr<http::Loop> loop = {};
  std::unique_ptr<http::Client> client = {};
  std::unique_ptr<cps::Session> session = {};
  std::unique_ptr<cps::Session> edge_dns = {};  ///< where the project publishes there
  std::string realm = {};                       ///< what the state belongs to (state/realm.hpp)
  std::string host = {};                        ///< the API host of the credentials
  std::string credentials = {};                 ///< where they come from, in words
  std::size_t parallelism = 1;                  ///< requests in flight at once
  std::string default_account = {};             ///< account key of the flag or of the credentials
  std::string own_account = {};                 ///< of the credentials alone
};

/// Errors: unauthorized (credentials), usage (proxy), unavailable (CA file), io (sandbox folder).
Result<Connection> connect(Options const& options, Settings const& settings, World& world);

}  // namespace cpsctl::cli

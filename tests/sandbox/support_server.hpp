#pragma once
#include "http/client.hpp"
#include "sandbox/server.hpp"
#include "support.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

/// A signing client over real TLS, for what only sockets show.
namespace cpsctl::sandbox::test {

/// A folder of its own under the temporary one, removed at the end.
struct Folder {
  Folder() : path(std::filesystem::temp_directory_path() / ("cpsctl-sandbox-" + system_random().uuid())) {}
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Folder(Folder const&) = delete;
  Folder& operator=(Folder const&) = delete;
  std::filesystem::path path;
};

edgegrid::Credentials read_credentials(Server const& server);

http::Request signed_for(edgegrid::Credentials const& known, std::string method, std::string target,
                         std::string body = "");

struct Answers {
  std::vector<int> statuses;  ///< 0: an error instead of an answer
  std::vector<Errc> errors;   ///< of those
  std::vector<Reached> reached;
  std::vector<std::string> texts;
  Result<http::Response> last = Error{};
};

/// Sends the requests one after the other, on one client.
Answers converse(Server const& server, std::vector<http::Request> requests, std::string ca_file = "");

}  // namespace cpsctl::sandbox::test

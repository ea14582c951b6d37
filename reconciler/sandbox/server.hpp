#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// The embedded CPS: a real HTTPS server on loopback that checks signatures and answers like CPS (cps-api.md).
namespace cpsctl::sandbox {

struct ServerOptions {
  std::filesystem::path folder = ".cpsctl/sandbox";  ///< data, edgerc, ca.pem, requests.log
  std::uint16_t port = 0;                            ///< 0: any free one
  bool strict = false;                               ///< only what the OpenAPI allows, plus allow-duplicate-cn
  bool real_limits = false;                          ///< 35/60 s and 20/2 s per account
  std::vector<std::string> contracts = {};           ///< only these; empty: any
  Clock const* clock = nullptr;                      ///< nullptr: the system's
  Random* random = nullptr;
  std::function<void(std::string_view line)> log = {};  ///< one line a request, and what it refuses and why
};

/// Serves on a thread of its own from start() to stop() or destruction.
class Server {
 public:
  /// Makes the folder, a CA and a server certificate, credentials; writes `edgerc` (section [default]) and `ca.pem`.
  /// Errors: io (folder, port in use).
  static Result<std::unique_ptr<Server>> start(ServerOptions options);
  virtual ~Server() = default;

  virtual std::string authority() const = 0;  ///< "localhost:41234"
  virtual std::filesystem::path edgerc() const = 0;
  virtual std::filesystem::path ca_file() const = 0;
  virtual std::size_t requests() const = 0;  ///< answered so far, all kinds
  virtual void stop() = 0;                   ///< finishes what is in flight, saves the data
};

}  // namespace cpsctl::sandbox

#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "sandbox/behaviour.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

/// The embedded CPS: a real HTTPS server on loopback that checks signatures and answers like CPS (cps-api.md).
namespace cpsctl::sandbox {

struct ServerOptions {
  std::filesystem::path folder = ".cpsctl/sandbox";  ///< data, edgerc, ca.pem, requests.log
  std::uint16_t port = 0;                            ///< 0: any free one
  Behaviour behaviour = {};
  Clock const* clock = nullptr;  ///< nullptr: the system's; asked on the server's thread
  Random* random = nullptr;      ///< nullptr: the system's; asked on the server's thread
  /// One readable line a request, with what was refused or let pass and why; called on the server's thread.
  std::function<void(std::string_view line)> log = {};
};

/// Serves on a thread of its own from start() to stop() or destruction.
class Server {
 public:
  /// Makes the folder, a CA and a server certificate, credentials; writes `edgerc` (section [default]) and `ca.pem`.
  /// CA, credentials and data of an earlier start are kept; the port, unless given, is another one. requests.log gets
  /// a JSON line a request: time, method, target, status, account ("own" without accountSwitchKey), contentType,
  /// accept, refused (why; empty when carried out), notes (what a lenient server let pass), fault (what hit it on
  /// purpose); a connection that a fault ended before its first request has a line without a method.
  /// Errors: io (folder in use by another server, port in use); protocol (damaged data).
  static Result<std::unique_ptr<Server>> start(ServerOptions options);
  virtual ~Server() = default;

  virtual std::string authority() const = 0;  ///< "localhost:41234"
  virtual std::filesystem::path edgerc() const = 0;
  virtual std::filesystem::path ca_file() const = 0;
  virtual std::size_t requests() const = 0;  ///< answered so far, all kinds
  /// Moves the sandbox's time on, at once: what is due by then has happened when the next request arrives. Signatures
  /// stay with the real time. From any thread but the server's own. Errors: io.
  virtual Result<> forward(Duration time) = 0;
  virtual void stop() = 0;  ///< finishes what is in flight (2 s at most), saves the data; may be called twice
};

}  // namespace cpsctl::sandbox

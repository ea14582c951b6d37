#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/task.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// HTTPS/1.1 client: pool with keep-alive, TLS 1.2+, host name verification, deadlines, proxy. Knows no CPS.
namespace cpsctl::http {

struct Header {
  std::string name;
  std::string value;
};

/// A host and port, parsed from "host", "host:port" or "[v6]:port". Errors: usage.
struct Endpoint {
  std::string host;
  std::uint16_t port = 443;
  static Result<Endpoint> parse(std::string_view text, std::uint16_t default_port = 443);
  std::string authority() const;  ///< as in the Host header: the port only when it is not 443
};

struct Request {
  std::string method = "GET";
  std::string target = "/";          ///< path and query exactly as they go out
  std::vector<Header> headers = {};  ///< Host, Content-Length, Connection are the client's
  std::string body = {};
};

struct Response {
  int status = 0;
  std::vector<Header> headers = {};
  std::string body = {};  ///< empty when a sink took it
  bool cut = false;  ///< `body` is what came of it: it broke off, was garbage, too large or too late (status >= 400)
  /// First header of that name, case-insensitive; empty if there is none.
  std::string_view header(std::string_view name) const;
};

/// Takes a 2xx body piece by piece; an error ends the request with that error.
using Sink = std::function<Result<>(std::string_view piece)>;

struct SendOptions {
  SteadyTime deadline = SteadyTime::max();      ///< of the run
  Duration timeout = std::chrono::seconds(60);  ///< of this request, head to tail
  /// From when on the timeout counts; nothing: from when the request has its place among the connections.
  std::optional<SteadyTime> begun = {};
  /// Nothing is sent any more once it is so late by the wall clock. Steady time stops while the machine sleeps;
  /// others, who take the request as over by then, do not.
  std::optional<WallTime> ends_by = {};
  std::size_t max_body = std::size_t{16} << 20;  ///< larger answers are refused, not truncated
  Sink sink = {};
  /// Called once the connection is there, right before the request goes out: what must be fresh then, as a signature.
  std::function<void(Request&)> complete = {};
};

struct ClientOptions {
  Endpoint endpoint = {};
  std::string ca_file = {};  ///< --ca-file: these CAs instead of the system's; empty: SSL_CERT_FILE, then the system's
  std::optional<Endpoint> proxy = {};    ///< CONNECT through it
  std::string proxy_authorization = {};  ///< "Basic …" from the proxy's URL; never logged
  Duration connect_timeout = std::chrono::seconds(10);
  std::size_t connections = 8;  ///< at most so many at once
};

/// The proxy for `host` by HTTPS_PROXY/https_proxy and NO_PROXY/no_proxy (suffixes, exact names, IPs, "*").
struct ProxyChoice {
  std::optional<Endpoint> proxy = {};
  std::string authorization = {};
};
Result<ProxyChoice> choose_proxy(Endpoint const& target,
                                 std::function<std::optional<std::string>(std::string const&)> const& environment);

/// All calls on the loop's thread.
class Client {
 public:
  /// Errors: unavailable when the CA file cannot be used.
  static Result<std::unique_ptr<Client>> open(Loop& loop, ClientOptions options);
  virtual ~Client() = default;

  /// Sends one request and reads one answer; any complete answer is a value, whatever its status, and so is an error
  /// (status >= 400) of which only the head is complete: that tells what became of the request. Redirects are not
  /// followed. Nothing is sent twice: a repetition needs a signature and a turn of its own. Errors: unavailable
  /// (resolve, connect, TLS), timeout, cancelled, protocol; `reached` is `no` while no byte of the request can have
  /// arrived, `unknown` after.
  virtual Task<Result<Response>> send(Request request, SendOptions options) = 0;

  /// Ends all connections; requests under way end with `cancelled`.
  virtual void close() = 0;
};

}  // namespace cpsctl::http

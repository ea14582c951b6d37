#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "sandbox/exchange.hpp"
#include "sandbox/tls.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

/// One client's connection: TLS, HTTP/1.1, and the faults of the wire.
namespace cpsctl::sandbox {

// A concrete executor: half the code and compile time of any_io_executor.
using Executor = boost::asio::io_context::executor_type;
template <class T = void>
using Task = boost::asio::awaitable<T, Executor>;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;

/// What came of reading a request: one of the three.
struct Incoming {
  std::optional<Request> request = {};
  int bad = 0;  ///< status to answer before closing; 0 with no request: the connection is over
  bool keep_alive = false;
};

/// What goes out, and on which terms.
struct Outgoing {
  Response response = {};
  WallTime now = {};  ///< for the Date header
  bool keep_alive = false;
  bool with_body = true;  ///< false: the answer to a HEAD
  /// Reads on for a while before it closes: closing on unread bytes resets the connection, and a client that is still
  /// sending would never see why it was refused.
  bool drain = false;
};

/// Works on one thread. Each step has a deadline that the owner watches: overdue() says when to close().
class Connection {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  virtual ~Connection() = default;

  virtual Task<bool> handshake() = 0;
  virtual Task<> break_handshake() = 0;  ///< closes when the client has said its first word
  virtual Task<Incoming> read() = 0;
  /// False when the connection is of no more use: broken, closed by a fault, or not to be kept.
  virtual Task<bool> write(Outgoing outgoing) = 0;
  /// False when close() ended it early.
  virtual Task<bool> pause(Duration time) = 0;

  virtual void close() = 0;  ///< ends every step under way
  virtual void reset() = 0;  ///< the same, with a TCP reset
  virtual bool overdue(Moment now) const = 0;
  virtual bool idle() const = 0;  ///< between two requests
};
using ConnectionPtr = std::shared_ptr<Connection>;

/// Makes connections that show one certificate.
class TlsListener {
 public:
  /// Errors: io, for a pair that OpenSSL refuses.
  static Result<std::unique_ptr<TlsListener>> make(KeyPair const& pair);
  virtual ~TlsListener() = default;
  virtual ConnectionPtr connection(Socket socket) = 0;
};

/// "Service Unavailable".
std::string_view reason_phrase(int status);

}  // namespace cpsctl::sandbox

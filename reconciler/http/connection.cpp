#include "http/connection.hpp"

#include "base/text.hpp"

#include <array>
#include <sys/socket.h>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace cpsctl::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using Socket = asio::basic_stream_socket<Tcp, Executor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Resolver = asio::ip::basic_resolver<Tcp, Executor>;
using Addresses = std::vector<Tcp::endpoint>;
constexpr auto as_value = asio::as_tuple(asio::use_awaitable_t<Executor>());

SteadyTime now() {
  return system_clock().steady();
}

/// A name on its way to the system's resolver. getaddrinfo cannot be interrupted, so the waiting task sleeps meanwhile.
struct Lookup {
  explicit Lookup(Executor const& executor) : resolver(executor), bell(executor) {}
  Resolver resolver;
  Timer bell;
  error_code failure = {};
  Addresses found = {};
  bool done = false;
};

class Stream final : public Connection, public std::enable_shared_from_this<Stream> {
 public:
  Stream(Loop& loop, Tls& tls, std::shared_ptr<ClientOptions const> options)
      : options_(std::move(options)),
        timer_(loop.context().get_executor()),
        stream_(Socket(loop.context().get_executor()), tls.session(options_->endpoint.host, report_)) {}

  Task<Result<>> open(Limit limit) override;
  Task<Result<>> exchange(std::string const& text, Answer& answer, Limit limit) override;
  bool idle() override;
  void abort() override { end(End::cancelled); }

 private:
  enum class End : std::uint8_t { none, expired, cancelled };

  Task<Result<Addresses>> resolve(Endpoint where, Limit limit);
  Task<Result<>> connect(Endpoint where, Limit limit);
  Task<Result<>> tunnel(Limit limit);
  Task<Result<>> shake_hands(Limit limit);
  Task<Result<>> receive(Answer& answer, Limit limit, error_code unsent);

  std::string host() const { return options_->endpoint.authority(); }
  void arm(SteadyTime at);
  void disarm() { timer_.cancel(), ++armed_; }
  void end(End how);
  void cut_off();
  Error failure(std::string doing, error_code const& reason, Limit const& limit, std::string next = {}) const;
  Error lost(Answer const& answer, error_code const& reason, Limit const& limit);

  std::shared_ptr<ClientOptions const> options_;
  TlsReport report_ = {};
  Timer timer_;
  asio::ssl::stream<Socket> stream_;
  std::weak_ptr<Lookup> lookup_ = {};
  std::array<char, 17000> chunk_ = {};  // a TLS record at once
  unsigned armed_ = 0;                  // which arming a timer that rings belongs to
  End end_ = End::none;
  bool open_ = false;
};

/// Closing the socket is what ends a connect, read or write that is under way.
void Stream::end(End how) {
  if (end_ != End::cancelled) end_ = how;
  cut_off();
  if (auto const lookup = lookup_.lock()) lookup->bell.cancel();
  open_ = false;
}

/// By a reset: a socket that is merely closed goes on delivering what it holds of a request that counts as over.
void Stream::cut_off() {
  error_code ignored;
  stream_.next_layer().set_option(asio::socket_base::linger(true, 0), ignored);
  stream_.next_layer().close(ignored);
}

void Stream::arm(SteadyTime at) {
  timer_.expires_at(at);
  unsigned const mine = ++armed_;
  timer_.async_wait([weak = weak_from_this(), mine](error_code const& stopped) {
    auto const self = weak.lock();
    if (!stopped && self && self->armed_ == mine) self->end(End::expired);
  });
}

Error Stream::failure(std::string doing, error_code const& reason, Limit const& limit, std::string next) const {
  if (end_ == End::cancelled) return {.code = Errc::cancelled, .message = "cancelled while " + doing};
  if (end_ == End::expired)
    return {.code = Errc::timeout, .message = fmt::format("{} {}", doing, limit.passed), .next = std::move(next)};
  return {.code = Errc::unavailable,
          .message = fmt::format("{} failed: {}", doing, reason.message()),
          .next = std::move(next),
          .lasting = reason == asio::error::host_not_found};
}

Task<Result<Addresses>> Stream::resolve(Endpoint where, Limit limit) {
  error_code not_numeric;
  auto const address = asio::ip::make_address(where.host, not_numeric);
  if (!not_numeric) co_return Addresses{Tcp::endpoint(address, where.port)};
  auto const lookup = std::make_shared<Lookup>(timer_.get_executor());
  lookup_ = lookup;
  lookup->bell.expires_at(limit.at);
  lookup->resolver.async_resolve(where.host, std::to_string(where.port), Resolver::numeric_service,
                                 [lookup](error_code const& failed, Resolver::results_type const& results) {
                                   lookup->failure = failed;
                                   for (auto const& entry : results) lookup->found.push_back(entry.endpoint());
                                   lookup->done = true;
                                   lookup->bell.cancel();
                                 });
  auto const [stopped] = co_await lookup->bell.async_wait(as_value);
  if (!stopped && !lookup->done && end_ == End::none) end_ = End::expired;
  if (!lookup->done) lookup->resolver.cancel();
  if (end_ == End::none && !lookup->failure && !lookup->found.empty()) co_return std::move(lookup->found);
  co_return failure(fmt::format("looking up the address of {}", where.host), lookup->failure, limit,
                    "check the host name and this machine's network; behind a proxy, set HTTPS_PROXY");
}

Task<Result<>> Stream::connect(Endpoint where, Limit limit) {
  auto const found = co_await resolve(where, limit);
  if (!found) co_return found.error();
  Addresses const& addresses = *found;
  error_code last = asio::error::host_not_found;
  for (std::size_t i = 0; i < addresses.size() && end_ != End::cancelled; ++i) {
    // An address that swallows packets leaves the others their share of the time.
    end_ = End::none;
    auto const left = limit.at - now();
    arm(now() + left / static_cast<int>(addresses.size() - i));
    auto const [failed] = co_await stream_.next_layer().async_connect(addresses[i], as_value);
    disarm();
    last = failed;
    if (!failed && end_ == End::none) {
      error_code ignored;
      stream_.next_layer().set_option(Tcp::no_delay(true), ignored);
      co_return Result<>();
    }
    error_code ignored;
    stream_.next_layer().close(ignored);
  }
  co_return failure(fmt::format("connecting to {}:{}", where.host, where.port), last, limit,
                    "check host and port, and this machine's network; behind a proxy, set HTTPS_PROXY");
}

Task<Result<>> Stream::tunnel(Limit limit) {
  Endpoint const& target = options_->endpoint;
  std::string const proxy = fmt::format("the proxy {}:{}", options_->proxy->host, options_->proxy->port);
  std::string const bare = Endpoint{.host = target.host, .port = 443}.authority();
  std::string text = fmt::format("CONNECT {0}:{1} HTTP/1.1\r\nHost: {0}:{1}\r\n", bare, target.port);
  if (!options_->proxy_authorization.empty()) text += "Proxy-Authorization: " + options_->proxy_authorization + "\r\n";
  text += "\r\n";
  AnswerOptions reading{.from = proxy, .bodiless = true};
  Answer answer(std::move(reading));
  std::string const doing = fmt::format("asking {} for {}", proxy, host());
  for (std::size_t sent = 0; sent < text.size();) {
    auto const [failed, length] =
        co_await stream_.next_layer().async_write_some(asio::buffer(text.data() + sent, text.size() - sent), as_value);
    if (failed) co_return failure(doing, failed, limit);
    sent += length;
  }
  while (!answer.complete()) {
    auto const [failed, length] = co_await stream_.next_layer().async_read_some(asio::buffer(chunk_), as_value);
    if (failed) co_return failure(doing, failed, limit, "check HTTPS_PROXY");
    auto fed = answer.feed(std::string_view(chunk_.data(), length));
    if (!fed) {
      Error error = std::move(fed).error();
      error.next = "check HTTPS_PROXY";
      error.reached = Reached::no;
      co_return error;
    }
  }
  int const status = answer.take().status;
  if (status == 407)
    co_return Error{.code = Errc::unavailable,
                    .message = fmt::format("{} wants other credentials (407)", proxy),
                    .next = "put user and password into HTTPS_PROXY: http://user:password@host:port",
                    .lasting = true};
  if (status < 200 || status > 299)
    co_return Error{.code = Errc::unavailable,
                    .message = fmt::format("{} refused to connect to {} (status {})", proxy, host(), status),
                    .next = "allow this host in the proxy, or name it in NO_PROXY"};
  co_return Result<>();
}

Task<Result<>> Stream::shake_hands(Limit limit) {
  auto const [failed] = co_await stream_.async_handshake(asio::ssl::stream_base::client, as_value);
  if (!failed && end_ == End::none) co_return Result<>();
  if (end_ != End::none) co_return failure(fmt::format("the TLS handshake with {}", host()), failed, limit);
  co_return handshake_failure(host(), failed, report_);
}

Task<Result<>> Stream::open(Limit limit) {
  auto const self = shared_from_this();
  Endpoint const where = options_->proxy.value_or(options_->endpoint);
  auto connected = co_await connect(where, limit);
  if (!connected) co_return connected;
  arm(limit.at);
  if (options_->proxy) {
    auto tunnelled = co_await tunnel(limit);
    if (!tunnelled) co_return tunnelled;
  }
  auto shaken = co_await shake_hands(limit);
  disarm();
  open_ = shaken.has_value();
  co_return shaken;
}

/// The connection broke before the answer was complete.
Error Stream::lost(Answer const& answer, error_code const& reason, Limit const& limit) {
  std::string const doing = fmt::format("waiting for the answer of {}", host());
  bool const closed = reason == asio::error::eof || reason == asio::ssl::error::stream_truncated ||
                      reason == asio::error::connection_reset || reason == asio::error::broken_pipe;
  if (end_ == End::none && closed) return answer.broken_off();
  return failure(doing, reason, limit, "run again later, or allow more time: --timeout, --deadline");
}

Task<Result<>> Stream::receive(Answer& answer, Limit limit, error_code unsent) {
  while (!answer.complete()) {
    auto const [failed, length] = co_await stream_.async_read_some(asio::buffer(chunk_), as_value);
    auto fed = answer.feed(std::string_view(chunk_.data(), length));
    if (!fed) co_return fed;
    if (answer.complete() || !failed) continue;
    // Only a proper end (close_notify) may end a body without a length: anybody can cut a TCP stream.
    if (failed == asio::error::eof && answer.begun() && end_ == End::none) co_return answer.end_of_stream();
    co_return lost(answer, unsent ? unsent : failed, limit);
  }
  co_return Result<>();
}

Task<Result<>> Stream::exchange(std::string const& text, Answer& answer, Limit limit) {
  auto const self = shared_from_this();
  // A process that stood still for a while, or a machine that slept, must not send what others take as over.
  if (limit.over(system_clock()))
    co_return Error{.code = Errc::timeout, .message = "sending to " + host() + " " + limit.passed};
  arm(limit.at);
  error_code unsent;
  for (std::size_t sent = 0; sent < text.size() && !unsent;) {
    auto const [failed, length] =
        co_await stream_.async_write_some(asio::buffer(text.data() + sent, text.size() - sent), as_value);
    unsent = failed;
    sent += length;
  }
  // A server that refuses a long request may answer and close before it has read all: look for that answer.
  auto outcome = co_await receive(answer, limit, unsent);
  disarm();
  open_ = open_ && outcome && !unsent;
  if (!outcome) cut_off();
  if (outcome || answer.failed()) co_return Result<>();
  Error error = std::move(outcome).error();
  error.reached = Reached::unknown;
  co_return error;
}

bool Stream::idle() {
  if (!open_ || SSL_pending(stream_.native_handle()) > 0) return false;
  char byte = 0;
  auto& socket = stream_.next_layer();
  ssize_t const waiting = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return waiting < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

std::shared_ptr<Connection> Connection::make(Loop& loop, Tls& tls, std::shared_ptr<ClientOptions const> options) {
  return std::make_shared<Stream>(loop, tls, std::move(options));
}

}  // namespace cpsctl::http

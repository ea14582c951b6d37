#include "sandbox/connection.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

namespace cpsctl::sandbox {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using namespace std::chrono_literals;
using boost::system::error_code;

using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable_t<Executor>{});

constexpr std::size_t largest_body = std::size_t{1} << 20;
constexpr std::uint32_t largest_head = 32 * 1024;
constexpr auto idle_time = 60s;      ///< kept-alive connections without a request
constexpr auto exchange_time = 20s;  ///< handshake; a request from its first byte to the answer's last
constexpr auto farewell_time = 1s;   ///< for close_notify
constexpr auto drain_time = 1s;
constexpr std::size_t most_drained = std::size_t{16} << 20;

enum class Phase : std::uint8_t { idle, busy };

int status_for(error_code error) {
  if (error == beast::http::error::body_limit) return 413;
  if (error == beast::http::error::header_limit) return 431;
  return 400;
}

std::string head_of(Outgoing const& outgoing) {
  Response const& response = outgoing.response;
  std::string head = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Length: {}\r\n", response.status,
                                 reason_phrase(response.status), http_date(outgoing.now + response.delivery.skew),
                                 response.body.size());
  if (!response.content_type.empty()) head += fmt::format("Content-Type: {}\r\n", response.content_type);
  for (Header const& header : response.headers) head += fmt::format("{}: {}\r\n", header.name, header.value);
  head += outgoing.keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

class TlsConnection final : public Connection {
 public:
  TlsConnection(Socket socket, asio::ssl::context& context)
      : stream_(std::move(socket), context), timer_(stream_.get_executor()) {
    error_code ignored;
    peer_ = stream_.lowest_layer().remote_endpoint(ignored).address().to_string();
    due_in(exchange_time);
  }

  Task<bool> handshake() override;
  Task<> break_handshake() override;
  Task<Incoming> read() override;
  Task<bool> write(Outgoing outgoing) override;
  Task<bool> pause(Duration time) override;

  void close() override {
    error_code ignored;
    stream_.lowest_layer().close(ignored);
    timer_.cancel();
    closed_ = true;
  }
  void reset() override;
  bool overdue(Moment now) const override { return now >= deadline_; }
  bool idle() const override { return phase_ == Phase::idle; }

 private:
  void due_in(std::chrono::steady_clock::duration time) { deadline_ = std::chrono::steady_clock::now() + time; }
  void enter(Phase phase) {
    phase_ = phase;
    due_in(phase == Phase::idle ? idle_time_ : exchange_time);
  }
  Task<bool> send(Outgoing const& outgoing);
  Task<> drain();
  Request taken(beast::http::request<beast::http::string_body>&& message) const;

  asio::ssl::stream<Socket> stream_;
  Timer timer_;
  beast::flat_buffer buffer_;
  Moment deadline_ = {};
  Phase phase_ = Phase::busy;
  std::chrono::steady_clock::duration idle_time_ = sandbox::idle_time;
  std::string peer_;
  bool closed_ = false;
};

Task<bool> TlsConnection::handshake() {
  auto const [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, as_result);
  co_return !error;
}

Task<> TlsConnection::break_handshake() {
  std::array<char, std::size_t{16} * 1024> hello;  // all of it: closing on unread bytes would be a reset
  auto const [ended, received] = co_await stream_.next_layer().async_read_some(asio::buffer(hello), as_result);
  static_cast<void>(ended);
  close();
}

Request TlsConnection::taken(beast::http::request<beast::http::string_body>&& message) const {
  Request request{.method = std::string(message.method_string()), .target = std::string(message.target())};
  for (auto const& field : message)
    request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  request.body = std::move(message.body());
  request.client_ip = peer_;
  return request;
}

Task<Incoming> TlsConnection::read() {
  beast::http::request_parser<beast::http::string_body> parser;
  parser.eager(true);
  parser.body_limit(largest_body);
  parser.header_limit(largest_head);
  bool continued = false;
  enter(buffer_.size() > 0 ? Phase::busy : Phase::idle);
  while (!parser.is_done()) {
    if (buffer_.size() > 0) {
      error_code error;
      std::size_t const used = parser.put(buffer_.data(), error);
      buffer_.consume(used);
      if (error && error != beast::http::error::need_more) co_return Incoming{.bad = status_for(error)};
      if (parser.is_done()) break;
    }
    if (!continued && parser.is_header_done() && parser.get()[beast::http::field::expect] == "100-continue") {
      continued = true;
      std::string const go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      auto const [error, sent] = co_await asio::async_write(stream_, asio::buffer(go_on), as_result);
      if (error) co_return Incoming{};
    }
    auto const room = buffer_.prepare(std::size_t{16} * 1024);
    auto const [error, received] = co_await stream_.async_read_some(room, as_result);
    if (error) co_return Incoming{};
    buffer_.commit(received);
    if (phase_ == Phase::idle) enter(Phase::busy);
  }
  bool const keep_alive = parser.keep_alive();
  co_return Incoming{.request = taken(parser.release()), .keep_alive = keep_alive};
}

Task<bool> TlsConnection::write(Outgoing outgoing) {
  Delivery const& delivery = outgoing.response.delivery;
  bool const in_time = co_await pause(delivery.wait);
  if (!in_time) co_return false;
  if (delivery.wire == Delivery::Wire::reset) reset();
  if (delivery.wire == Delivery::Wire::reset || delivery.wire == Delivery::Wire::nothing) co_return false;
  bool const cut = delivery.wire == Delivery::Wire::cut;
  due_in(exchange_time);
  bool const sent = co_await send(outgoing);
  if (!sent || cut) co_return false;
  if (outgoing.drain) {
    co_await drain();
  }
  if (!outgoing.keep_alive) {
    // close_notify tells the client that nothing was cut off; it need not answer.
    due_in(farewell_time);
    auto const [ignored] = co_await stream_.async_shutdown(as_result);
    static_cast<void>(ignored);
    co_return false;
  }
  if (delivery.close_idle) idle_time_ = *delivery.close_idle;
  co_return true;
}

Task<bool> TlsConnection::send(Outgoing const& outgoing) {
  Delivery const& delivery = outgoing.response.delivery;
  bool const cut = delivery.wire == Delivery::Wire::cut;
  std::string head = head_of(outgoing);
  std::string_view body = outgoing.with_body ? std::string_view(outgoing.response.body) : std::string_view();
  if (cut) body = body.substr(0, delivery.bytes);
  if (delivery.piece == 0) {
    std::array<asio::const_buffer, 2> const parts{asio::buffer(head), asio::buffer(body)};
    auto const [error, sent] = co_await asio::async_write(stream_, parts, as_result);
    co_return !error;
  }
  head += body;
  for (std::string_view left = head; !left.empty();) {
    std::string_view const part = left.substr(0, delivery.piece);
    auto const [error, sent] = co_await asio::async_write(stream_, asio::buffer(part), as_result);
    if (error) co_return false;
    left.remove_prefix(part.size());
    bool const in_time = co_await pause(left.empty() ? Duration::zero() : delivery.pause);
    if (!in_time) co_return false;
  }
  co_return true;
}

Task<bool> TlsConnection::pause(Duration time) {
  if (time > Duration::zero() && !closed_) {
    due_in(time + exchange_time);
    timer_.expires_after(time);
    auto const [ended] = co_await timer_.async_wait(as_result);
    static_cast<void>(ended);
    due_in(exchange_time);
  }
  co_return !closed_;
}

Task<> TlsConnection::drain() {
  due_in(drain_time);
  buffer_.clear();
  std::array<char, std::size_t{16} * 1024> sink;
  for (std::size_t taken = 0; taken < most_drained;) {
    auto const [error, received] = co_await stream_.async_read_some(asio::buffer(sink), as_result);
    if (error) break;
    taken += received;
  }
}

/// Closing with SO_LINGER at zero sends RST instead of FIN.
void TlsConnection::reset() {
  error_code ignored;
  stream_.lowest_layer().set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

class Listener final : public TlsListener {
 public:
  Result<> use(KeyPair const& pair) {
    error_code error;
    tls_.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                         asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1,
                     error);
    if (!error) tls_.use_certificate_chain(asio::buffer(pair.certificate), error);
    if (!error) tls_.use_private_key(asio::buffer(pair.key), asio::ssl::context::pem, error);
    if (!error) return {};
    return Error{.code = Errc::io,
                 .message = fmt::format("the sandbox cannot use its certificate: {}", error.message())};
  }
  ConnectionPtr connection(Socket socket) override { return std::make_shared<TlsConnection>(std::move(socket), tls_); }

 private:
  asio::ssl::context tls_{asio::ssl::context::tls_server};
};

}  // namespace

Result<std::unique_ptr<TlsListener>> TlsListener::make(KeyPair const& pair) {
  auto listener = std::make_unique<Listener>();
  CPS_CHECK(listener->use(pair));
  return std::unique_ptr<TlsListener>(std::move(listener));
}

std::string_view reason_phrase(int status) {
  return beast::http::obsolete_reason(static_cast<beast::http::status>(status));
}

}  // namespace cpsctl::sandbox

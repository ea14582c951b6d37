#include "dns/exchange.hpp"

#include "base/text.hpp"
#include "dns/wire.hpp"

#include <algorithm>
#include <memory>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_datagram_socket.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

namespace cpsctl::dns {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using http::Executor;
using http::Task;
using Udp = asio::ip::udp;
using Tcp = asio::ip::tcp;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
constexpr auto as_value = asio::as_tuple(asio::use_awaitable_t<Executor>());

/// Datagrams that are not the answer, of one try: who sends more is answered by the next try.
constexpr int most_strangers = 100;

SteadyTime now() {
  return system_clock().steady();
}

/// A socket that is closed when its time has come, which ends what it waits for.
template <class Socket>
class Bounded {
 public:
  Bounded(Executor const& executor, SteadyTime at) : state_(std::make_shared<State>(executor)), timer_(executor) {
    timer_.expires_at(at);
    timer_.async_wait([weak = std::weak_ptr<State>(state_)](error_code const& stopped) {
      auto const state = weak.lock();
      if (stopped || !state) return;
      state->expired = true;
      error_code ignored;
      state->socket.close(ignored);
    });
  }
  Socket& socket() { return state_->socket; }
  bool expired() const { return state_->expired; }

 private:
  struct State {
    explicit State(Executor const& executor) : socket(executor) {}
    Socket socket;
    bool expired = false;
  };
  std::shared_ptr<State> state_;
  Timer timer_;
};
using UdpSocket = Bounded<asio::basic_datagram_socket<Udp, Executor>>;
using TcpSocket = Bounded<asio::basic_stream_socket<Tcp, Executor>>;

Error lost(Server const& server, bool expired, error_code const& reason, Reached reached = Reached::no) {
  if (expired)
    return {.code = Errc::timeout,
            .message = fmt::format("{} does not answer", server.text()),
            .next = "check that UDP and TCP of this port are let through to it from here",
            .reached = reached};
  return {.code = Errc::unavailable,
          .message = fmt::format("{} cannot be asked: {}", server.text(), reason.message()),
          .next = "check address and port of the name server, and this machine's network",
          .reached = reached};
}

Result<asio::ip::address> address_of(Server const& server) {
  error_code wrong;
  auto const address = asio::ip::make_address(server.address, wrong);
  if (wrong)
    return Error{.code = Errc::usage, .message = fmt::format("{} is no address", text::excerpt(server.address, 80))};
  return address;
}

/// One try. The socket is connected: what other addresses send does not reach it.
Task<Result<std::string>> exchange_udp(Network& network, Server server, std::string message, SteadyTime until) {
  CPS_CO_TRY(auto const address, address_of(server));
  UdpSocket bounded(network.loop.context().get_executor(), until);
  Udp::endpoint const there(address, server.port);
  error_code failed;
  bounded.socket().open(there.protocol(), failed);
  if (!failed) bounded.socket().connect(there, failed);
  if (failed) co_return lost(server, false, failed);
  auto const [unsent, sent] = co_await bounded.socket().async_send(asio::buffer(message), as_value);
  if (unsent) co_return lost(server, bounded.expired(), unsent);
  std::string answer(65535, '\0');
  for (int strangers = 0; strangers < most_strangers; ++strangers) {
    auto const [broken, length] = co_await bounded.socket().async_receive(asio::buffer(answer), as_value);
    if (broken) co_return lost(server, bounded.expired(), broken);
    std::string_view const got = std::string_view(answer).substr(0, length);
    if (answers(got, message)) co_return std::string(got);
  }
  co_return lost(server, true, error_code());
}

std::uint16_t random_id(Network& network) {
  return static_cast<std::uint16_t>(network.random.next() >> 48U);
}

Task<Result<Message>> ask_by_udp(Network& network, Server server, Question question, SteadyTime deadline) {
  Error last = lost(server, true, error_code());
  auto patience = network.patience.first;
  for (int left = network.patience.tries; left > 0 && now() < deadline; --left, patience *= 2) {
    auto const until = std::min(deadline, now() + patience);
    auto const message = question_message(question, random_id(network));
    auto const answer = co_await exchange_udp(network, server, message, until);
    if (answer) co_return read_message(*answer);
    last = answer.error();
  }
  co_return last;
}

bool can_tell(Result<Message> const& answer) {
  return answer && (answer->rcode == Rcode::noerror || answer->rcode == Rcode::nxdomain);
}

}  // namespace

std::string Server::text() const {
  return address.find(':') == std::string::npos ? fmt::format("{}:{}", address, port)
                                                : fmt::format("[{}]:{}", address, port);
}

Result<Server> parse_server(std::string_view text, std::uint16_t default_port) {
  Error const wrong{.code = Errc::usage,
                    .message = fmt::format("\"{}\" is not the address of a name server", text::excerpt(text, 80)),
                    .next = "write ADDRESS, ADDRESS:PORT or [IPv6]:PORT"};
  Server server{.port = default_port};
  std::string_view port;
  if (text.starts_with('[')) {
    auto const end = text.find("]:");
    bool const bare = text.ends_with(']');
    if (end == std::string_view::npos && !bare) return wrong;
    server.address = text.substr(1, (bare ? text.size() - 1 : end) - 1);
    port = bare ? std::string_view() : text.substr(end + 1);
  } else {
    auto const colon = text.find(':');
    bool const v6 = colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos;
    server.address = v6 ? text : text.substr(0, colon);
    port = v6 || colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  if (!port.empty()) {
    auto const number = text::number<std::uint16_t>(port.substr(1));
    if (!number || *number == 0) return wrong;
    server.port = *number;
  }
  if (!address_of(server)) return wrong;
  return server;
}

std::vector<Server> resolvers_of(std::string_view resolv_conf) {
  std::vector<Server> servers;
  for (auto const line : text::split(resolv_conf, '\n')) {
    constexpr std::string_view keyword = "nameserver";
    auto const words = text::trimmed(line);
    if (!words.starts_with(keyword)) continue;
    Server server{.address = std::string(text::trimmed(words.substr(keyword.size())))};
    if (address_of(server)) servers.push_back(std::move(server));
  }
  if (servers.empty()) servers.push_back({.address = "127.0.0.1"});
  return servers;
}

Task<Result<Message>> ask(Network& network, Server server, Question question, SteadyTime deadline) {
  auto answer = co_await ask_by_udp(network, server, question, deadline);
  bool const old_server = answer && answer->rcode == Rcode::formerr && question.udp_size > 0;
  if (old_server) {
    question.udp_size = 0;
    answer = co_await ask_by_udp(network, server, question, deadline);
  }
  if (!answer || !answer->truncated()) co_return answer;
  auto const message = question_message(question, random_id(network));
  auto const whole = co_await exchange_tcp(network, server, message, deadline);
  if (!whole) co_return Error(whole.error()).within("asking again over TCP");
  auto read = read_message(*whole);
  if (read && read->truncated())
    co_return Error{.code = Errc::protocol, .message = fmt::format("{} truncates answers over TCP", server.text())};
  co_return read;
}

Task<Result<Message>> ask_resolvers(Network& network, Name name, Type type, SteadyTime deadline) {
  Result<Message> answer =
      Error{.code = Errc::usage, .message = "no resolver is known", .next = "name one: --dns-resolver ADDRESS:PORT"};
  Question const question{
      .name = std::move(name), .type = type, .recursion = Recursion::wanted, .validation = Validation::none};
  for (std::size_t i = 0; i < network.resolvers.size(); ++i) {
    answer = co_await ask(network, network.resolvers[i], question, deadline);
    if (can_tell(answer)) break;
  }
  co_return answer;
}

Task<Result<std::string>> exchange_tcp(Network& network, Server server, std::string message, SteadyTime deadline) {
  CPS_CO_TRY(auto const address, address_of(server));
  if (message.size() > 65535)
    co_return Error{.code = Errc::internal, .message = "a DNS message has at most 65535 bytes"};
  TcpSocket bounded(network.loop.context().get_executor(), std::min(deadline, now() + network.patience.tcp));
  auto const [refused] = co_await bounded.socket().async_connect(Tcp::endpoint(address, server.port), as_value);
  if (refused) co_return lost(server, bounded.expired(), refused);
  std::string framed;
  wire::put<2>(framed, message.size());
  framed += message;
  auto const [unsent, sent] = co_await asio::async_write(bounded.socket(), asio::buffer(framed), as_value);
  if (unsent) co_return lost(server, bounded.expired(), unsent, Reached::unknown);
  std::string length(2, '\0');
  auto const [silent, two] = co_await asio::async_read(bounded.socket(), asio::buffer(length), as_value);
  if (silent) co_return lost(server, bounded.expired(), silent, Reached::unknown);
  std::string answer(wire::at16(length, 0), '\0');
  auto const [cut, all] = co_await asio::async_read(bounded.socket(), asio::buffer(answer), as_value);
  if (cut) co_return lost(server, bounded.expired(), cut, Reached::unknown);
  if (answers(answer, message)) co_return answer;
  co_return Error{.code = Errc::protocol,
                  .message = fmt::format("{} answers another question than it was asked", server.text()),
                  .next = "see what listens at this address and port",
                  .reached = Reached::unknown};
}

}  // namespace cpsctl::dns

#include "bench/null_server.hpp"

#include "http/server.hpp"
#include "http/task.hpp"

#include <array>
#include <charconv>
#include <csignal>
#include <sched.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <unistd.h>

namespace cpsctl::bench {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using Socket = asio::basic_stream_socket<Tcp, http::Executor>;
using Acceptor = asio::basic_socket_acceptor<Tcp, http::Executor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, http::Executor>;
constexpr auto as_value = asio::as_tuple(asio::use_awaitable_t<http::Executor>());

std::string head(std::string_view status, std::size_t length) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", status, length);
}

std::string answer_to(std::string_view request) {
  static int last = 10'000;
  std::string body = R"({"enrollments":[]})";
  if (request.starts_with("GET ")) return head("200 OK", body.size()) + body;
  int const id = ++last;
  body = fmt::format(R"({{"enrollment":"/cps/v2/enrollments/{0}","changes":["/cps/v2/enrollments/{0}/changes/{0}"]}})",
                     id);
  return head("202 Accepted", body.size()) + body;
}

/// Bytes of the request that `text` begins with; 0 while its head is not complete.
std::size_t length_of(std::string_view text) {
  constexpr std::string_view field = "\r\nContent-Length: ";
  auto const end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  std::size_t body = 0;
  if (auto const at = text.substr(0, end).find(field); at != std::string_view::npos)
    std::from_chars(text.data() + at + field.size(), text.data() + end, body);
  return end + 4 + body;
}

http::Task<> serve(std::shared_ptr<asio::ssl::stream<Socket>> stream, Duration answers_take) {
  Timer timer(stream->get_executor());
  std::array<char, 17000> chunk{};
  std::string text;
  auto const [failed] = co_await stream->async_handshake(asio::ssl::stream_base::server, as_value);
  if (failed) co_return;
  for (;;) {
    std::size_t length = length_of(text);
    while (length == 0 || text.size() < length) {
      auto const [ended, got] = co_await stream->async_read_some(asio::buffer(chunk), as_value);
      if (ended) co_return;
      text.append(chunk.data(), got);
      if (length == 0) length = length_of(text);
    }
    std::string const answer = answer_to(text);
    text.erase(0, length);
    if (answers_take > Duration{}) {
      timer.expires_after(answers_take);
      auto const [stopped] = co_await timer.async_wait(as_value);
      if (stopped) co_return;
    }
    auto const [ended, sent] = co_await stream->async_write_some(asio::buffer(answer), as_value);  // less than a record
    if (ended || sent != answer.size()) co_return;
  }
}

http::Task<> accept_all(http::Loop& loop, Acceptor& acceptor, asio::ssl::context& context, Duration answers_take) {
  for (;;) {
    auto [failed, socket] = co_await acceptor.async_accept(as_value);
    if (failed) co_return;
    socket.set_option(Tcp::no_delay(true));
    loop.spawn(serve(std::make_shared<asio::ssl::stream<Socket>>(std::move(socket), context), answers_take));
  }
}

cpu_set_t usable_cores() {
  static cpu_set_t const at_start = [] {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    ::sched_getaffinity(0, sizeof cores, &cores);
    return cores;
  }();
  return at_start;
}

}  // namespace

void hold_to_core(int n) {
  cpu_set_t const all = usable_cores();
  int left = n % std::max(1, CPU_COUNT(&all));
  for (std::size_t core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &all) || left-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    ::sched_setaffinity(0, sizeof one, &one);
    return;
  }
}

void hold_to_no_core() {
  cpu_set_t const all = usable_cores();
  ::sched_setaffinity(0, sizeof all, &all);
}

NullServer::NullServer(Options options) : options_(std::move(options)) {
  http::testing::Identity identity;
  http::testing::make_identity(identity, {});
  http::testing::write_pem(identity, options_.ca_file);
  http::Loop loop;
  Acceptor acceptor(loop.context(), {asio::ip::address_v4::loopback(), 0});
  port_ = acceptor.local_endpoint().port();
  static_cast<void>(usable_cores());  // as they are before anybody is held to one
  loop.context().notify_fork(asio::execution_context::fork_prepare);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ > 0) {
    loop.context().notify_fork(asio::execution_context::fork_parent);
    return;
  }
  loop.context().notify_fork(asio::execution_context::fork_child);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  hold_to_core(1);
  asio::ssl::context context(asio::ssl::context::tls_server);
  SSL_CTX_use_certificate(context.native_handle(), identity.certificate);
  SSL_CTX_use_PrivateKey(context.native_handle(), identity.key);
  loop.spawn(accept_all(loop, acceptor, context, options_.answers_take));
  loop.run();
  ::_exit(0);
}

NullServer::~NullServer() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace cpsctl::bench

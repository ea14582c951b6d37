#include "sandbox/server.hpp"

#include "base/files.hpp"
#include "base/text.hpp"
#include "sandbox/identity.hpp"
#include "sandbox/site.hpp"
#include "sandbox/tls.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <set>
#include <sys/file.h>
#include <thread>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

namespace cpsctl::sandbox {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using namespace std::chrono_literals;
using boost::system::error_code;

// A concrete executor: half the code and compile time of any_io_executor.
using Executor = asio::io_context::executor_type;
template <class T = void>
using Task = asio::awaitable<T, Executor>;
using Tcp = asio::ip::tcp;
using Socket = asio::basic_stream_socket<Tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable_t<Executor>{});

constexpr std::size_t most_sessions = 1000;
constexpr std::size_t largest_body = std::size_t{1} << 20;
constexpr std::uint32_t largest_head = 32 * 1024;
constexpr auto idle_time = 60s;      ///< kept-alive connections without a request
constexpr auto exchange_time = 20s;  ///< handshake; a request from its first byte to the answer's last
constexpr auto farewell_time = 2s;   ///< what is in flight may take so long after stop()
constexpr auto drain_time = 1s;
constexpr std::size_t most_drained = std::size_t{16} << 20;
constexpr auto sweep_interval = 250ms;

enum class Phase : std::uint8_t { idle, busy };

/// One connection. Its deadline is watched by the server's sweep, which closes the socket.
struct Session {
  Session(Socket socket, asio::ssl::context& context) : stream(std::move(socket), context) {}

  void due_in(std::chrono::steady_clock::duration time) { deadline = std::chrono::steady_clock::now() + time; }
  void close() {
    error_code ignored;
    stream.lowest_layer().close(ignored);
  }

  asio::ssl::stream<Socket> stream;
  beast::flat_buffer buffer;
  std::chrono::steady_clock::time_point deadline = {};
  Phase phase = Phase::busy;
  std::string peer;
};
using SessionPtr = std::shared_ptr<Session>;

/// What came of reading a request: one of the three.
struct Incoming {
  std::optional<Request> request = {};
  int bad = 0;  ///< status to answer before closing; 0 with no request: the connection is over
  bool keep_alive = false;
};

int status_for(error_code error) {
  if (error == beast::http::error::body_limit) return 413;
  if (error == beast::http::error::header_limit) return 431;
  return 400;
}

Request taken(beast::http::request<beast::http::string_body>&& message, std::string const& peer) {
  Request request{.method = std::string(message.method_string()), .target = std::string(message.target())};
  for (auto const& field : message)
    request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  request.body = std::move(message.body());
  request.client_ip = peer;
  return request;
}

std::string_view reason(int status) {
  return beast::http::obsolete_reason(static_cast<beast::http::status>(status));
}

std::string head_of(Response const& response, WallTime now, bool keep_alive) {
  auto const seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(now));
  std::string head = fmt::format("HTTP/1.1 {} {}\r\nDate: {:%a, %d %b %Y %H:%M:%S} GMT\r\nContent-Length: {}\r\n",
                                 response.status, reason(response.status), fmt::gmtime(seconds), response.body.size());
  if (!response.content_type.empty()) head += fmt::format("Content-Type: {}\r\n", response.content_type);
  for (Header const& header : response.headers) head += fmt::format("{}: {}\r\n", header.name, header.value);
  head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

/// Held while a server uses a folder: two at once would write one log.
class FolderLock {
 public:
  static Result<FolderLock> take(std::filesystem::path const& folder) {
    auto const path = folder / "lock";
    int const fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return Error{.code = Errc::io, .message = fmt::format("{}: {}", path.string(), std::strerror(errno))};
    FolderLock lock(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0)
      return Error{.code = Errc::io,
                   .message = fmt::format("another sandbox is running in {}", folder.string()),
                   .next = "stop it, or choose another folder"};
    return lock;
  }
  FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FolderLock(FolderLock const&) = delete;
  FolderLock& operator=(FolderLock const&) = delete;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock() {
    if (fd_ >= 0) ::close(fd_);
  }

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;
};

class RunningServer final : public Server {
 public:
  RunningServer(ServerOptions options, FolderLock lock)
      : options_(std::move(options)),
        lock_(std::move(lock)),
        clock_(options_.clock != nullptr ? *options_.clock : system_clock()),
        random_(options_.random != nullptr ? *options_.random : system_random()) {}
  ~RunningServer() override { stop(); }

  Result<> prepare();
  void run();

  std::string authority() const override { return authority_; }
  std::filesystem::path edgerc() const override { return options_.folder / "edgerc"; }
  std::filesystem::path ca_file() const override { return options_.folder / "ca.pem"; }
  std::size_t requests() const override { return requests_.load(); }
  void stop() override;

 private:
  Result<> listen();
  Result<> use_certificate(KeyPair const& pair);

  Task<> accept();
  Task<> sweep();
  Task<> serve(SessionPtr session);
  Task<bool> exchange(SessionPtr session);
  Task<Incoming> read_request(SessionPtr session);
  Task<bool> write_response(SessionPtr session, Response response, bool keep_alive, bool with_body);
  Task<> drain(SessionPtr session);
  Response answer(Incoming& incoming);
  void say_farewell();
  void spawn(Task<> task);
  void begin(SessionPtr const& session);

  ServerOptions options_;
  FolderLock lock_;
  Clock const& clock_;
  Random& random_;
  std::string authority_;
  std::unique_ptr<Site> site_;
  std::atomic<std::size_t> requests_ = 0;

  asio::io_context context_{1};
  asio::ssl::context tls_{asio::ssl::context::tls_server};
  Acceptor acceptor_{context_};
  Timer timer_{context_};
  std::set<SessionPtr> sessions_;
  bool stopping_ = false;
  std::chrono::steady_clock::time_point last_moment_ = {};
  std::thread thread_;
};

Error socket_error(std::string_view step, error_code error) {
  return {.code = Errc::io, .message = fmt::format("the sandbox cannot {}: {}", step, error.message())};
}

Result<> RunningServer::listen() {
  error_code error;
  Tcp::endpoint const endpoint(asio::ip::address_v4::loopback(), options_.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(Acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    Error failed = socket_error(fmt::format("listen on 127.0.0.1:{}", options_.port), error);
    failed.next = "choose another port, or 0 for any free one";
    return failed;
  }
  authority_ = fmt::format("localhost:{}", acceptor_.local_endpoint(error).port());
  return {};
}

Result<> RunningServer::use_certificate(KeyPair const& pair) {
  error_code error;
  tls_.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                       asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1,
                   error);
  if (!error) tls_.use_certificate_chain(asio::buffer(pair.certificate), error);
  if (!error) tls_.use_private_key(asio::buffer(pair.key), asio::ssl::context::pem, error);
  if (error) return socket_error("use its certificate", error);
  return {};
}

Result<> RunningServer::prepare() {
  Files& files = system_files();
  CPS_TRY(KeyPair const authority, load_or_make_authority(files, options_.folder));
  CPS_TRY(KeyPair const own, make_server_certificate(authority));
  CPS_CHECK(use_certificate(own));
  CPS_TRY(auto store, Store::open(files, options_.folder));
  CPS_TRY(auto requests_log, files.append(options_.folder / "requests.log"));
  CPS_CHECK(listen());
  CPS_TRY(auto credentials, load_or_make_credentials(files, edgerc(), authority_, random_));
  SiteOptions site{.behaviour = options_.behaviour, .log = options_.log};
  site_ = std::make_unique<Site>(std::move(site), std::move(credentials), std::move(store), std::move(requests_log),
                                 clock_, random_);
  return {};
}

void RunningServer::spawn(Task<> task) {
  // An exception out of the accepting or the sweeping loop is a bug that must not pass in silence.
  asio::co_spawn(context_.get_executor(), std::move(task), [](std::exception_ptr const& failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

void RunningServer::begin(SessionPtr const& session) {
  sessions_.insert(session);
  asio::co_spawn(context_.get_executor(), serve(session), [this, session](std::exception_ptr const& failure) {
    // Whatever went wrong in a session costs that session, not the server.
    if (failure && options_.log) options_.log("internal error: a connection was dropped");
    session->close();
    sessions_.erase(session);
  });
}

void RunningServer::run() {
  spawn(accept());
  spawn(sweep());
  thread_ = std::thread([this] { context_.run(); });
}

void RunningServer::stop() {
  if (!thread_.joinable()) return;
  asio::post(context_, [this] { say_farewell(); });
  thread_.join();
  auto const synced = site_->store().sync();
  if (!synced && options_.log) options_.log("the data could not be saved: " + describe(synced.error()));
}

void RunningServer::say_farewell() {
  stopping_ = true;
  last_moment_ = std::chrono::steady_clock::now() + farewell_time;
  error_code ignored;
  acceptor_.close(ignored);
  timer_.cancel();
}

Task<> RunningServer::accept() {
  while (acceptor_.is_open()) {
    auto [error, socket] = co_await acceptor_.async_accept(as_result);
    if (error == asio::error::operation_aborted) break;
    if (error || sessions_.size() >= most_sessions) {
      // Out of descriptors, or too many clients: the socket, if any, is closed; breathe before the next.
      Timer pause(context_, 20ms);
      auto const [ended] = co_await pause.async_wait(as_result);
      static_cast<void>(ended);
      continue;
    }
    error_code ignored;
    socket.set_option(Tcp::no_delay(true), ignored);
    auto session = std::make_shared<Session>(std::move(socket), tls_);
    session->peer = session->stream.lowest_layer().remote_endpoint(ignored).address().to_string();
    begin(session);
  }
}

/// Closes what is overdue; after stop(), idle connections at once and the others when the last moment has come.
Task<> RunningServer::sweep() {
  while (!stopping_ || !sessions_.empty()) {
    auto const now = std::chrono::steady_clock::now();
    for (SessionPtr const& session : sessions_) {
      bool const idle = stopping_ && session->phase == Phase::idle;
      if (idle || now >= session->deadline || (stopping_ && now >= last_moment_)) session->close();
    }
    timer_.expires_after(stopping_ ? 5ms : std::chrono::steady_clock::duration(sweep_interval));
    auto const [ended] = co_await timer_.async_wait(as_result);
    static_cast<void>(ended);
  }
}

Task<> RunningServer::serve(SessionPtr session) {
  session->due_in(exchange_time);
  auto const [error] = co_await session->stream.async_handshake(asio::ssl::stream_base::server, as_result);
  bool open = !error;
  while (open) {
    open = co_await exchange(session);
  }
}

/// One request and its answer; false when the connection is over.
Task<bool> RunningServer::exchange(SessionPtr session) {
  Incoming incoming = co_await read_request(session);
  if (!incoming.request && incoming.bad == 0) co_return false;
  bool const keep_alive = incoming.keep_alive && !stopping_;
  bool const with_body = !incoming.request || incoming.request->method != "HEAD";
  Response response = answer(incoming);
  ++requests_;
  bool const written = co_await write_response(session, std::move(response), keep_alive, with_body);
  if (written && !incoming.request) {
    co_await drain(session);
  }
  if (written && !keep_alive) {
    // close_notify tells the client that nothing was cut off; it need not answer.
    session->due_in(1s);
    auto const [ignored] = co_await session->stream.async_shutdown(as_result);
    static_cast<void>(ignored);
  }
  co_return written&& keep_alive;
}

/// Reads what a client is still sending after it was refused, for a while: closing on unread bytes resets the
/// connection, and the client would never see the answer.
Task<> RunningServer::drain(SessionPtr session) {
  session->due_in(drain_time);
  session->buffer.clear();
  std::array<char, std::size_t{16} * 1024> sink;
  for (std::size_t taken = 0; taken < most_drained;) {
    auto const [error, received] = co_await session->stream.async_read_some(asio::buffer(sink), as_result);
    if (error) break;
    taken += received;
  }
}

Response RunningServer::answer(Incoming& incoming) {
  if (!incoming.request) {
    if (options_.log) options_.log(fmt::format("not HTTP, or too large: {} {}", incoming.bad, reason(incoming.bad)));
    return {.status = incoming.bad,
            .content_type = "text/plain",
            .body = fmt::format("{} {}\n", incoming.bad, reason(incoming.bad))};
  }
  try {
    return site_->answer(*incoming.request);
  } catch (std::exception const& bug) {
    // A bug of ours must cost one request, not the server; the log has its text.
    if (options_.log) options_.log(fmt::format("internal error: {}", bug.what()));
    return {.status = 500, .content_type = "text/plain", .body = "internal error of the sandbox\n"};
  }
}

Task<Incoming> RunningServer::read_request(SessionPtr session) {
  beast::http::request_parser<beast::http::string_body> parser;
  parser.eager(true);
  parser.body_limit(largest_body);
  parser.header_limit(largest_head);
  bool continued = false;
  auto enter = [&](Phase phase) {
    session->phase = phase;
    session->due_in(phase == Phase::idle ? std::chrono::steady_clock::duration(idle_time) : exchange_time);
  };
  enter(session->buffer.size() > 0 ? Phase::busy : Phase::idle);
  while (!parser.is_done()) {
    if (session->buffer.size() > 0) {
      error_code error;
      std::size_t const used = parser.put(session->buffer.data(), error);
      session->buffer.consume(used);
      if (error && error != beast::http::error::need_more) co_return Incoming{.bad = status_for(error)};
      if (parser.is_done()) break;
    }
    if (!continued && parser.is_header_done() && parser.get()[beast::http::field::expect] == "100-continue") {
      continued = true;
      std::string const go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      auto const [error, sent] = co_await asio::async_write(session->stream, asio::buffer(go_on), as_result);
      if (error) co_return Incoming{};
    }
    auto const room = session->buffer.prepare(std::size_t{16} * 1024);
    auto const [error, received] = co_await session->stream.async_read_some(room, as_result);
    if (error) co_return Incoming{};
    session->buffer.commit(received);
    if (session->phase == Phase::idle) enter(Phase::busy);
  }
  bool const keep_alive = parser.keep_alive();
  co_return Incoming{.request = taken(parser.release(), session->peer), .keep_alive = keep_alive};
}

Task<bool> RunningServer::write_response(SessionPtr session, Response response, bool keep_alive, bool with_body) {
  std::string const head = head_of(response, clock_.wall(), keep_alive);
  std::array<asio::const_buffer, 2> const parts{asio::buffer(head),
                                                with_body ? asio::buffer(response.body) : asio::const_buffer()};
  session->due_in(exchange_time);
  auto const [error, sent] = co_await asio::async_write(session->stream, parts, as_result);
  co_return !error;
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(ServerOptions options) {
  CPS_CHECK(system_files().make_folders(options.folder));
  CPS_TRY(FolderLock lock, FolderLock::take(options.folder));
  auto server = std::make_unique<RunningServer>(std::move(options), std::move(lock));
  if (auto prepared = server->prepare(); !prepared) return std::move(prepared).error().within("starting the sandbox");
  server->run();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace cpsctl::sandbox

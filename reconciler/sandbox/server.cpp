#include "sandbox/server.hpp"

#include "base/files.hpp"
#include "sandbox/connection.hpp"
#include "sandbox/folder_lock.hpp"
#include "sandbox/identity.hpp"
#include "sandbox/prober.hpp"
#include "sandbox/site.hpp"
#include "sandbox/tls.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <future>
#include <set>
#include <thread>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace cpsctl::sandbox {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;

using Tcp = asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable_t<Executor>{});

constexpr std::size_t most_connections = 1000;
constexpr auto farewell_time = 2s;  ///< what is in flight may take so long after stop()
constexpr auto sweep_interval = 50ms;

/// While it lives somebody looks for tokens; at its end, however that comes, those who wait for it are woken.
class Looking {
 public:
  Looking(bool& flag, Timer& ended) : flag_(flag), ended_(ended) { flag_ = true; }
  ~Looking() {
    flag_ = false;
    ended_.cancel();
  }
  Looking(Looking const&) = delete;
  Looking& operator=(Looking const&) = delete;

 private:
  bool& flag_;
  Timer& ended_;
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
  Result<> forward(Duration time) override;
  void stop() override;

 private:
  Result<> listen();

  Task<> accept();
  Task<> sweep();
  Task<> serve(ConnectionPtr connection);
  Task<bool> exchange(ConnectionPtr connection);
  Task<> look();
  Response answer(Incoming const& incoming, Mishap const& mishap);
  void say_farewell();
  void spawn(Task<> task);
  void begin(ConnectionPtr const& connection);

  ServerOptions options_;
  FolderLock lock_;
  Clock const& clock_;
  Random& random_;
  std::string authority_;
  std::unique_ptr<Site> site_;
  std::unique_ptr<Prober> prober_;
  std::unique_ptr<TlsListener> tls_;
  std::atomic<std::size_t> requests_ = 0;

  asio::io_context context_{1};
  Acceptor acceptor_{context_};
  Timer timer_{context_};
  bool looking_ = false;
  Timer look_ended_{context_, Timer::time_point::max()};
  std::set<ConnectionPtr> connections_;
  bool stopping_ = false;
  std::chrono::steady_clock::time_point last_moment_ = {};
  std::thread thread_;
};

Result<> RunningServer::listen() {
  error_code error;
  Tcp::endpoint const endpoint(asio::ip::address_v4::loopback(), options_.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(Acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return Error{
        .code = Errc::io,
        .message = fmt::format("the sandbox cannot listen on 127.0.0.1:{}: {}", options_.port, error.message()),
        .next = "choose another port, or 0 for any free one"};
  authority_ = fmt::format("localhost:{}", acceptor_.local_endpoint(error).port());
  return {};
}

Result<> RunningServer::prepare() {
  Files& files = system_files();
  CPS_TRY(KeyPair const authority, load_or_make_authority(files, options_.folder));
  CPS_TRY(KeyPair const own, make_server_certificate(authority));
  CPS_TRY(tls_, TlsListener::make(own));
  CPS_TRY(auto store, Store::open(files, options_.folder));
  CPS_TRY(auto requests_log, files.append(options_.folder / "requests.log"));
  CPS_CHECK(listen());
  CPS_TRY(auto credentials, load_or_make_credentials(files, edgerc(), authority_, random_));
  SiteOptions site{.behaviour = options_.behaviour, .log = options_.log};
  site_ = std::make_unique<Site>(std::move(site), std::move(credentials), std::move(store), std::move(requests_log),
                                 clock_, random_);
  prober_ = Prober::make(context_, random_,
                         {.dns = options_.behaviour.dns,
                          .http = options_.behaviour.http,
                          .own = [this](std::string_view name) { return site_->edge_dns().txt(name); }});
  return {};
}

void RunningServer::spawn(Task<> task) {
  // An exception out of the accepting or the sweeping loop is a bug that must not pass in silence.
  asio::co_spawn(context_.get_executor(), std::move(task), [](std::exception_ptr const& failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

void RunningServer::begin(ConnectionPtr const& connection) {
  connections_.insert(connection);
  asio::co_spawn(context_.get_executor(), serve(connection), [this, connection](std::exception_ptr const& failure) {
    // Whatever went wrong in a connection costs that connection, not the server.
    if (failure && options_.log) options_.log("internal error: a connection was dropped");
    connection->close();
    connections_.erase(connection);
  });
}

void RunningServer::run() {
  spawn(accept());
  spawn(sweep());
  thread_ = std::thread([this] { context_.run(); });
}

Result<> RunningServer::forward(Duration time) {
  if (!thread_.joinable()) return site_->forward(time);
  std::promise<Result<>> done;
  asio::post(context_, [&] { done.set_value(site_->forward(time)); });
  return done.get_future().get();
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
    if (error || connections_.size() >= most_connections) {
      // Out of descriptors, or too many clients: the socket, if any, is closed; breathe before the next.
      Timer pause(context_, 20ms);
      auto const [ended] = co_await pause.async_wait(as_result);
      static_cast<void>(ended);
      continue;
    }
    error_code ignored;
    socket.set_option(Tcp::no_delay(true), ignored);
    begin(tls_->connection(std::move(socket)));
  }
}

/// Closes what is overdue; after stop(), idle connections at once and the others when the last moment has come.
Task<> RunningServer::sweep() {
  while (!stopping_ || !connections_.empty()) {
    auto const now = std::chrono::steady_clock::now();
    bool const last = stopping_ && now >= last_moment_;
    for (ConnectionPtr const& connection : connections_)
      if (last || (stopping_ && connection->idle()) || connection->overdue(now)) connection->close();
    if (!stopping_ && !looking_ && site_->look_is_due()) spawn(look());
    timer_.expires_after(stopping_ ? 5ms : std::chrono::steady_clock::duration(sweep_interval));
    auto const [ended] = co_await timer_.async_wait(as_result);
    static_cast<void>(ended);
  }
}

/// Looks for the tokens that are due, or waits until somebody else has.
Task<> RunningServer::look() {
  while (looking_) {
    auto const [ended] = co_await look_ended_.async_wait(as_result);
    static_cast<void>(ended);
  }
  auto probes = site_->looks();
  if (probes.empty()) co_return;
  Looking const looking(looking_, look_ended_);
  auto const sights = co_await prober_->look(std::move(probes));
  site_->take(sights);
}

Task<> RunningServer::serve(ConnectionPtr connection) {
  if (Mishap const mishap = site_->mishap_of_connection(); !mishap.empty()) {
    if (find(mishap, Effect::refuse) != nullptr)
      connection->reset();
    else
      co_await connection->break_handshake();
    co_return;
  }
  bool open = co_await connection->handshake();
  while (open) {
    open = co_await exchange(connection);
  }
}

/// One request and its answer; false when the connection is over.
Task<bool> RunningServer::exchange(ConnectionPtr connection) {
  Incoming const incoming = co_await connection->read();
  if (!incoming.request && incoming.bad == 0) co_return false;
  Mishap const mishap = incoming.request ? site_->mishap_of(*incoming.request) : Mishap();
  if (Fault const* const late = find(mishap, Effect::delay_before)) {
    bool const there = co_await connection->pause(late->time);
    if (!there) co_return false;
  }
  co_await look();
  Outgoing outgoing{.response = answer(incoming, mishap),
                    .now = clock_.wall(),
                    .keep_alive = incoming.keep_alive && !stopping_,
                    .with_body = !incoming.request || incoming.request->method != "HEAD",
                    .drain = !incoming.request};
  ++requests_;
  bool const open = co_await connection->write(std::move(outgoing));
  co_return open;
}

Response RunningServer::answer(Incoming const& incoming, Mishap const& mishap) {
  if (!incoming.request) {
    std::string const what = fmt::format("{} {}", incoming.bad, reason_phrase(incoming.bad));
    if (options_.log) options_.log("not HTTP, or too large: " + what);
    return {.status = incoming.bad, .content_type = "text/plain", .body = what + "\n"};
  }
  try {
    return site_->answer(*incoming.request, mishap);
  } catch (std::exception const& bug) {
    // A bug of ours must cost one request, not the server; the log has its text.
    if (options_.log) options_.log(fmt::format("internal error: {}", bug.what()));
    return {.status = 500, .content_type = "text/plain", .body = "internal error of the sandbox\n"};
  }
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

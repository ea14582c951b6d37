#include "http/client.hpp"

#include "base/text.hpp"
#include "http/answer.hpp"
#include "http/connection.hpp"

#include <algorithm>
#include <deque>
#include <vector>

#include <fmt/format.h>

namespace cpsctl::http {
namespace {

/// Servers drop idle connections without a word. A write that meets such an end is a doubt, a read is
/// merely sent again by whoever signs it.
constexpr auto idle_for_reads = std::chrono::seconds(60);
constexpr auto idle_for_writes = std::chrono::seconds(5);

SteadyTime now() {
  return system_clock().steady();
}

struct Idle {
  std::shared_ptr<Connection> connection;
  SteadyTime since;
};

struct Waiting;

/// The connections of one client. Shared with the requests under way: they may be destroyed after the client.
struct Pool {
  Pool(Loop& on, std::unique_ptr<Tls> with, ClientOptions given)
      : loop(on), tls(std::move(with)), options(std::make_shared<ClientOptions const>(std::move(given))) {}

  Loop& loop;
  std::unique_ptr<Tls> tls;
  std::shared_ptr<ClientOptions const> options;
  std::vector<Idle> idle = {};  ///< the freshest last
  std::deque<Waiting*> queue = {};
  std::vector<std::weak_ptr<Connection>> made = {};
  std::size_t used = 0;  ///< slots, each with a connection or about to have one
  bool closed = false;

  std::shared_ptr<Connection> make_connection();
  std::shared_ptr<Connection> take_idle(bool repeatable);
  void give_back(std::shared_ptr<Connection> connection);
  void close();
};

/// A task in the queue for a slot. It is given one in its turn, not woken to fight for it.
struct Waiting {
  explicit Waiting(std::shared_ptr<Pool> at) : pool(std::move(at)), turn(pool->loop) { pool->queue.push_back(this); }
  ~Waiting() { std::erase(pool->queue, this); }
  Waiting(Waiting const&) = delete;
  Waiting& operator=(Waiting const&) = delete;

  std::shared_ptr<Pool> pool;
  Event turn;
  bool granted = false;
};

std::shared_ptr<Connection> Pool::make_connection() {
  std::erase_if(made, [](auto const& one) { return one.expired(); });
  auto connection = Connection::make(loop, *tls, options);
  made.push_back(connection);
  return connection;
}

/// The freshest idle connection that is still good; null when there is none.
std::shared_ptr<Connection> Pool::take_idle(bool repeatable) {
  while (!idle.empty()) {
    Idle const candidate = std::move(idle.back());
    idle.pop_back();
    auto const age = now() - candidate.since;
    if (age < (repeatable ? idle_for_reads : idle_for_writes) && candidate.connection->idle())
      return candidate.connection;
  }
  return nullptr;
}

void Pool::give_back(std::shared_ptr<Connection> connection) {
  if (connection && !closed) idle.push_back({.connection = std::move(connection), .since = now()});
  if (queue.empty()) {
    --used;
    return;
  }
  Waiting& next = *queue.front();  // takes over the slot
  queue.pop_front();
  next.granted = true;
  next.turn.notify_all();
}

void Pool::close() {
  closed = true;
  idle.clear();
  for (auto const& one : made)
    if (auto const connection = one.lock()) connection->abort();
  for (Waiting* const waiting : queue) waiting->turn.notify_all();
}

/// The right to use one connection, given back when it ends.
class Slot {
 public:
  explicit Slot(std::shared_ptr<Pool> pool) : pool_(std::move(pool)) {}
  Slot(Slot&& other) noexcept = default;
  Slot& operator=(Slot&&) = delete;
  ~Slot() {
    if (pool_) pool_->give_back(std::move(kept_));
  }
  void keep(std::shared_ptr<Connection> connection) { kept_ = std::move(connection); }

 private:
  std::shared_ptr<Pool> pool_;
  std::shared_ptr<Connection> kept_ = {};
};

Error cancelled(std::string_view doing) {
  return {.code = Errc::cancelled, .message = fmt::format("cancelled {}", doing)};
}

Limit earlier(Limit const& left, Limit const& right) {
  return left.at <= right.at ? left : right;
}

Limit limit_after(SteadyTime begun, Duration span) {
  return {.at = begun + span, .passed = "took longer than " + duration_text(span)};
}

Limit run_limit(SendOptions const& options) {
  return {.at = options.deadline, .passed = "was cut short by the deadline of the run"};
}

Limit limit_of(SendOptions const& options) {
  Limit limit = earlier(limit_after(options.begun.value_or(now()), options.timeout), run_limit(options));
  limit.ends_by = options.ends_by;
  return limit;
}

Task<Result<Slot>> take_slot(std::shared_ptr<Pool> pool, Limit limit) {
  if (pool->closed) co_return cancelled("before the request was sent");
  if (pool->used < pool->options->connections) {
    ++pool->used;
    co_return Slot(std::move(pool));
  }
  Waiting waiting(pool);
  bool const rung = co_await waiting.turn.wait_until(limit.at);
  if (waiting.granted) {
    Slot slot(pool);
    if (pool->closed) co_return cancelled("while waiting for a free connection");
    co_return slot;
  }
  if (rung) co_return cancelled("while waiting for a free connection");
  co_return Error{.code = Errc::timeout, .message = "waiting for a free connection " + limit.passed};
}

/// An open connection: a kept one if it may be, else a new one.
struct Ready {
  std::shared_ptr<Connection> connection;
  bool kept = false;
};

Task<Result<Ready>> get_ready(std::shared_ptr<Pool> pool, bool repeatable, Limit limit) {
  Ready ready{.connection = pool->take_idle(repeatable)};
  ready.kept = ready.connection != nullptr;
  if (ready.kept) co_return ready;
  ready.connection = pool->make_connection();
  Limit const connecting = earlier(limit, limit_after(now(), pool->options->connect_timeout));
  auto opened = co_await ready.connection->open(connecting);
  if (!opened) co_return std::move(opened).error();
  co_return ready;
}

Task<Result<Response>> send_on(std::shared_ptr<Pool> pool, Request request, SendOptions options) {
  CPS_CO_TRY(Slot slot, co_await take_slot(pool, options.begun ? limit_of(options) : run_limit(options)));
  Limit const limit = limit_of(options);
  CPS_CO_TRY(Ready ready, co_await get_ready(pool, request.method == "GET", limit));
  if (pool->closed) co_return cancelled("before the request was sent");
  if (options.complete) options.complete(request);
  CPS_CO_TRY(std::string const text, request_text(request, pool->options->endpoint));
  AnswerOptions reading{.from = pool->options->endpoint.authority(),
                        .bodiless = request.method == "HEAD",
                        .max_body = options.max_body,
                        .sink = options.sink};
  Answer answer(std::move(reading));
  auto const outcome = co_await ready.connection->exchange(text, answer, limit);
  if (!outcome) {
    // What ended one kept connection has ended the others, too: who sends again gets a new one.
    if (ready.kept) pool->idle.clear();
    co_return outcome.error();
  }
  if (answer.keep_alive()) slot.keep(std::move(ready.connection));
  co_return answer.take();
}

class PooledClient final : public Client {
 public:
  explicit PooledClient(std::shared_ptr<Pool> pool) : pool_(std::move(pool)) {}
  ~PooledClient() override { pool_->close(); }
  PooledClient(PooledClient const&) = delete;
  PooledClient& operator=(PooledClient const&) = delete;

  Task<Result<Response>> send(Request request, SendOptions options) override {
    return send_on(pool_, std::move(request), std::move(options));
  }
  void close() override { pool_->close(); }

 private:
  std::shared_ptr<Pool> pool_;
};

}  // namespace

Result<std::unique_ptr<Client>> Client::open(Loop& loop, ClientOptions options) {
  CPS_TRY(std::unique_ptr<Tls> tls, Tls::make(options.ca_file));
  options.connections = std::max<std::size_t>(1, options.connections);
  return std::unique_ptr<Client>(
      std::make_unique<PooledClient>(std::make_shared<Pool>(loop, std::move(tls), std::move(options))));
}

}  // namespace cpsctl::http

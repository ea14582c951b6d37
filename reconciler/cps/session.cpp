#include "cps/session.hpp"

#include "base/log.hpp"
#include "cps/problem.hpp"
#include "edgegrid/signer.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace cpsctl::cps {
namespace {

using namespace std::chrono_literals;

constexpr char const* base_path = "/cps/v2";
constexpr int read_attempts = 3;
constexpr Duration first_backoff = 500ms;
constexpr Duration longest_backoff = 10s;

/// Sorted and encoded: what is signed is what is sent.
std::string target_of(Call const& call) {
  auto query = call.query;
  if (!call.account_key.empty()) query.emplace_back("accountSwitchKey", call.account_key);
  std::ranges::sort(query);
  std::string target = base_path + call.path;
  char separator = '?';
  for (auto const& [name, value] : query) {
    target += fmt::format("{}{}={}", separator, name, edgegrid::percent_encoded(value));
    separator = '&';
  }
  return target;
}

bool worth_another_read(Error const& error) {
  return error.code == Errc::unavailable && error.reached != Reached::no;
}

}  // namespace

Session::Session(http::Loop& loop, http::Client& client, edgegrid::Credentials credentials, Clock const& clock,
                 Random& random, SessionOptions options)
    : loop_(loop),
      client_(client),
      credentials_(std::move(credentials)),
      clock_(clock),
      random_(random),
      options_(std::move(options)) {}

Governor& Session::governor(std::string const& account_key) {
  auto& governor = governors_[account_key];
  if (!governor) {
    governor = std::make_unique<Governor>(loop_, clock_, random_, Pacer(options_.windows, options_.reserve));
    if (cancelled_) governor->cancel();
  }
  return *governor;
}

std::size_t Session::throttles() const {
  std::size_t sum = 0;
  for (auto const& [account, governor] : governors_) sum += governor->throttles();
  return sum;
}

void Session::stop_waiting() {
  cancelled_ = true;
  for (auto& [account, governor] : governors_) governor->cancel();
  loop_.wake_sleepers();
}

void Session::cancel() {
  stop_waiting();
  client_.close();
}

http::Request Session::signed_request(Call const& call, std::string target) const {
  http::Request request{.method = call.method, .target = std::move(target), .body = call.body};
  auto const now = std::chrono::floor<std::chrono::seconds>(clock_.wall());
  std::string const authorization = edgegrid::authorization(
      credentials_,
      {.method = request.method, .host = credentials_.host, .target = request.target, .body = request.body},
      edgegrid::timestamp(now), random_.uuid());
  request.headers.push_back({.name = "Authorization", .value = authorization});
  request.headers.push_back({.name = "Accept", .value = call.accept});
  if (!call.content_type.empty())
    request.headers.push_back({.name = "Content-Type", .value = call.content_type + "; charset=utf-8"});
  return request;
}

http::Task<Result<http::Response>> Session::attempt(Call const& call, std::string const& target) {
  Governor& pacer = governor(call.account_key);
  auto const ticket = co_await pacer.acquire(options_.deadline);
  if (!ticket) co_return ticket.error();
  if (call.before_send) {
    auto const ready = co_await call.before_send();
    if (!ready) {
      pacer.release(*ticket);
      co_return ready.error();
    }
  }
  // Signed after the wait: a signature is good for thirty seconds.
  http::Request request = signed_request(call, target);
  // A sink bounds what it takes by itself, in its own words.
  std::size_t const unbounded = std::numeric_limits<std::size_t>::max();
  http::SendOptions how{.deadline = options_.deadline,
                        .timeout = options_.timeout,
                        .max_body = call.sink ? unbounded : options_.max_body,
                        .sink = call.sink};
  std::string const what = fmt::format("{} {}", call.method, call.path);
  SteadyTime const begun = clock_.steady();
  ++requests_;
  auto response = co_await client_.send(std::move(request), std::move(how));
  pacer.release(*ticket);
  auto const took = std::chrono::duration_cast<Duration>(clock_.steady() - begun).count();
  if (!response) {
    log::debug("[{}] {} failed in {} ms: {}", call.subject, what, took, describe(response.error()));
    co_return std::move(response).error().within(what);
  }
  log::debug("[{}] {} {} in {} ms", call.subject, what, response->status, took);
  if (response->status >= 200 && response->status < 300) co_return std::move(*response);
  Error error = to_error(*response, what, clock_.wall());
  if (error.code == Errc::rate_limited) pacer.throttled(advertised_wait(*response, clock_.wall()));
  co_return error;
}

http::Task<Result<http::Response>> Session::send(Call call) {
  std::string const target = target_of(call);
  for (int number = 1;;) {
    auto response = co_await attempt(call, target);
    if (response) co_return response;
    Error error = std::move(response).error();
    if (error.code == Errc::rate_limited) {
      // The governor is paused now; waiting in its queue is the retry. It ends at the deadline.
      log::info("[{}] {} {} is sent again after the pause", call.subject, call.method, call.path);
      if (call.restart) call.restart();
      continue;
    }
    bool const again = call.repeat == Repeat::freely && worth_another_read(error) && number < read_attempts;
    if (!again || cancelled_) co_return error;
    Duration const cap = std::min(longest_backoff, first_backoff * (1 << number));
    auto const wait = std::chrono::duration_cast<Duration>(cap * random_.unit());
    if (clock_.steady() + wait >= options_.deadline) co_return error;
    log::info("[{}] {} {}: attempt {} of {} failed ({}), again in {}", call.subject, call.method, call.path, number,
              read_attempts, error.message, duration_text(wait));
    bool const slept = co_await loop_.sleep_until(clock_.steady() + wait);
    if (!slept) co_return error;
    if (call.restart) call.restart();
    ++number;
  }
}

}  // namespace cpsctl::cps

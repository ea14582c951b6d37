#include "cps/session.hpp"

#include "base/log.hpp"
#include "cps/problem.hpp"
#include "cps/throttle.hpp"
#include "edgegrid/signer.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace cpsctl::cps {
namespace {

using namespace std::chrono_literals;

constexpr Duration longest_flight_beside_timeout = 30s;  // the journal before, the loop after

/// Sorted and encoded: what is signed is what is sent.
std::string target_of(Call const& call, std::string const& base_path) {
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

}  // namespace

Session::Session(http::Loop& loop, http::Client& client, edgegrid::Credentials credentials, Clock const& clock,
                 Random& random, SessionOptions options)
    : loop_(loop),
      client_(client),
      credentials_(std::move(credentials)),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      run_(random.next()) {}

Governor& Session::governor(std::string const& account_key) {
  auto& governor = governors_[options_.budget_group.empty() ? account_key : std::string()];
  if (!governor) {
    auto windows = options_.windows;
    if (!windows.empty()) windows.push_back(active_certificates_window());
    auto ledger = open_ledger(account_key, windows);
    GovernorOptions const how{.flight = options_.timeout + longest_flight_beside_timeout};
    governor =
        std::make_unique<Governor>(loop_, clock_, random_, Pacer(std::move(windows), run_), std::move(ledger), how);
    if (cancelled_) governor->cancel();
  }
  return *governor;
}

Duration Session::estimate(Requests const& requests) {
  std::map<Governor*, std::size_t> by_governor;
  for (auto const& [account, count] : requests) by_governor[&governor(account)] += count;
  Duration longest{};
  for (auto const& [one, count] : by_governor) longest = std::max(longest, one->estimate(count));
  return longest;
}

std::unique_ptr<Ledger> Session::open_ledger(std::string const& account_key, std::vector<Window> const& windows) {
  if (options_.ledger_folder.empty() || windows.empty() || sharing_failed_) return nullptr;
  auto const too_large = std::ranges::find_if(
      windows, [](Window const& window) { return window.requests > static_cast<int>(most_slots); });
  Result<std::unique_ptr<Ledger>> ledger = Error{
      .code = Errc::usage,
      .message = too_large == windows.end() ? "" : fmt::format("a limit of {} is too large", window_text(*too_large))};
  if (too_large == windows.end())
    ledger = Ledger::open(ledger_file(options_.ledger_folder, credentials_.host, account_key, options_.budget_group),
                          clock_);
  if (ledger) return std::move(*ledger);
  sharing_failed_ = true;
  log::warning("{}'s request limit is not shared with other cpsctl processes on this machine: {}", options_.service,
               ledger.error().message);
  return nullptr;
}

Counters Session::counters() const {
  Counters sum{.requests = requests_, .retries = retries_};
  for (auto const& [account, governor] : governors_) {
    sum.throttles += governor->throttles();
    sum.waited = std::max(sum.waited, governor->waited());
  }
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

void Session::sign(http::Request& request) const {
  auto const now = std::chrono::floor<std::chrono::seconds>(clock_.wall());
  std::string const authorization = edgegrid::authorization(
      credentials_,
      {.method = request.method, .host = credentials_.host, .target = request.target, .body = request.body},
      edgegrid::timestamp(now), random_.uuid());
  request.headers.push_back({.name = "Authorization", .value = authorization});
}

http::Task<Result<http::Response>> Session::attempt(Call const& call, std::string const& target) {
  Governor& pacer = governor(call.account_key);
  Turn turn{.lane = call.lane, .deadline = options_.deadline, .subject = call.subject};
  auto const ticket = co_await pacer.acquire(std::move(turn));
  if (!ticket) co_return ticket.error();
  // What precedes the request counts: the journal has said by when the attempt is over.
  Begun const begun{.steady = clock_.steady(), .wall = clock_.wall()};
  if (call.before_send) {
    auto const ready = co_await call.before_send();
    if (!ready) {
      pacer.give_back(*ticket);
      co_return ready.error();
    }
  }
  auto response = co_await exchange(call, target, begun);
  pacer.release(*ticket);
  if (!response) co_return std::move(response).error();
  co_return judged(call, std::move(*response));
}

/// One request and its answer, whatever that is. A write's attempt began at `begun`, and is over a timeout later; a
/// read has its timeout from when a connection is free.
http::Task<Result<http::Response>> Session::exchange(Call const& call, std::string const& target, Begun begun) {
  http::Request request{.method = call.method, .target = target, .body = call.body};
  request.headers.push_back({.name = "Accept", .value = call.accept});
  if (!call.content_type.empty())
    request.headers.push_back({.name = "Content-Type", .value = call.content_type + "; charset=utf-8"});
  // A sink bounds what it takes by itself, in its own words.
  std::size_t const unbounded = std::numeric_limits<std::size_t>::max();
  // A write in flight is not cut off by the run's end: that would only make a doubt of it.
  bool const reads = call.repeat == Repeat::freely;
  http::SendOptions how{.deadline = reads ? options_.deadline : SteadyTime::max(),
                        .timeout = options_.timeout,
                        .begun = reads ? std::nullopt : std::optional(begun.steady),
                        .ends_by = reads ? std::nullopt : std::optional(begun.wall + options_.timeout),
                        .max_body = call.sink ? unbounded : options_.max_body,
                        .sink = call.sink};
  // A signature is good for thirty seconds: it is made after every wait.
  how.complete = [this](http::Request& request_to_sign) { sign(request_to_sign); };
  SteadyTime const sent = clock_.steady();
  ++requests_;
  auto response = co_await client_.send(std::move(request), std::move(how));
  auto const took = std::chrono::duration_cast<Duration>(clock_.steady() - sent).count();
  std::string const what = fmt::format("{} {}", call.method, call.path);
  if (!response) {
    log::debug("[{}] {} failed in {} ms: {}", call.subject, what, took, describe(response.error()));
    co_return std::move(response).error().within(what);
  }
  log::debug("[{}] {} {} in {} ms", call.subject, what, response->status, took);
  co_return response;
}

/// An answer as the value or the error that it is; what it says about the request limit goes to the governor.
Result<http::Response> Session::judged(Call const& call, http::Response response) {
  std::string const what = fmt::format("{} {}", call.method, call.path);
  if (response.status >= 200 && response.status < 300) {
    CPS_CHECK(no_problem_in(response, what));
    auto const good = call.check ? call.check(response) : Result<>();
    if (!good) return good.error().within(what);
    return response;
  }
  WallTime const now = clock_.wall();
  Error error = to_error(response, what, now);
  bool const by_itself = error.code == Errc::refused || error.code == Errc::not_found || error.code == Errc::conflict;
  if (by_itself && std::ranges::find(call.answers, response.status) != call.answers.end()) return response;
  auto const wait = advertised_wait(response, now);
  // A 503 that names a time speaks for the whole account, too; it is no proof that nothing happened.
  bool const limit = error.code == Errc::rate_limited || (response.status == 503 && wait);
  if (limit)
    governor(call.account_key)
        .throttled(wait, call.subject, fmt::format("{} was answered with {}", what, response.status));
  return error;
}

http::Task<Result<http::Response>> Session::send(Call call) {
  std::string const target = target_of(call, options_.base_path);
  std::string const line = fmt::format("[{}] {} {}", call.subject, call.method, call.path);
  for (Tries tries;;) {
    auto response = co_await attempt(call, target);
    if (response) co_return response;
    Error error = std::move(response).error();
    SteadyTime const now = clock_.steady();
    note(tries, error, now);
    Verdict const verdict = judge(call.repeat, error, tries, options_.retry, now);
    if (verdict == Verdict::give_up || cancelled_) co_return error;
    if (verdict == Verdict::after_pause) {
      // The governor is paused; waiting in its queue is the pause.
      log::info("{} is sent again after the pause ({} of {})", line, tries.refusals, options_.retry.refusals - 1);
    } else {
      Duration const wait = backoff(options_.retry, tries, random_.unit());
      if (now + wait >= options_.deadline) {
        error.code = Errc::timeout;
        co_return std::move(error).within("no time is left to try again");
      }
      log::info("{}: try {} of {} failed ({}), again in {}", line, tries.failures, attempts_for(error, options_.retry),
                error.message, duration_text(wait));
      bool const slept = co_await loop_.sleep_until(now + wait);
      if (!slept) co_return error;
    }
    ++retries_;
    if (call.restart) call.restart();
  }
}

}  // namespace cpsctl::cps

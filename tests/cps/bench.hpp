#pragma once
#include "cps/session.hpp"
#include "edgegrid/signer.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <vector>

/// A session over a client that answers by script.
namespace cpsctl::test {

inline constexpr char const* host = "akab-test.luna.akamaiapis.net";

inline edgegrid::Credentials credentials() {
  return {.host = host,
          .client_token = Secret("akab-client-token"),
          .client_secret = Secret("secret="),
          .access_token = Secret("akab-access-token")};
}

/// The wall clock does not move, so that an advertised time is a wait of a few milliseconds.
struct StandingClock final : Clock {
  WallTime wall() const override { return parse_timestamp("2026-11-23T10:00:00Z").value(); }
  SteadyTime steady() const override { return system_clock().steady(); }
};

/// Different every time, and so small that jittered waits come to nothing.
struct SmallRandom final : Random {
  std::uint64_t next() override { return ++last; }
  std::uint64_t last = 0;
};

inline Result<http::Response> answer(int status, std::string body = {}) {
  return http::Response{.status = status, .body = std::move(body)};
}

/// A 429 that asks for 5 ms by StandingClock.
inline Result<http::Response> throttled() {
  return http::Response{.status = 429, .headers = {{.name = "X-RateLimit-Next", .value = "2026-11-23T10:00:00.005Z"}}};
}

inline Result<http::Response> failed(Errc code, Reached reached) {
  return Error{.code = code, .message = "an accident", .reached = reached};
}

/// Answers by script, the last line for ever; a 2xx body goes to the sink as the real client's does.
class Script final : public http::Client {
 public:
  explicit Script(std::deque<Result<http::Response>> answers) : answers_(std::move(answers)) {}

  http::Task<Result<http::Response>> send(http::Request request, http::SendOptions options) override {
    if (options.complete) options.complete(request);
    requests.push_back(std::move(request));
    bodies_allowed.push_back(options.max_body);
    begun.push_back(options.begun);
    ends_by.push_back(options.ends_by);
    deadlines.push_back(options.deadline);
    auto next = answers_.front();
    if (answers_.size() > 1) answers_.pop_front();
    bool const streamed = next && options.sink && next->status == 200;
    if (streamed) {
      auto const taken = options.sink(next->body);
      if (!taken) co_return taken.error();
      next->body.clear();
      if (next->header("X-Cut") == "yes") co_return failed(Errc::unavailable, Reached::unknown);
    }
    co_return next;
  }
  void close() override { closed = true; }

  std::vector<http::Request> requests = {};
  std::vector<std::size_t> bodies_allowed = {};
  std::vector<std::optional<SteadyTime>> begun = {};
  std::vector<std::optional<WallTime>> ends_by = {};
  std::vector<SteadyTime> deadlines = {};
  bool closed = false;

 private:
  std::deque<Result<http::Response>> answers_;
};

inline std::string header(http::Request const& request, std::string_view name) {
  auto const found = std::ranges::find(request.headers, name, &http::Header::name);
  return found == request.headers.end() ? "(none)" : found->value;
}

/// The signature of what was really sent, made again from the header's own time and nonce.
inline std::string resigned(http::Request const& request) {
  auto const parts = edgegrid::parse_authorization(header(request, "Authorization")).value();
  return edgegrid::authorization(
      credentials(), {.method = request.method, .host = host, .target = request.target, .body = request.body},
      parts.timestamp, parts.nonce);
}

struct Bench {
  http::Loop loop;
  StandingClock clock;
  SmallRandom random;
  Script client;
  cps::Session session;

  explicit Bench(std::deque<Result<http::Response>> answers, std::vector<cps::Window> windows = {},
                 SteadyTime deadline = SteadyTime::max())
      : client(std::move(answers)),
        session(loop, client, credentials(), clock, random, {.windows = std::move(windows), .deadline = deadline}) {}
};

}  // namespace cpsctl::test

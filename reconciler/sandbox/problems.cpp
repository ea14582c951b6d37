#include "sandbox/problems.hpp"

#include "base/json.hpp"

#include <chrono>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace cpsctl::sandbox {
namespace {

constexpr char problem_type[] = "application/problem+json";

/// Members in the order given; every value a string but `status`.
class Body {
 public:
  Body() { document_.SetObject(); }
  Body& text(std::string_view name, std::string_view value) {
    auto& pool = document_.GetAllocator();
    document_.AddMember(json::string(name, pool), json::string(value, pool), pool);
    return *this;
  }
  Body& number(std::string_view name, int value) {
    auto& pool = document_.GetAllocator();
    document_.AddMember(json::string(name, pool), json::Value(value), pool);
    return *this;
  }
  std::string dump() const { return json::compact(document_); }

 private:
  json::Document document_;
};

}  // namespace

std::string hex_id(Random& random) {
  std::uint64_t const high = random.next();
  std::uint64_t const low = random.next();
  return fmt::format("{:016x}{:016x}", high, low);
}

std::string millisecond_timestamp(WallTime time) {
  auto const seconds = std::chrono::floor<std::chrono::seconds>(time);
  auto const parts = fmt::gmtime(std::chrono::system_clock::to_time_t(seconds));
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", parts, (time - seconds).count());
}

Response cps_problem(Problem const& problem, std::string_view authority, Random& random) {
  std::string const type = fmt::format("https://{}/cps/v2/error-types/{}", authority, problem.slug);
  Body body;
  body.text("type", type).text("title", problem.title).text("instance", fmt::format("{}?id={}", type, hex_id(random)));
  if (!problem.detail.empty()) body.text("detail", problem.detail);
  Response response{.status = problem.status, .content_type = problem_type, .body = body.dump()};
  response.refused = problem.detail.empty() ? problem.title : fmt::format("{}: {}", problem.title, problem.detail);
  return response;
}

Problem bad_parameter(std::string detail) {
  return {.status = 400, .slug = "invalid-parameter", .title = "Invalid parameter", .detail = std::move(detail)};
}

Response gateway_problem(GatewayProblem const& problem, Request const& request, std::string_view authority,
                         WallTime now, Random& random) {
  std::string const id = hex_id(random).substr(0, 24);
  Body body;
  body.text("type", fmt::format("https://problems.luna.akamaiapis.net/-/pep-authn/{}", problem.slug))
      .text("title", problem.title)
      .number("status", problem.status)
      .text("detail", problem.detail)
      .text("instance", fmt::format("https://{}{}", authority, request.target.substr(0, request.target.find('?'))))
      .text("method", request.method)
      .text("serverIp", "127.0.0.1")
      .text("clientIp", request.client_ip)
      .text("requestId", id)
      .text("requestTime", timestamp(std::chrono::floor<std::chrono::seconds>(now)));
  Response response{.status = problem.status, .content_type = problem_type, .body = body.dump()};
  response.refused = fmt::format("gateway: {}", problem.detail);
  return response;
}

Response quota_problem(Duration wait, std::size_t limit, WallTime now) {
  auto const seconds = std::max(std::chrono::ceil<std::chrono::seconds>(wait), std::chrono::seconds(1));
  Body body;
  body.text("type", "Too many Requests")
      .text("title", "HTTP 429 - Too many requests")
      .number("status", 429)
      .text("detail", "The quota of requests for your account is exhausted. Try again later.");
  Response response{.status = 429, .content_type = problem_type, .body = body.dump()};
  response.headers = {{"Retry-After", fmt::format("{}", seconds.count())},
                      {"X-RateLimit-Next", millisecond_timestamp(now + wait)},
                      {"X-RateLimit-Limit", fmt::format("{}", limit)},
                      {"X-RateLimit-Remaining", "0"}};
  response.refused = fmt::format("limit: more than the account may send; next in {} ms", wait.count());
  return response;
}

}  // namespace cpsctl::sandbox

#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"
#include "sandbox/exchange.hpp"

#include <string>
#include <string_view>

/// The error bodies of the layers that answer under CPS's address (cps-api.md §6.1).
namespace cpsctl::sandbox {

/// What CPS itself says: `type` ends in /cps/v2/error-types/<slug>, `instance` carries the error's id.
struct Problem {
  int status = 400;
  std::string slug = {};
  std::string title = {};
  std::string detail = {};  ///< empty: no detail member, as CPS's not-found has it
};

Response cps_problem(Problem const& problem, std::string_view authority, Random& random);

/// 400: a query parameter that is missing, unknown or malformed.
Problem bad_parameter(std::string detail);

/// What the API gateway says, before CPS sees the request (cps-api.md §1.5).
struct GatewayProblem {
  int status = 400;
  std::string slug = {};  ///< "request-error" or "deny"
  std::string title = {};
  std::string detail = {};
};

Response gateway_problem(GatewayProblem const& problem, Request const& request, std::string_view authority,
                         WallTime now, Random& random);

/// 429 of the rate limiter, with Retry-After (whole seconds, at least 1), X-RateLimit-Next, -Limit and -Remaining.
/// `limit`: the requests that its window allows.
Response quota_problem(Duration wait, std::size_t limit, WallTime now);

/// "2026-11-23T10:15:00.000Z": RFC 3339, always with milliseconds.
std::string millisecond_timestamp(WallTime time);

/// 32 hexadecimal digits.
std::string hex_id(Random& random);

}  // namespace cpsctl::sandbox

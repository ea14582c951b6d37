#pragma once
#include "cps/types.hpp"
#include "http/client.hpp"

#include <optional>
#include <string>
#include <string_view>

/// What an answer that is not a success says (cps-api.md §6.1, §1.5).
namespace cpsctl::cps {

/// Reads problem documents of CPS and of the API gateway, `ApiError(type=…)` texts, HTML, plain text and nothing.
Problem parse_problem(int status, std::string_view body);

/// 400 whose words say that the contract is none of this credential's: "ApiError(type=Forbidden, title=Invalid Contract
/// …" (akamai/terraform-provider-akamai#341).
bool is_forbidden_contract(Problem const& problem);

/// The gateway's burst block: a rate limit that comes as 400.
bool is_burst_block(Problem const& problem);
/// The gateway's answer to a signature from another time.
bool is_clock_skew(Problem const& problem);

/// A problem that came with a 2xx, in the place of what was asked for: protocol, and a write is a doubt.
Result<> no_problem_in(http::Response const& response, std::string_view what);

/// The answer as an Error: the code by status, `reached` as a write needs it (4xx: no, everything else: unknown).
/// `what` is the request in words: "POST /enrollments".
Error to_error(http::Response const& response, std::string_view what, WallTime now);

}  // namespace cpsctl::cps

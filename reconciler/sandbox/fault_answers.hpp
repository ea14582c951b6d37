#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"
#include "sandbox/exchange.hpp"
#include "sandbox/faults.hpp"

#include <optional>

/// What faults make of answers; the wire's part is left to the connection, in Response::delivery.
namespace cpsctl::sandbox {

/// The answer to a request that a fault keeps from CPS; nothing when CPS is to be asked.
std::optional<Response> answer_instead(Mishap const& mishap, Request const& request, WallTime now, Random& random);

/// An answer, CPS's own or the one instead, after the rest of the mishap.
Response spoiled(Mishap const& mishap, Response response, Request const& request, WallTime now, Random& random);

}  // namespace cpsctl::sandbox

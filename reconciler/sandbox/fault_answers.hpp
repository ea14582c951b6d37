#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"
#include "sandbox/exchange.hpp"
#include "sandbox/faults.hpp"

#include <optional>

/// What faults make of answers; the wire's part is left to the connection, in Response::delivery.
namespace cpsctl::sandbox {

/// The answer to a request that a fault keeps from CPS; nothing when CPS is to be asked.
std::optional<Response> answer_instead(Fault const& fault, Request const& request, WallTime now, Random& random);

/// CPS's own answer after the fault.
Response spoiled(Fault const& fault, Response response, Request const& request, WallTime now, Random& random);

}  // namespace cpsctl::sandbox

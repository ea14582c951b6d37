#pragma once
#include "base/clock.hpp"
#include "cps/types.hpp"
#include "http/client.hpp"

#include <optional>
#include <string_view>

/// How long an answer asks to wait (cps-api.md §1.5, §6.1, §6.3). Pure.
namespace cpsctl::cps {

/// A pause that the answer does not state, and the longest that is believed.
constexpr Duration usual_pause = std::chrono::seconds(60);
constexpr Duration longest_pause = std::chrono::minutes(10);

/// Parses "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<WallTime> parse_http_date(std::string_view text);

/// The longest wait that the answer states: Retry-After (seconds or date), X-RateLimit-Next and Akamai-RateLimit-Next
/// (RFC 3339, against the answer's own Date), under any mangled spelling of these names, or an RFC 3339 time in the
/// body. At most longest_pause; nothing when it states none, it has passed, or is more than a day.
std::optional<Duration> advertised_wait(http::Response const& response, WallTime now);

/// The pause after a throttled request: what was advertised, or usual_pause, and up to a tenth more by `jitter` in
/// [0, 1), so that not everybody comes back at the same instant; never shorter than told.
Duration pause_after(std::optional<Duration> advertised, double jitter);

}  // namespace cpsctl::cps

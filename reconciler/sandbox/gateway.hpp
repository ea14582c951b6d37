#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"
#include "edgegrid/credentials.hpp"
#include "sandbox/exchange.hpp"
#include "sandbox/limits.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// Akamai's API gateway as a client meets it: signatures, clock skew, nonces, quotas.
namespace cpsctl::sandbox {

/// Checks EG1-HMAC-SHA256 over exactly the bytes that came (cps-api.md §1.1, §1.5). No socket, no clock of its own.
class Gateway {
 public:
  Gateway(edgegrid::Credentials credentials, Random& random) : credentials_(std::move(credentials)), random_(random) {}

  /// The gateway's answer to a request that it does not let through; nothing for one that may pass.
  std::optional<Response> refuse(Request const& request, WallTime now);

  edgegrid::Credentials const& credentials() const { return credentials_; }

 private:
  bool seen_before(std::string const& nonce, WallTime now);

  edgegrid::Credentials credentials_;
  Random& random_;
  std::set<std::string, std::less<>> nonces_;
  std::deque<std::pair<WallTime, std::string>> nonce_order_;  ///< oldest first, to forget what can no longer pass
};

/// active-certificates has an allowance of its own (cps-api.md §6.3).
enum class Allowance : std::uint8_t { usual, active_certificates };

/// What the meter says to a request that it refuses.
struct Excess {
  Duration wait = {};     ///< until the next may come
  std::size_t limit = 0;  ///< requests that its window allows
};

/// Requests per account as they arrive. Refused ones do not count.
class Meter {
 public:
  /// active-certificates is allowed 10 in 60 s, whatever is usual.
  explicit Meter(std::vector<Limit> usual = real_limits());
  /// Counts a request at `now`, unless there were too many.
  std::optional<Excess> admit(std::string const& account, Allowance allowance, SteadyTime now);

 private:
  std::map<Allowance, std::vector<Limit>> limits_;
  std::map<std::pair<std::string, Allowance>, std::deque<SteadyTime>> passed_;
};

}  // namespace cpsctl::sandbox

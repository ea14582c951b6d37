#pragma once
#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "sandbox/behaviour.hpp"
#include "sandbox/store.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

/// Changes that end by themselves, as those of CPS do.
namespace cpsctl::sandbox {

/// Time passes for the sandbox only when somebody asks: advance() is called with each request's arrival.
class Progress {
 public:
  /// Watches what the store holds already.
  Progress(Behaviour const& behaviour, Store& store);

  /// Tells of an enrollment whose pending changes are new.
  void watch(Enrollment const& enrollment);

  /// Ends what is due at `now`: the certificate is deployed, a removed enrollment is gone, a change whose
  /// deploy-not-after has passed has expired. Errors: io.
  Result<> advance(WallTime now);

 private:
  std::optional<WallTime> due(Change const& change) const;
  Result<> settle(Enrollment const& enrollment, Change const& change, WallTime at);

  Behaviour behaviour_;
  Store& store_;
  std::multimap<WallTime, std::int64_t> agenda_;  ///< when to look at which enrollment; entries may be outdated
};

/// How long a certificate lives: dv 90 days, the others a year.
std::chrono::days lifetime(std::string_view validation_type);

/// When CPS renews a certificate by itself: dv 20, ov 60, ev 90 days before its end (cps-api.md §3.8). Nothing for
/// third-party.
std::optional<WallTime> renewal_time(std::string_view validation_type, WallTime issued);

}  // namespace cpsctl::sandbox

#pragma once
#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/random.hpp"
#include "sandbox/edge_dns.hpp"
#include "sandbox/faults.hpp"
#include "sandbox/gateway.hpp"
#include "sandbox/service.hpp"
#include "sandbox/store.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// The whole sandbox without its sockets: gateway, limits, endpoints, and the record of every request.
namespace cpsctl::sandbox {

struct SiteOptions {
  Behaviour behaviour = {};
  std::function<void(std::string_view line)> log = {};
};

class Site {
 public:
  Site(SiteOptions options, edgegrid::Credentials credentials, std::unique_ptr<Store> store,
       std::unique_ptr<Appender> requests_log, Clock const& clock, Random& random);

  /// What this request is to meet. To be asked once a request, before answer().
  Mishap mishap_of(Request const& request);
  /// What a new connection is to meet before its first request; one that is hit has a line in requests.log.
  Mishap mishap_of_connection();

  /// Decides, and writes one line to requests.log.
  Response answer(Request const& request, Mishap const& mishap);
  Response answer(Request const& request) { return answer(request, mishap_of(request)); }

  // What is to be looked for by now, and what was found (validation.hpp): to be asked before a request is answered.
  bool look_is_due() const;
  std::vector<Probe> looks();
  void take(std::vector<Sight> const& sights);

  /// Moves the sandbox's time on (timeline.hpp). Errors: io.
  Result<> forward(Duration time);

  Store& store() { return *store_; }
  EdgeDns const& edge_dns() const { return edge_dns_; }

 private:
  WallTime shown_now() const;
  Response decide(Request const& request, Target const* target, std::string const& account, Duration skew);
  void record(Request const& request, Response const& response, std::string const& account);

  SiteOptions options_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Appender> requests_log_;
  Clock const& clock_;
  Random& random_;
  Gateway gateway_;
  Meter meter_;
  Service service_;
  EdgeDns edge_dns_;
  Faults faults_;
};

/// The account of a request: its accountSwitchKey, or "own".
std::string account_of(Target const* target);

}  // namespace cpsctl::sandbox

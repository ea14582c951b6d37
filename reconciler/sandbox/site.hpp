#pragma once
#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/random.hpp"
#include "sandbox/gateway.hpp"
#include "sandbox/service.hpp"
#include "sandbox/store.hpp"

#include <functional>
#include <memory>
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

  /// Decides, and writes one line to requests.log.
  Response answer(Request const& request);

  Store& store() { return *store_; }

 private:
  Response decide(Request const& request, Target const* target, std::string const& account);
  void record(Request const& request, Response const& response, std::string const& account);

  SiteOptions options_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Appender> requests_log_;
  Clock const& clock_;
  Random& random_;
  Gateway gateway_;
  Meter meter_;
  Service service_;
};

/// The account of a request: its accountSwitchKey, or "own".
std::string account_of(Target const* target);

}  // namespace cpsctl::sandbox

#pragma once
#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "sandbox/exchange.hpp"
#include "sandbox/media.hpp"
#include "sandbox/problems.hpp"
#include "sandbox/rules.hpp"
#include "sandbox/store.hpp"

#include <optional>
#include <string>
#include <vector>

/// CPS's endpoints: request in, response out (cps-api.md §2.2, §2.3, §4.7).
namespace cpsctl::sandbox {

struct ServiceOptions {
  Policy policy = Policy::lenient;
  std::vector<std::string> contracts = {};  ///< only these; empty: any
};

/// A request that has passed the gateway, and what is known of it.
struct Call {
  Request const& request;
  Target const& target;
  std::string account;    ///< accountSwitchKey, or "own"
  std::string authority;  ///< for the URLs of problems
  WallTime now = {};
  std::vector<std::string> notes = {};  ///< what was let pass
};

class Service {
 public:
  Service(ServiceOptions options, Store& store, Random& random)
      : options_(std::move(options)), store_(store), random_(random) {}

  Response answer(Call call);

 private:
  Response route(Call& call);
  Response list(Call& call);
  Response create(Call& call);
  Response get(Call& call, Enrollment const& enrollment);
  Response update(Call& call, Enrollment const& live);
  Response remove(Call& call, Enrollment const& live);
  Response get_change(Call& call, Enrollment const& enrollment, Change const& change);
  Response cancel_change(Call& call, Enrollment const& enrollment, Change const& change);

  Response enrollment_route(Call& call, Enrollment const& enrollment);
  Response change_route(Call& call, Enrollment const& enrollment, Change const& change);
  Response refuse(Call const& call, Problem const& problem);
  Response not_found(Call const& call, std::string what);
  Response wrong_method(Call const& call, std::string allowed);
  Response not_acceptable(Call const& call, Entity const& entity);
  Response disk_trouble(Call const& call, Error const& error);

  std::optional<Problem> query_problem(Call& call, std::vector<std::string_view> const& known);
  std::optional<Problem> contract_problem(std::string const& contract) const;
  /// The body in the newest shape, checked; or the answer that refuses it.
  struct Body;
  Body read_body(Call& call, Write write, Enrollment const* live);
  Response store_update(Call& call, Enrollment const& live, json::Document document, Edit const& edit, int version);
  static Problem pending_problem(Enrollment const& live);
  Change new_change(Call const& call, std::string type, std::string_view validation) const;

  ServiceOptions options_;
  Store& store_;
  Random& random_;
};

}  // namespace cpsctl::sandbox

#pragma once
#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "sandbox/behaviour.hpp"
#include "sandbox/exchange.hpp"
#include "sandbox/problems.hpp"
#include "sandbox/progress.hpp"
#include "sandbox/rules.hpp"
#include "sandbox/store.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

/// CPS's endpoints: request in, response out (cps-api.md §2.2, §2.3, §4.7).
namespace cpsctl::sandbox {

/// A request that has passed the gateway, and what is known of it.
struct Call {
  Request const& request;
  Target const& target;
  std::string account;    ///< accountSwitchKey, or "own"
  std::string authority;  ///< for the URLs of problems
  WallTime now = {};
  std::vector<std::string> notes = {};  ///< what was let pass
};

/// /cps/v2/active-certificates, as Target::path has it.
inline std::vector<std::string> const active_certificates_path = {"cps", "v2", "active-certificates"};

/// /contract-api/v1/contracts/identifiers, where clients learn which contracts there are.
inline std::vector<std::string> const contracts_path = {"contract-api", "v1", "contracts", "identifiers"};

/// What can be read of an enrollment beside itself.
enum class Shown : std::uint8_t { deployments, production, staging, dv_history, certificate_history, change_history };
/// For a path of five or six segments, as Target::path has it.
std::optional<Shown> shown_by(std::vector<std::string> const& path);

class Service {
 public:
  Service(Behaviour behaviour, Store& store, Random& random);

  /// Lets time pass up to `call.now` first.
  Response answer(Call call);

  // Tokens that are to be looked for, and what was found (progress.hpp).
  bool look_is_due(WallTime now) const { return progress_.look_is_due(now); }
  Result<std::vector<Probe>> looks(WallTime now);
  Result<> take(std::vector<Sight> const& sights, WallTime now) { return progress_.take(sights, now); }

 private:
  Response route(Call& call);
  Response list(Call& call);
  Response active_certificates(Call& call);
  Response create(Call& call);
  Response get(Call& call, Enrollment const& enrollment);
  Response update(Call& call, Enrollment const& live);
  Response remove(Call& call, Enrollment const& live);
  Response get_change(Call& call, Enrollment const& enrollment, Change const& change);
  Response get_ended(Call& call, PastChange const& past);
  Response cancel_change(Call& call, Enrollment const& enrollment, Change const& change);

  Response show(Call& call, Enrollment const& enrollment, Shown shown);
  Response contracts(Call& call);
  Response schedule(Call& call, Enrollment const& enrollment, Change const& change);
  Response set_schedule(Call& call, Enrollment const& enrollment, Change const& change);
  Response input_info(Call& call, Enrollment const& enrollment, Change const& change, Input input);
  Response input_update(Call& call, Enrollment const& enrollment, Change const& change, Input input);

  Response enrollment_route(Call& call, Enrollment const& enrollment);
  Response change_route(Call& call, Enrollment const& enrollment, Change const& change);
  static Response carried_out(int status, Entity const& entity, int version, std::string body);
  Response refuse(Call const& call, Problem const& problem);
  Response not_found(Call const& call, std::string what);
  Response wrong_method(Call const& call, std::string allowed);
  Response not_acceptable(Call const& call, Entity const& entity);
  Response not_supported(Call const& call, Entity const& entity);
  Response disk_trouble(Call const& call, Error const& error);

  std::optional<Problem> query_problem(Call& call, std::vector<std::string_view> const& known);
  std::optional<Problem> contract_problem(std::string const& contract) const;
  /// The body in the newest shape, checked; or the answer that refuses it.
  struct Body;
  Body read_body(Call& call, Write write, Enrollment const* live);
  std::optional<Problem> too_soon_problem(Call const& call, std::string const& contract, std::string const& name);
  void remember_create(Enrollment const& enrollment, WallTime when);
  std::string create_key(std::string_view account, std::string_view contract, std::string_view name) const;
  void remember(Enrollment& next, WallTime now) const;
  std::string const* lagging(Enrollment const& enrollment, WallTime now) const;
  std::string const* listed(Enrollment const& enrollment, WallTime now) const;
  std::optional<Problem> twin_problem(Call const& call, std::string const& contract, std::string const& name);
  /// What a change begins with.
  struct Beginning {
    std::string type = {};
    Work work = Work::certificate;
    std::vector<std::string> warnings = {};  ///< post-verification, of CPS's own certificates and removals
  };
  /// Adds a change, and what it orders, to the enrollment whose document is to be `document`. Returns the change's id.
  std::int64_t start_change(Call const& call, Enrollment& enrollment, json::Value const& document,
                            Beginning beginning) const;
  static std::optional<Problem> cancel_problem(Change const& change, WallTime now);
  static void cancel_all(Enrollment& enrollment, WallTime now);
  /// Takes one change away, the enrollment with it when it never had a certificate (cps-api.md §4.7). Errors: io.
  Result<> cancel(Call const& call, Enrollment const& enrollment, std::int64_t change);

  // Inputs.
  struct Given;
  std::optional<Response> read_given(Call& call, Input input, Given& given);
  std::optional<Problem> take(Call const& call, Enrollment& enrollment, Change& change, Input input,
                              Given const& given) const;
  std::optional<Problem> take_upload(Call const& call, Enrollment& enrollment, Change& change,
                                     Given const& given) const;
  Result<> leave_input(Call const& call, Enrollment& enrollment, std::int64_t change);
  std::vector<std::string> warnings_when(Warning::When when) const;
  /// Stores an enrollment whose document is as it should be.
  Result<> put_back(Enrollment next);
  /// Makes the CSRs of an order, or the certificates of those that `wanted` names, and stores what was made.
  Result<> make_csrs(Enrollment& enrollment, std::int64_t change);
  Result<> make_certificates(Enrollment& enrollment, std::vector<std::int64_t> const& wanted);

  /// Stores `next` with this document, its pending changes put in.
  Result<> keep(Enrollment next, json::Document& document);
  std::string shown(std::int64_t enrollment, std::string const& document, int version) const;
  std::uint64_t seed_of(std::int64_t enrollment) const;
  std::string status_body(std::int64_t enrollment, std::vector<std::int64_t> const& changes) const;

  Behaviour behaviour_;
  Store& store_;
  Random& random_;
  Progress progress_;
  std::map<std::string, WallTime> last_creates_;  ///< what the five-minute rule goes by
};

}  // namespace cpsctl::sandbox

#pragma once
#include "base/clock.hpp"
#include "base/random.hpp"
#include "sandbox/behaviour.hpp"
#include "sandbox/exchange.hpp"
#include "sandbox/service.hpp"
#include "sandbox/store.hpp"
#include "sandbox/zones.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

/// Edge DNS, version 2 (facts-2026.md C1): zones, single record sets, change lists. What replaces the record sets of a
/// whole zone is not served.
namespace cpsctl::sandbox {

/// Is the target one of Edge DNS's?
bool is_edge_dns(Target const& target);

class EdgeDns {
 public:
  EdgeDns(Behaviour const& behaviour, Store& store, Random& random)
      : behaviour_(behaviour), store_(store), random_(random) {}

  /// `real`: a zone that is written to is locked in the real time.
  Response answer(Call const& call, SteadyTime real);

  /// What its name servers would answer; nothing for a name outside its zones.
  std::optional<TxtAnswer> txt(std::string_view name) const;

 private:
  Response zones(Call const& call);
  Response zone(Call const& call, std::string const& name);
  Response record_sets(Call const& call, Zone const& zone);
  Response record_set(Call const& call, std::string const& zone, SteadyTime real);
  Response create_list(Call const& call);
  Response change_list(Call const& call, std::string const& zone, SteadyTime real);
  Response add_change(Call const& call, std::string const& zone, ChangeList list);
  Response submit(Call const& call, std::string const& zone, ChangeList const& list, SteadyTime real);

  /// Why a zone takes no write now.
  std::optional<Response> locked(Call const& call, std::string const& zone, SteadyTime real);
  /// Stores a new version of the zone, and locks it for a while.
  Response written(Call const& call, ZoneWrite write, Response done, SteadyTime real);
  Response listed(Call const& call, std::string const& zone, std::optional<ChangeList> list, Response done);
  Response problem(Call const& call, int status, std::string_view slug, std::string_view title, std::string detail);
  Zone const& at(std::string const& zone) const;
  bool serves(std::string_view zone) const;

  Behaviour behaviour_;
  Store& store_;
  Random& random_;
  std::map<std::string, SteadyTime> busy_until_;
};

}  // namespace cpsctl::sandbox

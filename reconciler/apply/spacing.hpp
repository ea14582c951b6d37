#pragma once
#include "base/clock.hpp"
#include "plan/plan.hpp"

#include <map>

namespace cpsctl::apply {

/// How creates of one contract follow each other. At once, until CPS answers one with 409: it takes one certificate of
/// a contract in five minutes (cps-api.md §6.2), or may. From then on one at a time, and `apart` from each other.
class Spacing {
 public:
  explicit Spacing(Duration apart) : apart_(apart) {}

  /// CPS answered a create of the contract with 409 at `at`.
  void conflict(plan::Scope const& scope, WallTime at);
  /// May no create be sent now?
  bool holds(plan::Scope const& scope, WallTime now) const;
  /// A create is sent now.
  void begin(plan::Scope const& scope);
  /// It is over. `counts`: CPS took it, or may have.
  void end(plan::Scope const& scope, WallTime now, bool counts);

  struct Place {
    int in_line = 1;         ///< behind how many creates, this one included, it is sent
    WallTime next = {};      ///< when the first of them may be sent
    WallTime expected = {};  ///< when this one may be, if none of them is refused
  };
  /// A create that is held back joins the line of its contract.
  Place join(plan::Scope const& scope, WallTime now);
  /// A new round begins: all creates that are left join the lines again.
  void clear_lines();

 private:
  struct Contract {
    bool one_at_a_time = false;
    int in_flight = 0;
    int in_line = 0;
    WallTime next = {};
  };
  Duration apart_;
  std::map<plan::Scope, Contract> contracts_ = {};
};

}  // namespace cpsctl::apply

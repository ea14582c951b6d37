#pragma once
#include "lifecycle/decide.hpp"

/// The next step at an input whose information was read, one function a kind. Whose change it is, what holds it and
/// what was answered already is decide()'s to say.
namespace cpsctl::lifecycle {

/// What decides at an input; borrowed for the call.
struct AtInput {
  Seen const& seen;
  cps::Input const& input;
  Owner owner;
  Policy const& policy;
  WallTime now;

  /// May the policy answer at all? Else why not, in one clause.
  std::optional<std::string> by_hand_only() const;
  Missing missing(std::string what) const;
  /// Those that the policy does not answer.
  std::vector<Warning> left_of(std::vector<Warning> const& warnings) const;
};

Due decide_warnings(AtInput const& at, cps::WarningsText const& text);
Due decide_validation(AtInput const& at, cps::Challenges const& challenges);
Due decide_certificate(AtInput const& at, cps::Csrs const& csrs);
Due decide_promotion(AtInput const& at, cps::PendingDeployment const& pending);

}  // namespace cpsctl::lifecycle

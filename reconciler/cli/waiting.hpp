#pragma once
#include "apply/apply.hpp"
#include "cli/exit.hpp"
#include "lifecycle/target.hpp"
#include "plan/plan.hpp"
#include "plan/view.hpp"

#include <map>
#include <set>
#include <string>

namespace cpsctl::cli {

/// What a run with --wait waits for, and how far that is. Pure.
class Waiting {
 public:
  /// For all that the result is about and that exists at CPS, and for changes that were looked at before.
  Waiting(lifecycle::Target target, apply::ApplyResult const& result,
          std::map<std::string, std::vector<plan::Advance>> const& looks);

  std::set<std::string> const& names() const { return names_; }
  /// `inputs`: as CPS has answered them; `looks`: of the plan that was made of them.
  void look(plan::Inputs const& inputs, std::map<std::string, std::vector<plan::Advance>> const& looks);
  /// CPS could not be asked: it is asked again, each time a while later.
  void unanswered();
  /// Some of what was looked at was answered since: its results join those of the run.
  void answered(apply::ApplyResult later, apply::ApplyResult& all);

  /// A person has to act: the result says so, with what the plan says of it.
  void due(plan::Item const& item, apply::ApplyResult& all) const;

  /// The time is over: the result says which changes go on without this run.
  void out_of_time(std::map<std::string, state::Entry> const& entries, apply::ApplyResult& all) const;

  /// Does nothing come by waiting any more?
  bool over() const;
  /// Until CPS is asked again.
  Duration pause() const { return pause_; }
  /// The target is reached, or why not: 3 when only persons are due, 1 for what does not go on, 75 for the rest.
  Exit exit() const;
  /// "2 changes at CPS, 1 of a person".
  std::string words() const;

 private:
  std::size_t count(lifecycle::Keeps keeps) const;

  lifecycle::Target target_;
  std::set<std::string> names_ = {};
  std::map<std::string, lifecycle::Keeps> kept_ = {};
  Duration pause_ = std::chrono::seconds(1);
};

}  // namespace cpsctl::cli

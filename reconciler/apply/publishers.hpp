#pragma once
#include "base/clock.hpp"
#include "http/task.hpp"
#include "plan/plan.hpp"
#include "state/types.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace cpsctl::apply {

/// Where the tokens of a change go.
struct Placed {
  std::vector<state::Publication> publications = {};
  /// Of names that validate by themselves: until then nobody acts on them.
  std::optional<WallTime> left_until = {};
};

/// They are there, by the check that the policy wants.
struct Confirmed {};
/// They were put there, and not all that was asked has them, or could be asked.
struct Unconfirmed {
  std::string reason = {};  ///< who has what, one clause
};
struct Published {
  std::variant<Confirmed, Unconfirmed, Error> standing = {};
  std::vector<state::Publication> learned = {};  ///< of those that a program answered for: with its reference
};

/// What brings tokens to where a CA looks, and takes them away: the project's publishers.
class Publishers {
 public:
  virtual ~Publishers() = default;

  /// Who takes which token, and where it belongs; one of each name. Nothing is written yet. Errors: refused, when a
  /// name has no publisher: the next step says what would give it one.
  virtual http::Task<Result<Placed>> place(plan::Item const& item, lifecycle::Publishes const& wanted) = 0;
  /// Puts the values there, beside what is there, and looks whether they are seen. A second time it changes nothing.
  virtual http::Task<Published> publish(std::vector<state::Publication> all, manifest::DvCheck check) = 0;
  /// Takes the values away, and no other. What succeeded; the rest has been reported.
  virtual http::Task<std::vector<state::Publication>> withdraw(std::vector<state::Publication> all) = 0;
};

}  // namespace cpsctl::apply

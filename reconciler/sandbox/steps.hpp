#pragma once
#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <boost/describe.hpp>

/// What a change goes through at CPS, and what it waits for on its way (cps-api.md §4). One table, read from top to
/// bottom. Pure.
namespace cpsctl::sandbox {

/// What a change is about. The words of `changeType` (new-certificate, modify-san, renewal …) do not matter here: each
/// of them orders a certificate, or brings other settings to the network.
BOOST_DEFINE_ENUM_CLASS(Work, certificate, network, removal)

/// What a person can give a change that waits.
enum class Input : std::uint8_t {
  pre_verification_warnings,
  challenges,
  certificate,
  post_verification_warnings,
  approval
};

/// `type` is allowedInput[].type, the tails end the paths below input/info/ and input/update/ (cps-api.md §4.3).
struct InputNames {
  std::string_view type;
  std::string_view info;
  std::string_view update;
};
InputNames const& names_of(Input input);
std::optional<Input> input_with_info(std::string_view tail);
std::optional<Input> input_with_update(std::string_view tail);

/// Who ends a step.
enum class Mover : std::uint8_t { cps, authority, person };

/// What makes a change stop at a step; without it the step is passed over.
enum class Only : std::uint8_t { always, warned_before, warned_after, under_change_management };

/// What a step brings when it ends.
enum class Brings : std::uint8_t { nothing, certificate, staging, production, end };

struct Step {
  std::string_view status;
  std::string_view description;
  Mover mover = Mover::cps;
  Duration usual = {};  ///< how long it takes at CPS; a person's: how long until it counts as given, if it ever does
  Brings brings = Brings::nothing;
  Only only = Only::always;
  std::optional<Input> input = {};  ///< of a person's step
  bool scheduled = false;           ///< does not end before the deployment date
  bool lasting = false;             ///< the one step of its path that takes the time, when a whole change is given one
};

/// The steps of a change, from the first to the last before it is complete. `validation`: dv, ov, ev or third-party.
std::span<Step const* const> path_of(std::string_view validation, Work work);

/// Index of the step with that status; 0 if the path has none.
std::size_t position(std::span<Step const* const> path, std::string_view status);

}  // namespace cpsctl::sandbox

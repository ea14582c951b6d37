#pragma once
#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>

#include <boost/describe.hpp>

/// The sandbox's own time: the real one, unless somebody made it pass faster or moved it on. Signatures, limits and the
/// log stay with the real one. Pure.
namespace cpsctl::sandbox {

/// A moment in both times, and how fast the sandbox's goes on from there.
struct Timeline {
  std::string real = {};   ///< RFC 3339
  std::string shown = {};  ///< the sandbox's
  std::int64_t speed = 1;
};
BOOST_DESCRIBE_STRUCT(Timeline, (), (real, shown, speed))

inline constexpr std::int64_t highest_speed = 100'000;

/// What the sandbox's clock says at the real time `real`. Nothing: the real time.
WallTime shown_at(std::optional<Timeline> const& timeline, WallTime real);

/// Goes on where an earlier start has left it, moved on by `forward`, from now on at `speed`: it never goes back.
/// Nothing while it is the real time.
std::optional<Timeline> continued(std::optional<Timeline> const& earlier, WallTime real, std::int64_t speed,
                                  Duration forward);

}  // namespace cpsctl::sandbox

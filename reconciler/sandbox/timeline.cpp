#include "sandbox/timeline.hpp"

#include <algorithm>

namespace cpsctl::sandbox {

WallTime shown_at(std::optional<Timeline> const& timeline, WallTime real) {
  if (!timeline) return real;
  auto const from = parse_timestamp(timeline->real);
  auto const shown = parse_timestamp(timeline->shown);
  if (!from || !shown) return real;
  // A real clock that was set back stops the sandbox's instead of turning it.
  return *shown + std::max(real - *from, Duration::zero()) * timeline->speed;
}

std::optional<Timeline> continued(std::optional<Timeline> const& earlier, WallTime real, std::int64_t speed,
                                  Duration forward) {
  if (!earlier && speed == 1 && forward == Duration::zero()) return std::nullopt;
  return Timeline{.real = timestamp(real), .shown = timestamp(shown_at(earlier, real) + forward), .speed = speed};
}

}  // namespace cpsctl::sandbox

#include "lifecycle/polls.hpp"

#include <algorithm>

namespace cpsctl::lifecycle {
namespace {

using namespace std::chrono_literals;

constexpr Duration shortest = 30s, longest = 1h;
constexpr Duration machines_answer_within = 15min;

Duration growing(Duration so_far) {
  return std::clamp(so_far / 4, shortest, longest);
}

}  // namespace

Duration look_after(Who who, Duration so_far) {
  switch (who) {
    case Who::cps:
    case Who::policy: return growing(so_far);
    case Who::ca: return so_far < machines_answer_within ? growing(so_far) : longest;
    case Who::person: return longest;
  }
  return longest;
}

}  // namespace cpsctl::lifecycle

#include "lifecycle/polls.hpp"

#include <algorithm>

namespace cpsctl::lifecycle {
namespace {

using namespace std::chrono_literals;

constexpr Duration shortest = 30s, longest = 1h;

}  // namespace

Duration look_after(Who who, Duration so_far) {
  switch (who) {
    case Who::cps:
    case Who::policy: return std::clamp(so_far / 4, shortest, longest);
    case Who::ca:
    case Who::person: return longest;
  }
  return longest;
}

}  // namespace cpsctl::lifecycle

#include "lifecycle/polls.hpp"

#include <algorithm>

namespace cpsctl::lifecycle {
namespace {

using namespace std::chrono_literals;

constexpr Duration shortest = 30s, longest = 1h;
constexpr Duration machines_answer_within = 15min;
constexpr double requests_of_a_look = 2;  ///< the change, and what it waits for

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

double stretch(std::vector<Duration> const& intervals, Budget const& budget) {
  double wanted = 0;  // requests a millisecond
  for (Duration const interval : intervals)
    if (interval > Duration()) wanted += requests_of_a_look / static_cast<double>(interval.count());
  double const allowed = std::max(1.0, budget.requests / 4.0) / static_cast<double>(budget.per.count());
  return std::max(1.0, wanted / allowed);
}

}  // namespace cpsctl::lifecycle

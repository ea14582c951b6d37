#include "sandbox/progress.hpp"

#include "sandbox/motion.hpp"

#include <utility>

namespace cpsctl::sandbox {

Progress::Progress(Behaviour const& behaviour, Store& store) : behaviour_(behaviour), store_(store) {
  for (Enrollment const* const enrollment : store_.all()) watch(*enrollment);
}

void Progress::watch(Enrollment const& enrollment) {
  for (Change const& change : enrollment.changes)
    if (auto const at = due(enrollment, change, behaviour_)) agenda_.emplace(*at, enrollment.id);
}

Result<> Progress::advance(WallTime now) {
  while (!agenda_.empty() && agenda_.begin()->first <= now) {
    std::int64_t const id = agenda_.begin()->second;
    Enrollment const* const live = store_.find(id);
    Enrollment next = live != nullptr ? *live : Enrollment();
    CPS_TRY(Fate const fate, carry_on(next, behaviour_, now));
    if (fate == Fate::gone) CPS_CHECK(store_.remove(next));
    if (fate == Fate::moved) CPS_CHECK(store_.put(next));
    // Only now: what could not be stored is due again with the next request.
    agenda_.erase(agenda_.begin());
    if (fate == Fate::moved) watch(next);
  }
  return {};
}

}  // namespace cpsctl::sandbox

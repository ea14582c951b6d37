#include "sandbox/progress.hpp"

#include "sandbox/motion.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace cpsctl::sandbox {

Progress::Progress(Behaviour const& behaviour, Store& store) : behaviour_(behaviour), store_(store) {
  for (Enrollment const* const enrollment : store_.all()) watch(*enrollment);
}

void Progress::watch(Enrollment const& enrollment) {
  for (Change const& change : enrollment.changes) {
    if (auto const at = due(enrollment, change, behaviour_)) agenda_.emplace(*at, enrollment.id);
    if (auto const at = next_look(change, behaviour_)) looks_.emplace(*at, enrollment.id);
  }
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

Result<std::vector<Probe>> Progress::looks(WallTime now) {
  std::vector<Probe> probes;
  while (look_is_due(now)) {
    Enrollment const* const found = store_.find(looks_.begin()->second);
    looks_.erase(looks_.begin());
    if (found == nullptr) continue;
    Enrollment const live = *found;  // what is taken replaces what the store holds
    for (Change const& change : live.changes) {
      auto const at = next_look(change, behaviour_);
      if (!at || *at > now) continue;
      auto asked = probes_of(live, change, behaviour_, now);
      if (asked.empty()) CPS_CHECK(take(live.id, change.id, {}, now));
      std::ranges::move(asked, std::back_inserter(probes));
    }
  }
  return probes;
}

Result<> Progress::take(std::vector<Sight> const& sights, WallTime now) {
  std::set<std::pair<std::int64_t, std::int64_t>> changes;
  for (Sight const& sight : sights) changes.emplace(sight.probe.enrollment, sight.probe.change);
  for (auto const& [enrollment, change] : changes) CPS_CHECK(take(enrollment, change, sights, now));
  return {};
}

Result<> Progress::take(std::int64_t enrollment, std::int64_t id, std::vector<Sight> const& sights, WallTime now) {
  Enrollment const* const live = store_.find(enrollment);
  if (live == nullptr) return {};
  Enrollment next = *live;
  auto const change = std::ranges::find(next.changes, id, &Change::id);
  if (change == next.changes.end() || !is_looked_for(*change, behaviour_)) return {};
  if (take_sights(next, *change, sights, behaviour_, now)) CPS_CHECK(leave_step(next, id, behaviour_, now));
  watch(next);
  return store_.put(std::move(next));
}

}  // namespace cpsctl::sandbox

#include "plan/planner.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

/// The planner's part about manifests that the state does not know yet.
namespace cpsctl::plan {

/// One live enrollment may be it.
Item Planner::unknown(Item item, Desired const& desired) {
  schema::Schema const& schema = situation_.schema_of(desired);
  std::vector<cps::Live const*> candidates;
  std::vector<cps::Live const*> others;  // same CN: another network or kind, or somebody's
  std::vector<std::string> renamed;
  for (cps::Live const* live : situation_.index({item.account, item.contract}).by_name(item.common_name)) {
    bool const same = same_identity(*desired.enrollment, *live->document, schema);
    std::string const* const owner = situation_.owner_of(live->id.value);
    if (owner == nullptr) {
      (same ? candidates : others).push_back(live);
      continue;
    }
    others.push_back(live);
    if (same && !situation_.declared(*owner)) renamed.push_back(*owner);
  }
  if (candidates.empty() && !renamed.empty()) {
    item.action = Action::adopt;
    for (std::string const& old : renamed) renames_.emplace(old, item.name);
    block(item, fmt::format("looks like a rename: the state knows this enrollment as {}", fmt::join(renamed, ", ")),
          fmt::format("cpsctl state mv {} {}", renamed.front(), item.name));
    return item;
  }
  if (candidates.empty()) {
    if (!others.empty() && !desired.lifecycle.allow_duplicate_cn) {
      item.action = Action::create;
      block(item, fmt::format("CPS has this common name already: {}", fmt::join(ids_of(others), ", ")),
            "set spec.lifecycle.allowDuplicateCn: true if a second one is wanted");
      return item;
    }
    return create(std::move(item), desired);
  }
  if (candidates.size() > 1) {
    std::vector<cps::Live const*> identical;
    std::ranges::copy_if(candidates, std::back_inserter(identical), [&](cps::Live const* live) {
      return diff::compare_applied(desired.enrollment, *live->document, schema).changes.empty();
    });
    if (identical.size() != 1) {
      item.action = Action::adopt;
      block(item, fmt::format("several enrollments could be it: {}", fmt::join(ids_of(candidates), ", ")),
            "make the manifest agree with exactly one of them");
      return item;
    }
    candidates = identical;
  }
  return adopt(std::move(item), desired, *candidates.front());
}

Item Planner::adopt(Item item, Desired const& desired, cps::Live const& live) {
  schema::Schema const& schema = situation_.schema_of(desired);
  item.id = live.id.value;
  item.live = live;
  item.production = in_production(*live.document, schema);
  item.deployed = is_deployed(*live.document, schema);
  item.action = Action::adopt;
  diff::ThreeWay found = diff::compare_applied(desired.enrollment, *live.document, schema);
  item.target = std::move(found.target);
  item.changes = std::move(found.changes);
  item.notes = pending_notes(live);
  if (inputs_.rebuild) {
    item.state_only = true;
    item.reason = item.changes.empty() ? "exists and is identical" : "exists and differs: the next plan shows how";
    return item;
  }
  manifest::Adopt const policy = desired.lifecycle.adopt;
  if (policy == manifest::Adopt::never) {
    block(item, fmt::format("enrollment {} exists already, and spec.lifecycle.adopt is never", live.id.value),
          "set spec.lifecycle.adopt: ifIdentical to take it over as it is");
  } else if (item.changes.empty()) {
    item.state_only = true;
    item.reason = "exists already and is identical";
  } else if (policy == manifest::Adopt::always) {
    item.reason = "exists already and differs: it is taken over and changed";
    put(item, live, situation_.on_pending(desired.lifecycle), {});
  } else {
    block(item, fmt::format("enrollment {} exists already and differs", live.id.value),
          "make the manifest say what CPS has, or set spec.lifecycle.adopt: always to change it to what the manifest "
          "says; "
          "if the state was lost: cpsctl state rebuild, with the same PATHs as here");
  }
  return item;
}

bool Planner::too_late(Item& item, Desired const& desired) const {
  auto const& last = desired.deploy.not_after;
  if (!last || std::chrono::sys_days(*last) >= std::chrono::sys_days(day_of(inputs_.now))) return false;
  block(
      item,
      fmt::format("spec.deploy.notAfter {} is past: the change would expire before it is carried out", day_text(*last)),
      "set a later day, or leave it out");
  return true;
}

Item Planner::create(Item item, Desired const& desired) {
  item.action = Action::create;
  if (too_late(item, desired) || refused(item)) return item;
  item.steps.emplace_back("POST /enrollments");
  auto const deferred = diff::deferred_on_create(*desired.enrollment, situation_.schema_of(desired));
  if (!deferred.empty()) {
    item.steps.emplace_back("GET /enrollments/{id}");
    item.steps.push_back(fmt::format("PUT /enrollments/{{id}} with {}; cancels the first change of its own create",
                                     json::dotted(json::common(deferred))));
  }
  return item;
}

}  // namespace cpsctl::plan

#include "plan/decide.hpp"
#include "plan/obstacles.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

/// Manifests that the state does not know yet.
namespace cpsctl::plan {
namespace {

Item held(Item item, Action wanted, Obstacle obstacle) {
  item.wanted = wanted;
  hold(item, std::move(obstacle));
  return item;
}

Item create(Situation const& situation, Item item) {
  manifest::Desired const& desired = *item.desired;
  auto obstacle = too_late(desired, situation.inputs().now);
  if (!obstacle) obstacle = refused(desired, {}, true);
  if (obstacle) return held(std::move(item), Action::create, std::move(*obstacle));
  item.wanted = Action::create;
  item.work = Create{.deferred = diff::deferred_on_create(*desired.enrollment, situation.schema_of(desired))};
  return item;
}

}  // namespace

Item decide_new(Situation const& situation, Subject const& subject, Item item) {
  Match const& match = subject.match;
  if (match.candidates.size() == 1) return adopt(situation, std::move(item), *match.candidates.front());
  if (match.candidates.size() > 1)
    return held(
        std::move(item), Action::adopt,
        {.reason = fmt::format("several enrollments could be it: {}", fmt::join(ids_of(match.candidates), ", ")),
         .next = "make the manifest agree with exactly one of them"});
  if (!match.renamed.empty()) {
    std::string const move = fmt::format("cpsctl state mv {} {}", match.renamed.front(), item.name);
    return held(std::move(item), Action::adopt,
                {.reason = fmt::format("looks like a rename: the state knows this enrollment as {}",
                                       fmt::join(match.renamed, ", ")),
                 .next = move});
  }
  if (!match.others.empty() && !item.desired->lifecycle.allow_duplicate_cn)
    return held(std::move(item), Action::create,
                {.reason = fmt::format("CPS has this common name already: {}", fmt::join(ids_of(match.others), ", ")),
                 .next = "set spec.lifecycle.allowDuplicateCn: true if a second one is wanted"});
  return create(situation, std::move(item));
}

Item adopt(Situation const& situation, Item item, cps::Live const& live) {
  manifest::Desired const& desired = *item.desired;
  schema::Schema const& schema = situation.schema_of(desired);
  look_at(item, live, schema);
  item.wanted = Action::adopt;
  diff::ThreeWay found = diff::compare_applied(desired.enrollment, *live.document, schema);
  item.changes = std::move(found.changes);
  if (situation.inputs().rebuild) {
    item.work = RecordOnly();
    item.reason = item.changes.empty() ? "exists and is identical" : "exists and differs: the next plan shows how";
    return item;
  }
  manifest::Adopt const policy = desired.lifecycle.adopt;
  if (policy == manifest::Adopt::never) {
    hold(item, {.reason = fmt::format("enrollment {} exists already, and spec.lifecycle.adopt is never", item.id),
                .next = "set spec.lifecycle.adopt: ifIdentical to take it over as it is"});
  } else if (item.changes.empty()) {
    item.work = RecordOnly();
    item.reason = "exists already and is identical";
  } else if (policy == manifest::Adopt::always) {
    item.reason = "exists already and differs: it is taken over and changed";
    put(situation, item, std::move(found.target), situation.on_pending(desired.lifecycle), {});
  } else {
    hold(item, {.reason = fmt::format("enrollment {} exists already and differs", item.id),
                .next = "make the manifest say what CPS has, or set spec.lifecycle.adopt: always to change it to what "
                        "the manifest says; if the state was lost: cpsctl state rebuild, with the same PATHs as here"});
  }
  return item;
}

}  // namespace cpsctl::plan

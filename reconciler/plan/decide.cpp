#include "plan/decide.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::plan {
namespace {

std::optional<Obstacle> too_new(Situation const& situation, Subject const& subject) {
  manifest::Desired const& desired = *subject.desired;
  std::string const& served = situation.listing(subject.scope).api_schema;
  if (!newer(desired.api_schema, served)) return std::nullopt;
  return Obstacle{
      .reason =
          fmt::format("CPS does not serve API version {} for its contract, {} at most", desired.api_schema, served),
      .next = fmt::format("set spec.apiSchema: {} in {} (or api.schema in cpsctl.yaml)", served, desired.source)};
}

}  // namespace

Item begin(Situation const& situation, manifest::Desired const& desired, Scope const& scope) {
  schema::Schema const& schema = situation.schema_of(desired);
  Item item{.name = desired.name,
            .contract = scope.second,
            .account = scope.first,
            .common_name = common_name(*desired.enrollment, schema),
            .validation_type = kind_of(*desired.enrollment, schema),
            .desired = desired};
  item.known_ids = ids_of(situation.index(scope).by_name(item.common_name));
  return item;
}

void look_at(Item& item, cps::Live const& live, schema::Schema const& schema) {
  item.id = live.id.value;
  item.live = live;
  item.production = in_production(*live.document, schema);
  item.deployed = is_deployed(*live.document, schema);
  item.notes = pending_notes(live);
}

bool is_owed(diff::Change const& change, std::vector<std::string> const& owed) {
  return std::ranges::any_of(owed, [&](std::string const& step) { return json::overlap(change.pointer, step); });
}

Item decide(Situation const& situation, Subject const& subject) {
  if (subject.lost) return decide_lost(situation, subject);
  if (subject.desired == nullptr) return decide_removed(situation, subject);
  Item item = begin(situation, *subject.desired, subject.scope);
  if (auto obstacle = too_new(situation, subject)) {
    item.wanted = subject.entry != nullptr ? Action::update : Action::create;
    item.id = subject.entry != nullptr ? subject.entry->id : 0;
    hold(item, std::move(*obstacle));
    return item;
  }
  if (subject.entry != nullptr) return decide_known(situation, subject, std::move(item));
  if (auto decided = decide_doubtful(situation, subject, item)) return std::move(*decided);
  return decide_new(situation, subject, std::move(item));
}

}  // namespace cpsctl::plan

#include "plan/view.hpp"

#include <algorithm>

namespace cpsctl::plan {

ItemView view(Item const& item) {
  ItemView view{.name = item.name,
                .action = item.action(),
                .wanted = item.held() != nullptr ? item.wanted : Action::none,
                .contract = item.contract,
                .account = item.account,
                .id = item.id,
                .api_schema = item.api_schema,
                .common_name = item.common_name,
                .validation_type = item.validation_type,
                .production = item.production,
                .state_only = item.records(),
                .waits = item.waits(),
                .changes = item.changes,
                .steps = words(steps_of(item)),
                .reason = item.reason,
                .next = item.next,
                .notes = item.notes,
                .fingerprint = item.fingerprint,
                .desired = item.desired,
                .signer = item.signer,
                .publishers = item.publishers,
                .live = item.live.document};
  for (cps::PendingChange const& change : item.live.pending) {
    ObservedChange& one =
        view.observed.pending.emplace_back(ObservedChange{.id = change.id.value, .type = change.type});
    auto const recalled = item.recalled.find(one.id);
    if (recalled == item.recalled.end()) continue;
    one.read = timestamp(recalled->second.read);
    one.turn = timestamp(recalled->second.turn);
  }
  if (item.expires) view.observed.expires = timestamp(*item.expires);
  if (GivenUp const* const given_up = gives_up(item))
    view.cancels = ids_of(given_up->by_write.empty() ? given_up->by_id : given_up->by_write);
  if (auto const* const abandon = std::get_if<Abandon>(&item.work)) view.cancels = ids_of(abandon->changes);
  if (auto const* const update = std::get_if<Update>(&item.work))
    view.overrides_renewal_window = update->inside_renewal_window;
  return view;
}

PlanView view(Plan const& plan) {
  PlanView view{.realm = plan.realm,
                .account = plan.account,
                .serial = plan.serial,
                .paths = plan.paths,
                .selection = plan.selection,
                .consent = plan.consent,
                .settings = plan.settings,
                .summary = plan.summary};
  view.items.reserve(plan.items.size());
  for (Item const& item : plan.items) {
    view.items.push_back(plan::view(item));
    view.requests_to_apply += static_cast<std::int64_t>(view.items.back().steps.size());
  }
  return view;
}

ByKey::ByKey(PlanView const& plan) {
  for (ItemView const& item : plan.items) items_.emplace(item.key(), &item);
}

ItemView const* ByKey::find(Key const& key) const {
  auto const found = items_.find(key);
  return found == items_.end() ? nullptr : found->second;
}

bool acts(ItemView const& item) {
  return !item.steps.empty() || item.state_only;
}

bool PlanView::changes() const {
  return std::ranges::any_of(items, [](ItemView const& item) { return !item.steps.empty(); });
}

bool PlanView::work() const {
  return std::ranges::any_of(items, acts);
}

void count(ItemView const& item, Summary& summary) {
  count({.action = item.action, .records = item.state_only, .waits = item.waits, .sends = !item.steps.empty()},
        summary);
}

Item shown(ItemView const& view) {
  Item item{.name = view.name,
            .wanted = view.action,
            .contract = view.contract,
            .account = view.account,
            .id = view.id,
            .api_schema = view.api_schema,
            .common_name = view.common_name,
            .validation_type = view.validation_type,
            .production = view.production,
            .changes = view.changes,
            .reason = view.reason,
            .next = view.next,
            .notes = view.notes,
            .fingerprint = view.fingerprint,
            .desired = view.desired,
            .signer = view.signer,
            .publishers = view.publishers};
  for (ObservedChange const& change : view.observed.pending) {
    item.live.pending.push_back({.id = {change.id}, .type = change.type});
    auto const read = parse_timestamp(change.read);
    auto const turn = parse_timestamp(change.turn);
    if (read && turn) item.recalled.emplace(change.id, lifecycle::Recalled{.read = *read, .turn = *turn});
  }
  if (auto const end = parse_timestamp(view.observed.expires)) item.expires = *end;
  if (view.action == Action::blocked) {
    item.wanted = view.wanted;
    item.work = Held{view.waits ? Held::Why::waits : Held::Why::blocked};
  } else if (view.action == Action::delete_) {
    item.work = UnderWay();  // any work that sends nothing would do
  }
  return item;
}

}  // namespace cpsctl::plan

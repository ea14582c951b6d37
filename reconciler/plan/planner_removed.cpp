#include "plan/planner.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

/// The planner's part about enrollments whose manifests are gone.
namespace cpsctl::plan {
namespace {

/// A state that was edited, restored or mixed up may name somebody else's enrollment: how it differs from what CPS has.
std::optional<std::string> another_than(Item const& item, state::Entry const& entry) {
  auto const told = [&](std::string_view what, std::string_view recorded, std::string_view live) {
    return fmt::format("enrollment {} has {} {} at CPS, and the state says {}", item.id, what, live, recorded);
  };
  if (!diff::same_host(item.common_name, entry.common_name))
    return told("the common name", entry.common_name, item.common_name);
  auto const schema = schema::enrollment(entry.api_schema);
  if (!schema || !entry.last_applied) return std::nullopt;
  std::string const kind = kind_of(*entry.last_applied, **schema);
  if (!kind.empty() && kind != item.validation_type) return told("the kind", kind, item.validation_type);
  return std::nullopt;
}

}  // namespace

Result<std::optional<Item>> Planner::removed(Entry const& entry) {
  if (!situation_.in_scope(entry.source)) return std::optional<Item>();
  Item item{.name = entry.name,
            .contract = entry.contract,
            .account = entry.account,
            .id = entry.id,
            .common_name = entry.common_name};
  CPS_TRY(cps::Live const* const live, situation_.live_of(entry));
  if (live == nullptr) {
    item.action = Action::forget;
    item.state_only = true;
    item.reason = "its manifest is gone, and so is the enrollment";
    for (state::Record const* intent : situation_.open_intents(item.name, state::Step::delete_))
      item.settles.push_back(intent->sequence);
    return std::optional(std::move(item));
  }
  item.live = *live;
  if (auto const schema = schema::enrollment(entry.api_schema)) {
    // What CPS says is shown: the state may be wrong, and a delete is approved by the name that will be gone.
    item.common_name = common_name(*live->document, **schema);
    item.validation_type = kind_of(*live->document, **schema);
    item.production = in_production(*live->document, **schema);
    item.deployed = is_deployed(*live->document, **schema);
  }
  item.notes = pending_notes(*live);
  if (policy_of(entry).deletion == manifest::Deletion::delete_)
    return std::optional(remove(std::move(item), entry, *live));
  item.action = Action::orphan;
  item.reason = "its manifest is gone; the enrollment is kept";
  item.next = fmt::format("put the manifest back, or: cpsctl state forget {}", item.name);
  if (auto const renamed = renames_.find(item.name); renamed != renames_.end())
    item.next = fmt::format("see {}", renamed->second);
  if (std::ranges::count(inputs_.consent.confirm_delete, item.name) > 0) {
    item.reason = "kept, in spite of --confirm-delete: its last applied policy was deletion: orphan";
    item.next = fmt::format(
        "put the manifest back with lifecycle.deletion: delete, apply, and remove it again; to stop "
        "managing it: cpsctl state forget {}",
        item.name);
  }
  return std::optional(std::move(item));
}

Item Planner::remove(Item item, Entry const& entry, cps::Live const& live) {
  item.action = Action::delete_;
  std::vector<std::int64_t> const pending = ids_of(live.pending);
  for (std::int64_t const change : entry.removal)
    if (std::ranges::count(pending, change) > 0) {
      item.reason = fmt::format("its removal is under way: change {}", change);
      item.removal = entry.removal;
      return item;
    }
  for (state::Step const step : {state::Step::delete_, state::Step::cancel})
    for (state::Record const* intent : situation_.open_intents(item.name, step))
      close(item, *intent, situation_.fate_of(*intent, entry, &live));
  if (item.action == Action::blocked) return item;

  item.reason = "its manifest is gone, and its last policy was deletion: delete";
  if (auto const other = another_than(item, entry)) {
    block(item, *other,
          fmt::format("check whose state this is; if CPS is right, the enrollment is not the one that {0} was: "
                      "cpsctl state forget {0}",
                      item.name));
    return item;
  }
  if (inputs_.desired.empty() && !inputs_.only) {
    block(item, "no manifest is left at all: that is more likely a mistake than a wish to delete everything",
          "check the paths; delete the last ones one by one in Akamai Control Center");
    return item;
  }
  bool const by_name = std::ranges::count(inputs_.consent.confirm_delete, item.name) > 0;
  if (!inputs_.consent.allow_delete || (item.production && !by_name)) {
    needs_consent_.insert(item.name);  // deletion_limits() says which
    block(item,
          inputs_.consent.allow_delete ? "it serves in production: deleting it needs consent by name"
                                       : item.reason + ": deleting needs consent",
          {});
    return item;
  }
  if (!make_room(item, live, situation_.on_pending(policy_of(entry)), entry.changes)) return item;
  item.steps = steps_of(item, live, fmt::format("DELETE /enrollments/{}", item.id));
  return item;
}

}  // namespace cpsctl::plan

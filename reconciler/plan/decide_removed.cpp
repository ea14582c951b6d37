#include "plan/decide.hpp"
#include "plan/obstacles.hpp"
#include "plan/resolve.hpp"

#include <algorithm>

#include <fmt/format.h>

/// Enrollments whose manifests are gone.
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

/// What keeps back a delete that the last policy asks for.
std::optional<Obstacle> not_to_be_deleted(Situation const& situation, Item const& item, state::Entry const& entry) {
  Inputs const& inputs = situation.inputs();
  if (auto const other = another_than(item, entry))
    return Obstacle{.reason = *other,
                    .next = fmt::format("check whose state this is; if CPS is right, the enrollment is not the one "
                                        "that {0} was: cpsctl state forget {0}",
                                        item.name)};
  if (inputs.desired.empty() && !inputs.only)
    return Obstacle{
        .reason = "no manifest is left at all: that is more likely a mistake than a wish to delete everything",
        .next = "check the paths; delete the last ones one by one in Akamai Control Center"};
  bool const by_name = std::ranges::count(inputs.consent.confirm_delete, item.name) > 0;
  if (inputs.consent.allow_delete && (by_name || !item.production)) return std::nullopt;
  return Obstacle{.reason = inputs.consent.allow_delete ? "it serves in production: deleting it needs consent by name"
                                                        : item.reason + ", which needs consent",
                  .why = Held::Why::consent};  // deletion_limits() says which
}

Item remove(Situation const& situation, Subject const& subject, Item item) {
  state::Entry const& entry = *subject.entry;
  item.wanted = Action::delete_;
  for (std::int64_t const change : entry.removal)
    if (std::ranges::count(item.live.pending, change, [](auto const& one) { return one.id.value; }) > 0) {
      item.reason = fmt::format("its removal is under way: change {}", change);
      item.work = UnderWay{entry.removal};
      return item;
    }
  ResolvedWrites resolved = resolve_writes(situation, subject);
  item.closes = std::move(resolved.closes);
  item.reason = "its manifest is gone, and its last policy is to delete it";
  if (!resolved.obstacle) resolved.obstacle = not_to_be_deleted(situation, item, entry);
  if (resolved.obstacle) {
    hold(item, std::move(*resolved.obstacle));
    return item;
  }
  auto room = make_room(item, situation.on_pending(policy_of(entry)), entry.changes, situation.inputs().realm);
  if (auto* const obstacle = std::get_if<Obstacle>(&room))
    hold(item, std::move(*obstacle));
  else
    item.work = Remove{std::move(std::get<GivenUp>(room))};
  return item;
}

Item keep(Situation const& situation, Subject const& subject, Item item) {
  item.wanted = Action::orphan;
  item.reason = "its manifest is gone; the enrollment is kept";
  item.next = subject.renamed_to.empty() ? fmt::format("put the manifest back, or: cpsctl state forget {}", item.name)
                                         : "see " + subject.renamed_to;
  if (std::ranges::count(situation.inputs().consent.confirm_delete, item.name) > 0) {
    item.reason = "kept, in spite of --confirm-delete: its last applied policy was deletion: orphan";
    item.next = fmt::format(
        "put the manifest back with lifecycle.deletion: delete, apply, and remove it again; to "
        "stop managing it: cpsctl state forget {}",
        item.name);
  }
  return item;
}

Item forget(Situation const& situation, Item item) {
  item.wanted = Action::forget;
  item.work = Forget();
  item.reason = "its manifest is gone, and so is the enrollment";
  auto const deletes = situation.open_intents(item.name, state::WriteKind::delete_);
  if (!deletes.empty()) item.closes.done = {deletes.back()->sequence};
  return item;
}

}  // namespace

Item decide_removed(Situation const& situation, Subject const& subject) {
  state::Entry const& entry = *subject.entry;
  Item item{.name = entry.name,
            .contract = entry.contract,
            .account = entry.account,
            .id = entry.id,
            .common_name = entry.common_name};
  if (subject.live == nullptr) return forget(situation, std::move(item));
  item.live = *subject.live;
  item.notes = pending_notes(item.live);
  if (auto const schema = schema::enrollment(entry.api_schema)) {
    // What CPS says is shown: the state may be wrong, and a delete is approved by the name that will be gone.
    look_at(item, *subject.live, **schema);
    item.common_name = common_name(*item.live.document, **schema);
    item.validation_type = kind_of(*item.live.document, **schema);
  }
  return policy_of(entry).deletion == manifest::Deletion::delete_ ? remove(situation, subject, std::move(item))
                                                                  : keep(situation, subject, std::move(item));
}

}  // namespace cpsctl::plan

#include "plan/saved.hpp"

#include "base/fields.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::plan {
namespace {

/// Only what acts is agreed on.
bool agreed_on(ItemView const& item) {
  return !item.fingerprint.empty();
}

/// Every member that the document shows: who approved one thing must not get another, whatever the fingerprint says.
/// Only the story of a write that has begun since goes on, and what becomes of it may have to be looked at.
bool same_item(ItemView const& left, ItemView const& right, bool begun) {
  if (left.fingerprint != right.fingerprint) return false;
  auto const whole = [begun](ItemView item) {
    if (begun) std::erase_if(item.steps, only_looks);
    json::Document document = fields::document(item);
    json::remove(document, "observed");
    if (begun) json::remove(document, "reason");
    return document;
  };
  return json::equal(whole(left), whole(right));
}

/// The cancels that it was to begin with are done, and what is left is what was shown.
bool past_its_cancels(ItemView const& saved, ItemView const& now) {
  bool const is_left = !now.steps.empty() && now.steps.size() < saved.steps.size() &&
                       std::equal(now.steps.rbegin(), now.steps.rend(), saved.steps.rbegin());
  return !saved.cancels.empty() && now.cancels.empty() && saved.action == now.action && is_left &&
         json::equal(fields::document(saved.changes), fields::document(now.changes));
}

/// Nothing is written for it that the item's plan did not show.
bool stays_within(ItemView const& saved, Item const& item, ItemView const& now) {
  if (past_its_cancels(saved, now)) return true;
  auto const* const update = std::get_if<Update>(&item.work);
  bool const completes = update != nullptr && update->completes;
  bool const shown = saved.action == Action::create && saved.steps.size() > now.steps.size();
  return item.records() || item.held() != nullptr || (completes && shown);
}

/// An input that came after the plan was read, of an enrollment whose answers it showed: they hold for it, too.
bool answers_of(PlanView const& saved, Item const& item) {
  if (item.wanted != Action::advance || !item.desired) return false;
  bool listed = false;
  ItemView const* enrollment = nullptr;
  for (ItemView const& one : saved.items) {
    if (one.name != item.name) continue;
    if (one.key() == item.key()) listed = true;
    if (agreed_on(one) && one.desired && one.key().part == Part::enrollment) enrollment = &one;
  }
  return !listed && enrollment != nullptr &&
         (!item.acts() || (enrollment->signer == item.signer && enrollment->publishers == item.publishers)) &&
         enrollment->desired->lifecycle == item.desired->lifecycle;
}

/// It has come about without us.
Item fulfilled(ItemView const& saved) {
  Item item = shown(saved);
  item.wanted = Action::none;
  item.work = Nothing();
  item.reason = "already in this state";
  return item;
}

/// A removal that nobody has carried out.
bool is_listed(ItemView const& saved, std::map<Scope, cps::Listing> const& listings) {
  auto const listing = listings.find({saved.account, saved.contract});
  if (saved.action != Action::delete_ || listing == listings.end()) return false;
  return std::ranges::any_of(listing->second.enrollments,
                             [&](cps::Live const& live) { return live.id.value == saved.id; });
}

/// Neither state nor manifests know it any more, and CPS still has it.
Item unknown(ItemView const& saved) {
  Item item = shown(saved);
  hold(item, {.reason = fmt::format("the state does not hold it any more, and CPS still has enrollment {}", saved.id),
              .next = look_again,
              .why = Held::Why::moved});
  return item;
}

Item moved(ItemView const& saved, ItemView const& now) {
  Item item = shown(saved);
  hold(item, {.reason = fmt::format("it changed since the plan was made; a new plan would be: {}{}",
                                    fields::word(now.action), now.reason.empty() ? "" : " (" + now.reason + ")"),
              .next = look_again,
              .why = Held::Why::moved});
  return item;
}

}  // namespace

void restrict_to(PlanView const& saved, Inputs& inputs) {
  inputs.desired.clear();
  inputs.only.emplace();
  inputs.paths = saved.paths;
  inputs.consent = saved.consent;
  inputs.selection = {};
  for (ItemView const& item : saved.items) {
    if (!agreed_on(item)) continue;
    inputs.only->insert(item.name);
    // Listed as it was for the plan, whatever version the other manifests of the contract were written for.
    if (!item.api_schema.empty()) inputs.also_listed.insert_or_assign({item.account, item.contract}, item.api_schema);
    if (item.desired) inputs.desired.push_back(*item.desired);
  }
}

PlanView select(PlanView const& plan, std::set<Key> const& items) {
  PlanView part = plan;
  std::erase_if(part.items, [&](ItemView const& item) { return !items.contains(item.key()); });
  return part;
}

Plan agreed(PlanView const& saved, Plan fresh, std::map<Scope, cps::Listing> const& listings,
            std::set<std::string> const& begun) {
  auto const listed = std::ranges::count(saved.items, Action::none, &ItemView::action);
  Plan plan{.realm = saved.realm,
            .account = saved.account,
            .serial = fresh.serial,
            .paths = saved.paths,
            .selection = saved.selection,
            .consent = saved.consent,
            .settings = fresh.settings,  // those in force, whatever the file says
            .summary = {.unchanged = saved.summary.unchanged - listed, .left_out = saved.summary.left_out}};
  std::map<Key, Item*> by_key;
  for (Item& item : fresh.items) by_key.emplace(item.key(), &item);
  auto const today = [&](ItemView const& item) {
    if (!agreed_on(item)) return shown(item);
    auto const found = by_key.find(item.key());
    if (found == by_key.end()) return is_listed(item, listings) ? unknown(item) : fulfilled(item);
    Item& now = *found->second;
    // At whatever point of its way it is, what answers it is what was approved.
    if (item.action == Action::advance)
      return now.fingerprint == item.fingerprint || !now.acts() ? std::move(now) : moved(item, view(now));
    ItemView const seen = view(now);
    bool const has_begun = begun.contains(item.name);
    if (same_item(seen, item, has_begun) || (has_begun && stays_within(item, now, seen))) return std::move(now);
    return seen.action == Action::none ? fulfilled(item) : moved(item, seen);
  };
  for (ItemView const& item : saved.items) plan.items.push_back(today(item));
  for (Item& item : fresh.items)
    if (answers_of(saved, item)) plan.items.push_back(std::move(item));
  std::ranges::stable_sort(plan.items, {}, &Item::key);
  plan.looks = std::move(fresh.looks);
  for (Item const& item : plan.items) count(item, plan.summary);
  return plan;
}

}  // namespace cpsctl::plan

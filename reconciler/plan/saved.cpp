#include "plan/saved.hpp"

#include "base/fields.hpp"
#include "plan/planner.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::plan {
namespace {

bool acts(Item const& item) {
  return !item.fingerprint.empty();
}

/// Every member that the document shows: who approved one thing must not get another, whatever the fingerprint says.
/// Only the story of a write that has begun since goes on.
bool same_item(Item const& left, Item const& right, bool begun) {
  if (left.fingerprint != right.fingerprint) return false;
  auto const whole = [begun](Item const& item) {
    json::Document document = fields::document(item);
    if (begun) json::remove(document, "reason");
    return document;
  };
  return json::equal(whole(left), whole(right));
}

/// The cancels that it was to begin with are done, and what is left is what was shown.
bool past_its_cancels(Item const& agreed_on, Item const& now) {
  return !agreed_on.cancels.empty() && now.cancels.empty() && agreed_on.action == now.action && now.steps.size() == 1 &&
         agreed_on.steps.back() == now.steps.front() &&
         json::equal(fields::document(agreed_on.changes), fields::document(now.changes));
}

/// Nothing is written for it that the item's plan did not show.
bool goes_on(Item const& agreed_on, Item const& now) {
  if (past_its_cancels(agreed_on, now)) return true;
  bool const shown = agreed_on.action == Action::create && agreed_on.steps.size() > now.steps.size();
  return now.state_only || now.action == Action::blocked || (now.completes && shown);
}

}  // namespace

void restrict_to(Plan const& saved, Inputs& inputs) {
  inputs.desired.clear();
  inputs.only.emplace();
  inputs.paths = saved.paths;
  inputs.consent = saved.consent;
  inputs.selection = {};
  for (Item const& item : saved.items) {
    if (!acts(item)) continue;
    inputs.only->insert(item.name);
    // Listed as it was for the plan, whatever version the other manifests of the contract were written for.
    if (!item.api_schema.empty()) inputs.also_listed.insert_or_assign({item.account, item.contract}, item.api_schema);
    if (item.desired) inputs.desired.push_back(*item.desired);
  }
}

Plan select(Plan const& plan, std::set<std::string> const& names) {
  Plan part = plan;
  std::erase_if(part.items, [&](Item const& item) { return !names.contains(item.name); });
  return part;
}

Plan agreed(Plan const& saved, Plan fresh, std::set<std::string> const& begun) {
  Plan plan = saved;
  plan.serial = fresh.serial;
  plan.settings = fresh.settings;  // those in force, whatever the file says
  plan.requests_to_apply = 0;
  auto const listed = std::ranges::count(saved.items, Action::none, &Item::action);
  plan.summary = {.unchanged = saved.summary.unchanged - listed, .left_out = saved.summary.left_out};
  std::map<std::string, Item*> by_name;
  for (Item& item : fresh.items) by_name.emplace(item.name, &item);
  for (Item& item : plan.items) {
    if (!acts(item)) continue;
    auto const found = by_name.find(item.name);
    bool const there = found != by_name.end();
    Item* const now = there ? found->second : nullptr;
    bool const has_begun = begun.contains(item.name);
    bool const same = there && same_item(*now, item, has_begun);
    if (same || (there && has_begun && goes_on(item, *now))) {
      plan.requests_to_apply += static_cast<std::int64_t>(now->steps.size());
      item = std::move(*now);
      continue;
    }
    item.steps.clear();
    item.cancels.clear();
    item.state_only = false;
    if (!there || now->action == Action::none) {
      item.action = Action::none;
      item.reason = "already in this state";
      continue;
    }
    item.wanted = item.action;
    item.action = Action::blocked;
    item.moved = true;
    item.reason = fmt::format("it changed since the plan was made; a new plan would be: {}{}",
                              now->action == Action::blocked ? "blocked" : fields::word(now->action),
                              now->reason.empty() ? "" : " (" + now->reason + ")");
    item.next = "look at a new plan and apply that";
  }
  for (Item const& item : plan.items) count(item, plan.summary);
  return plan;
}

}  // namespace cpsctl::plan

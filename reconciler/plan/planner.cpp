#include "plan/planner.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::plan {
namespace {

/// Changes when anything does that a reviewer saw, or that a write would be based on.
std::string fingerprint_of(Item const& item) {
  rapidjson::StringBuffer buffer(nullptr, json::usual_text);
  json::CanonicalWriter seen(buffer);
  auto const add = [&](char const* name, auto const& value) {
    seen.Key(name);
    fields::write(value, seen);
  };
  seen.StartObject();  // its members in the order of their names
  add("action", item.action);
  add("desired", item.desired);
  add("id", item.id);
  add("knownIds", item.known_ids);
  add("live", item.live.document);
  add("pending", ids_of(item.live.pending));
  add("steps", item.steps);
  add("target", item.target);
  seen.EndObject();
  return text::sha256_hex(json::written(buffer));
}

}  // namespace

void count(Item const& item, Summary& summary) {
  switch (item.action) {
    case Action::create: ++summary.create; break;
    case Action::update: ++(item.state_only ? summary.record : summary.update); break;
    case Action::adopt: ++summary.adopt; break;
    case Action::advance: ++summary.advance; break;
    case Action::delete_: ++summary.delete_; break;
    case Action::orphan: ++summary.orphan; break;
    case Action::forget: ++summary.forget; break;
    case Action::blocked: ++(item.waits ? summary.wait : summary.blocked); break;
    case Action::none: ++summary.unchanged; break;
  }
}

std::vector<std::int64_t> ids_of(std::vector<cps::Live const*> const& lives) {
  std::vector<std::int64_t> ids;
  std::ranges::transform(lives, std::back_inserter(ids), [](cps::Live const* live) { return live->id.value; });
  return ids;
}

std::vector<std::int64_t> ids_of(std::vector<cps::PendingChange> const& changes) {
  std::vector<std::int64_t> ids;
  std::ranges::transform(changes, std::back_inserter(ids), [](cps::PendingChange const& one) { return one.id.value; });
  return ids;
}

void Planner::block(Item& item, std::string reason, std::string next) {
  if (item.action != Action::blocked) item.wanted = item.action;
  item.action = Action::blocked;
  item.state_only = false;
  item.reason = std::move(reason);
  item.next = std::move(next);
  item.steps.clear();
  item.cancels.clear();
}

Result<Plan> Planner::run() {
  for (Desired const& desired : inputs_.desired) {
    Scope const scope = scope_of(desired, inputs_);
    if (!situation_.listed(scope)) {  // nothing of it was selected
      ++left_out_;
      continue;
    }
    CPS_TRY(Item item, plan_one(desired, scope));
    items_.push_back(std::move(item));
  }
  for (auto const& [name, entry] : inputs_.entries) {
    if (situation_.declared(name) || !situation_.listed({entry.account, entry.contract})) continue;
    CPS_TRY(auto item, removed(entry));
    if (item) items_.push_back(std::move(*item));
  }
  orphaned_intents();
  std::ranges::stable_sort(items_, {}, &Item::name);
  one_owner_each();
  no_create_beside_a_doubt();
  one_create_per_name();
  mass_absence();
  // The limits count what this run would do, not what was left out of it.
  std::erase_if(items_, [this](Item const& item) {
    bool const out = !situation_.selected(item) || !situation_.looked_at(item.name);
    if (out && situation_.looked_at(item.name)) ++left_out_;
    return out;
  });
  deletion_limits();
  change_limit();
  return finish();
}

Item Planner::begin(Desired const& desired, Scope const& scope) {
  schema::Schema const& schema = situation_.schema_of(desired);
  Item item{.name = desired.name,
            .contract = scope.second,
            .account = scope.first,
            .common_name = common_name(*desired.enrollment, schema),
            .validation_type = kind_of(*desired.enrollment, schema),
            .desired = desired};
  item.known_ids = ids_of(situation_.index(scope).by_name(item.common_name));
  return item;
}

Result<Item> Planner::plan_one(Desired const& desired, Scope const& scope) {
  Item item = begin(desired, scope);
  auto const entry = inputs_.entries.find(desired.name);
  if (std::string const& served = situation_.listing(scope).api_schema; newer(desired.api_schema, served)) {
    bool const known = entry != inputs_.entries.end();
    item.action = known ? Action::update : Action::create;
    item.id = known ? entry->second.id : 0;
    block(item,
          fmt::format("CPS does not serve API version {} for its contract, {} at most", desired.api_schema, served),
          fmt::format("set spec.apiSchema: {} in {} (or api.schema in cpsctl.yaml)", served, desired.source));
    return item;
  }
  if (entry != inputs_.entries.end()) return known(std::move(item), desired, entry->second);
  if (auto decided = doubtful(item, desired)) return std::move(*decided);
  return unknown(std::move(item), desired);
}

Result<Plan> Planner::take_over(std::map<std::string, std::int64_t> const& ids) {
  for (Desired const& desired : inputs_.desired) {
    auto const id = ids.find(desired.name);
    Scope const scope = scope_of(desired, inputs_);
    if (id == ids.end() || !situation_.listed(scope)) continue;
    cps::Live const* const live = situation_.index(scope).by_id(id->second);
    if (live == nullptr)
      return Error{.code = Errc::internal,
                   .message = fmt::format("planning without enrollment {} of {}", id->second, desired.name)};
    items_.push_back(adopt(begin(desired, scope), desired, *live));
  }
  std::ranges::stable_sort(items_, {}, &Item::name);
  return finish();
}

bool issues_certificate(Item const& item) {
  return std::ranges::count(item.changes, schema::Effect::certificate, &diff::Change::effect) > 0;
}

std::vector<std::string> pending_notes(cps::Live const& live) {
  std::vector<std::string> notes;
  for (cps::PendingChange const& change : live.pending)
    notes.push_back(fmt::format("in progress at CPS: change {}{}", change.id.value,
                                change.type.empty() ? "" : " (" + change.type + ")"));
  return notes;
}

Plan Planner::finish() {
  Plan plan{.realm = inputs_.realm,
            .account = inputs_.default_account,
            .serial = inputs_.serial,
            .paths = inputs_.paths,
            .selection = inputs_.selection,
            .consent = inputs_.consent,
            .settings = inputs_.settings,
            .summary = {.left_out = left_out_}};
  for (Item& item : items_) {
    count(item, plan.summary);
    plan.requests_to_apply += static_cast<std::int64_t>(item.steps.size());
    bool const acts = !item.steps.empty() || item.state_only;
    if (acts) {
      item.api_schema = situation_.listing({item.account, item.contract}).api_schema;
      item.fingerprint = fingerprint_of(item);
    } else {
      item.desired.reset();
    }
    if (item.action != Action::none || !item.notes.empty()) plan.items.push_back(std::move(item));
  }
  return plan;
}

Result<Plan> make_plan(Inputs const& inputs) {
  CPS_TRY(Situation situation, Situation::of(inputs));
  return Planner(std::move(situation)).run();
}

Result<Plan> take_over(Inputs const& inputs, std::map<std::string, std::int64_t> const& ids) {
  CPS_TRY(Situation situation, Situation::of(inputs));
  return Planner(std::move(situation)).take_over(ids);
}

bool same_live(cps::Live const& left, cps::Live const& right) {
  if (left.id != right.id || !left.document != !right.document) return false;
  return !left.document || json::equal(*left.document, *right.document);
}

bool Plan::changes() const {
  return std::ranges::any_of(items, [](Item const& item) { return !item.steps.empty(); });
}

bool Plan::work() const {
  return std::ranges::any_of(items, [](Item const& item) { return !item.steps.empty() || item.state_only; });
}

}  // namespace cpsctl::plan

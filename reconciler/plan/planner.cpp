#include "plan/planner.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::plan {
namespace {

Error missing(std::string what) {
  return Error{.code = Errc::internal, .message = "planning without " + std::move(what)};
}

/// Changes when anything does that a reviewer saw, or that a write would be based on.
std::string fingerprint_of(Item const& item) {
  json::Document seen(rapidjson::kObjectType);
  auto& pool = seen.GetAllocator();
  auto const add = [&](char const* name, auto const& value) {
    json::set(seen, name, fields::to_json(value, pool), pool);
  };
  add("action", item.action);
  add("id", item.id);
  add("steps", item.steps);
  add("desired", item.desired);
  add("target", item.target);
  add("live", item.live.document);
  add("pending", ids_of(item.live.pending));
  add("knownIds", item.known_ids);
  return text::sha256_hex(json::canonical(seen));
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

Result<manifest::Lifecycle> read_policy(state::Entry const& entry) {
  manifest::Lifecycle policy;
  if (!entry.lifecycle || fields::from_json(*entry.lifecycle, policy)) return policy;
  // Going on with the usual policy might keep what was to be deleted, or cancel what was to be waited for.
  return Error{.code = Errc::io,
               .message = fmt::format("the state's lifecycle of {} cannot be read: {}", entry.name,
                                      text::shortened(json::compact(*entry.lifecycle), 200)),
               .next = fmt::format("use the cpsctl that wrote the state, or cpsctl state forget {} and adopt it anew: "
                                   "CPS keeps the enrollment",
                                   entry.name)};
}

manifest::Lifecycle policy_of(state::Entry const& entry) {
  return read_policy(entry).value();
}

Planner::Planner(Inputs const& inputs) : inputs_(inputs) {}

void Planner::block(Item& item, std::string reason, std::string next) {
  if (item.action != Action::blocked) item.wanted = item.action;
  item.action = Action::blocked;
  item.state_only = false;
  item.reason = std::move(reason);
  item.next = std::move(next);
  item.steps.clear();
  item.cancels.clear();
}

bool Planner::selected(Item const& item) const {
  static std::map<std::string, std::string> const none;
  auto const entry = inputs_.entries.find(item.name);
  auto const& labels = item.desired                     ? item.desired->labels
                       : entry == inputs_.entries.end() ? none
                                                        : entry->second.labels;
  return inputs_.selection.takes(item.name, item.contract, labels);
}

/// Is `source` one of the paths that were read, or below one?
bool Planner::in_scope(std::string const& source) const {
  return std::ranges::any_of(inputs_.paths, [&](std::string const& path) {
    return source == path || (path == "." && !source.starts_with('/')) ||
           source.starts_with(path.ends_with('/') ? path : path + "/");
  });
}

Result<> Planner::prepare() {
  for (auto const& [name, entry] : inputs_.entries) {
    CPS_CHECK(read_policy(entry));
    owners_.emplace(entry.id, name);
  }
  for (Desired const& desired : inputs_.desired) {
    declared_.insert(desired.name);
    if (schemas_.contains(desired.api_schema)) continue;
    CPS_TRY(auto schema, schema::enrollment(desired.api_schema));
    schemas_.emplace(desired.api_schema, std::move(schema));
  }
  for (auto const& [scope, wanted] : scopes(inputs_)) {
    auto const listing = inputs_.listings.find(scope);
    if (listing == inputs_.listings.end()) return missing("the list of contract " + scope.second);
    CPS_TRY(auto const schema, schema::enrollment(listing->second.api_schema));
    indexes_.emplace(scope, Index(listing->second, *schema));
  }
  // What a lookup found is there for every manifest: another one must not create it again.
  for (auto const& [name, entry] : inputs_.entries) {
    auto const lookup = inputs_.lookups.find(entry.id);
    auto const index = indexes_.find({entry.account, entry.contract});
    if (index == indexes_.end() || lookup == inputs_.lookups.end() || !lookup->second) continue;
    CPS_TRY(auto const schema, schema::enrollment(entry.api_schema));
    index->second.add(*lookup->second, *schema);
  }
  return {};
}

Result<Plan> Planner::run() {
  CPS_CHECK(prepare());
  for (Desired const& desired : inputs_.desired) {
    Scope const scope = scope_of(desired);
    if (!indexes_.contains(scope)) {  // nothing of it was selected
      ++left_out_;
      continue;
    }
    CPS_TRY(Item item, plan_one(desired, scope));
    items_.push_back(std::move(item));
  }
  for (auto const& [name, entry] : inputs_.entries) {
    if (declared(name) || !indexes_.contains({entry.account, entry.contract})) continue;
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
    bool const out = !selected(item) || !looked_at(item.name);
    if (out && looked_at(item.name)) ++left_out_;
    return out;
  });
  deletion_limits();
  change_limit();
  return finish();
}

Scope Planner::scope_of(Desired const& desired) const {
  return {desired.account_key.empty() ? inputs_.default_account : desired.account_key, desired.contract};
}

Item Planner::begin(Desired const& desired, Scope const& scope) {
  schema::Schema const& schema = schema_of(desired);
  Item item{.name = desired.name,
            .contract = scope.second,
            .account = scope.first,
            .common_name = common_name(*desired.enrollment, schema),
            .validation_type = kind_of(*desired.enrollment, schema),
            .desired = desired};
  item.known_ids = ids_of(indexes_.at(scope).by_name(item.common_name));
  return item;
}

Result<Item> Planner::plan_one(Desired const& desired, Scope const& scope) {
  Item item = begin(desired, scope);
  auto const entry = inputs_.entries.find(desired.name);
  if (std::string const& served = inputs_.listings.at(scope).api_schema; newer(desired.api_schema, served)) {
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
  CPS_CHECK(prepare());
  for (Desired const& desired : inputs_.desired) {
    auto const id = ids.find(desired.name);
    auto const index = indexes_.find(scope_of(desired));
    if (id == ids.end() || index == indexes_.end()) continue;
    cps::Live const* const live = index->second.by_id(id->second);
    if (live == nullptr) return missing(fmt::format("enrollment {} of {}", id->second, desired.name));
    items_.push_back(adopt(begin(desired, scope_of(desired)), desired, *live));
  }
  std::ranges::stable_sort(items_, {}, &Item::name);
  return finish();
}

Result<cps::Live const*> Planner::live_of(Entry const& entry) const {
  if (auto const index = indexes_.find({entry.account, entry.contract}); index != indexes_.end())
    if (cps::Live const* const live = index->second.by_id(entry.id)) return live;
  auto const lookup = inputs_.lookups.find(entry.id);
  if (lookup == inputs_.lookups.end()) return missing(fmt::format("a lookup of enrollment {}", entry.id));
  return lookup->second ? &*lookup->second : nullptr;
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
      item.api_schema = inputs_.listings.at({item.account, item.contract}).api_schema;
      item.fingerprint = fingerprint_of(item);
    } else {
      item.desired.reset();
    }
    if (item.action != Action::none || !item.notes.empty()) plan.items.push_back(std::move(item));
  }
  return plan;
}

Result<Plan> make_plan(Inputs const& inputs) {
  return Planner(inputs).run();
}

Result<Plan> take_over(Inputs const& inputs, std::map<std::string, std::int64_t> const& ids) {
  return Planner(inputs).take_over(ids);
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

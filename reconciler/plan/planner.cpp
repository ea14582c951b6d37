#include "plan/planner.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::plan {
namespace {

constexpr char const* creates_only = "this version of cpsctl creates only";

Error missing(std::string what) {
  return Error{.code = Errc::internal, .message = "planning without " + std::move(what)};
}

std::vector<std::int64_t> ids_of(std::vector<cps::Live const*> const& lives) {
  std::vector<std::int64_t> ids;
  std::ranges::transform(lives, std::back_inserter(ids), [](cps::Live const* live) { return live->id.value; });
  return ids;
}

}  // namespace

Planner::Planner(Inputs const& inputs) : inputs_(inputs) {}

void Planner::block(Item& item, std::string reason, std::string next) {
  if (item.action != Action::blocked) item.wanted = item.action;
  item.action = Action::blocked;
  item.state_only = false;
  item.reason = std::move(reason);
  item.next = std::move(next);
  item.steps.clear();
}

void Planner::block_as_later_work(Item& item, Action wanted, std::string const& what) {
  item.action = wanted;
  block(item, fmt::format("{}: {}", what, creates_only), "do it in Akamai Control Center, or leave it as it is");
}

Result<> Planner::prepare() {
  for (auto const& [name, entry] : inputs_.entries) owners_.emplace(entry.id, name);
  for (Desired const& desired : inputs_.desired) {
    declared_.insert(desired.name);
    if (schemas_.contains(desired.api_schema)) continue;
    CPS_TRY(auto schema, schema::enrollment(desired.api_schema));
    schemas_.emplace(desired.api_schema, std::move(schema));
  }
  for (auto const& [scope, version] : scopes(inputs_.desired, inputs_.entries, inputs_.default_account)) {
    auto const listing = inputs_.listings.find(scope);
    if (listing == inputs_.listings.end()) return missing("the list of contract " + scope.second);
    CPS_TRY(auto const schema, schema::enrollment(version));
    indexes_.emplace(scope, Index(listing->second, *schema));
  }
  // What a lookup found is there for every manifest: another one must not create it again.
  for (auto const& [name, entry] : inputs_.entries) {
    auto const lookup = inputs_.lookups.find(entry.id);
    if (lookup == inputs_.lookups.end() || !lookup->second) continue;
    CPS_TRY(auto const schema, schema::enrollment(entry.api_schema));
    indexes_.at({entry.account, entry.contract}).add(*lookup->second, *schema);
  }
  return {};
}

Result<Plan> Planner::run() {
  CPS_CHECK(prepare());
  for (Desired const& desired : inputs_.desired) {
    CPS_TRY(Item item, plan_one(desired));
    if (item.action == Action::none) item.desired = {};  // most items, and nobody asks for theirs
    items_.push_back(std::move(item));
  }
  for (auto const& [name, entry] : inputs_.entries) {
    if (declared_.contains(name)) continue;
    CPS_TRY(auto item, removed(entry));
    if (item) items_.push_back(std::move(*item));
  }
  orphaned_intents();
  std::ranges::stable_sort(items_, {}, &Item::name);
  one_owner_each();
  no_create_beside_a_doubt();
  one_create_per_name();
  mass_absence();
  return finish();
}

Result<Item> Planner::plan_one(Desired const& desired) {
  schema::Schema const& schema = schema_of(desired);
  Item item{.name = desired.name,
            .contract = desired.contract,
            .account = desired.account_key.empty() ? inputs_.default_account : desired.account_key,
            .common_name = common_name(*desired.enrollment, schema),
            .validation_type = kind_of(*desired.enrollment, schema),
            .desired = desired};
  item.known_ids = ids_of(indexes_.at({item.account, item.contract}).by_name(item.common_name));
  auto const entry = inputs_.entries.find(desired.name);
  if (entry != inputs_.entries.end()) return known(std::move(item), desired, entry->second);
  if (auto decided = doubtful(item, desired)) return std::move(*decided);
  return unknown(std::move(item), desired);
}

Result<cps::Live const*> Planner::live_of(Entry const& entry) const {
  if (auto const index = indexes_.find({entry.account, entry.contract}); index != indexes_.end())
    if (cps::Live const* const live = index->second.by_id(entry.id)) return live;
  auto const lookup = inputs_.lookups.find(entry.id);
  if (lookup == inputs_.lookups.end()) return missing(fmt::format("a lookup of enrollment {}", entry.id));
  return lookup->second ? &*lookup->second : nullptr;
}

void Planner::note_pending(Item& item, cps::Live const& live) const {
  for (cps::PendingChange const& change : live.pending)
    item.notes.push_back(fmt::format("in progress at CPS: change {}{}", change.id.value,
                                     change.type.empty() ? "" : " (" + change.type + ")"));
}

/// The state knows its id.
Result<Item> Planner::known(Item item, Desired const& desired, Entry const& entry) {
  item.id = entry.id;
  if (entry.contract != item.contract || entry.account != item.account) {
    bool const contract = entry.contract != item.contract;
    item.action = Action::update;
    block(item,
          fmt::format("its {} cannot be changed in place: it is enrollment {} of {}", contract ? "contract" : "account",
                      entry.id,
                      contract ? entry.contract : "account " + (entry.account.empty() ? "(own)" : entry.account)),
          "set it back, or give the new enrollment a name of its own");
    return item;
  }
  CPS_TRY(cps::Live const* const live, live_of(entry));
  if (live == nullptr) {
    item.action = Action::create;
    block(item, fmt::format("enrollment {} was deleted outside cpsctl; {}", entry.id, creates_only),
          "remove the manifest, or create it anew under another name");
    return item;
  }
  note_pending(item, *live);
  return update(std::move(item), desired, *live, entry);
}

Item Planner::update(Item item, Desired const& desired, cps::Live const& live, Entry const& entry) {
  item.changes = diff::compare(*desired.enrollment, *live.document, schema_of(desired));
  std::vector<std::int64_t> intents;
  for (state::Record const& intent : inputs_.open_intents)
    if (intent.name == item.name) intents.push_back(intent.sequence);

  if (item.changes.empty()) {
    if (intents.empty() && entry.open_steps.empty()) return item;
    // The second write of the create is there, whatever became of its answer.
    item.action = Action::adopt;
    item.state_only = true;
    item.settles = std::move(intents);
    item.reason = "the second write of its create is proven by CPS's list";
    return item;
  }
  bool const only_missing_step = std::ranges::all_of(item.changes, [&](diff::Change const& change) {
    return std::ranges::any_of(entry.open_steps, [&](std::string const& step) {
      return change.pointer == step || change.pointer.starts_with(step + "/") || step.starts_with(change.pointer + "/");
    });
  });
  auto const immutable = std::ranges::find(item.changes, schema::Effect::immutable, &diff::Change::effect);
  item.action = Action::update;
  if (!entry.open_steps.empty() && only_missing_step) {
    block_as_later_work(
        item, Action::update,
        "the second write of its create is missing (" + json::dotted(json::common(entry.open_steps)) + ")");
  } else if (immutable != item.changes.end()) {
    block(item, json::dotted(immutable->pointer) + " cannot be changed in place",
          "set it back, or create a second enrollment under another name and move traffic there first");
  } else if (!live.pending.empty()) {
    block_as_later_work(item, Action::update,
                        fmt::format("change {} is pending at CPS, and an update would have to wait for it",
                                    live.pending.back().id.value));
  } else {
    block_as_later_work(item, Action::update, "an update would be sent");
  }
  return item;
}

/// The state does not know it: one live enrollment may be it.
Item Planner::unknown(Item item, Desired const& desired) {
  schema::Schema const& schema = schema_of(desired);
  std::vector<cps::Live const*> candidates;
  std::vector<cps::Live const*> others;  // same CN: another network or kind, or somebody's
  std::vector<std::string> renamed;
  for (cps::Live const* live : indexes_.at({item.account, item.contract}).by_name(item.common_name)) {
    bool const same = same_identity(*desired.enrollment, *live->document, schema);
    auto const owner = owners_.find(live->id.value);
    if (owner == owners_.end()) {
      (same ? candidates : others).push_back(live);
      continue;
    }
    others.push_back(live);
    if (same && !declared_.contains(owner->second)) renamed.push_back(owner->second);
  }
  if (candidates.empty() && !renamed.empty()) {
    item.action = Action::adopt;
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
      return diff::compare(*desired.enrollment, *live->document, schema).empty();
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
  item.id = live.id.value;
  item.action = Action::adopt;
  item.changes = diff::compare(*desired.enrollment, *live.document, schema_of(desired));
  note_pending(item, live);
  manifest::Adopt const policy = desired.lifecycle.adopt;
  if (policy == manifest::Adopt::never) {
    block(item, fmt::format("enrollment {} exists already, and spec.lifecycle.adopt is never", live.id.value),
          "set spec.lifecycle.adopt: ifIdentical to take it over as it is");
  } else if (item.changes.empty()) {
    item.state_only = true;
    item.reason = "exists already and is identical";
  } else if (policy == manifest::Adopt::always) {
    block_as_later_work(item, Action::adopt, fmt::format("enrollment {} exists already and differs", live.id.value));
  } else {
    block(item, fmt::format("enrollment {} exists already and differs", live.id.value),
          "make the manifest say what CPS has; it is adopted then");
  }
  return item;
}

Item Planner::create(Item item, Desired const& desired) {
  schema::Schema const& schema = schema_of(desired);
  item.action = Action::create;
  if (desired.deploy.not_after &&
      std::chrono::sys_days(*desired.deploy.not_after) < std::chrono::sys_days(inputs_.today)) {
    block(item,
          fmt::format("spec.deploy.notAfter {} is past: the change would expire before it is carried out",
                      day_text(*desired.deploy.not_after)),
          "set a later day, or leave it out");
    return item;
  }
  auto const deferred = diff::deferred_on_create(*desired.enrollment, schema);
  item.steps.emplace_back("POST /enrollments");
  if (!deferred.empty()) {
    item.steps.emplace_back("GET /enrollments/{id}");
    item.steps.push_back(fmt::format("PUT /enrollments/{{id}} with {}; cancels the first change of its own create",
                                     json::dotted(json::common(deferred))));
  }
  return item;
}

/// Is `source` one of the paths that were read, or below one?
bool Planner::in_scope(std::string const& source) const {
  return std::ranges::any_of(inputs_.paths, [&](std::string const& path) {
    return source == path || path == "." || source.starts_with(path.ends_with('/') ? path : path + "/");
  });
}

/// The state knows it, and no manifest declares it.
Result<std::optional<Item>> Planner::removed(Entry const& entry) {
  if (!in_scope(entry.source)) return std::optional<Item>();
  Item item{.name = entry.name,
            .contract = entry.contract,
            .account = entry.account,
            .id = entry.id,
            .common_name = entry.common_name};
  CPS_TRY(cps::Live const* const live, live_of(entry));
  if (live == nullptr) {
    block_as_later_work(item, Action::forget, "its manifest is gone, and so is the enrollment");
    return std::optional(std::move(item));
  }
  note_pending(item, *live);
  manifest::Lifecycle policy;
  if (entry.lifecycle) static_cast<void>(fields::from_json(*entry.lifecycle, policy));
  bool const may_go = policy.deletion == manifest::Deletion::delete_;
  block_as_later_work(item, may_go ? Action::delete_ : Action::orphan,
                      may_go ? "its manifest is gone, and its policy was to delete it then"
                             : "its manifest is gone; the enrollment is kept");
  return std::optional(std::move(item));
}

void Planner::one_owner_each() {
  std::map<std::int64_t, std::vector<Item*>> claims;
  for (Item& item : items_) {
    // Also one that differs, or may not adopt, means that enrollment.
    bool const adopts =
        item.action == Action::adopt || (item.action == Action::blocked && item.wanted == Action::adopt);
    if (adopts && item.id != 0 && !inputs_.entries.contains(item.name)) claims[item.id].push_back(&item);
  }
  for (auto const& [id, claimants] : claims) {
    if (claimants.size() < 2) continue;
    std::vector<std::string> names;
    std::ranges::transform(claimants, std::back_inserter(names), &Item::name);
    for (Item* item : claimants)
      block(*item, fmt::format("several manifests match enrollment {}: {}", id, fmt::join(names, ", ")),
            "keep one of them, or make them differ in common name, network or validation type");
  }
}

/// CPS refuses a second enrollment with the same common name; two manifests that want one each are a mistake.
void Planner::one_create_per_name() {
  std::map<std::pair<Scope, std::string>, std::vector<Item*>> wanted;
  for (Item& item : items_)
    if (item.action == Action::create || (item.action == Action::blocked && !item.settles.empty()))
      wanted[{Scope{item.account, item.contract}, text::hostname(item.common_name)}].push_back(&item);
  for (auto const& [place, items] : wanted) {
    if (items.size() < 2) continue;
    std::vector<std::string> names;
    std::ranges::transform(items, std::back_inserter(names), &Item::name);
    for (Item* item : items)
      if (item->action == Action::create && !item->desired.lifecycle.allow_duplicate_cn)
        block(*item,
              fmt::format("several manifests want the common name {}: {}", item->common_name, fmt::join(names, ", ")),
              "keep one of them, or set spec.lifecycle.allowDuplicateCn: true");
  }
}

/// When much of what the state knows is gone, this is probably not the account it was.
void Planner::mass_absence() {
  std::map<Scope, std::pair<std::size_t, std::size_t>> counts;  // recorded, absent
  for (auto const& [name, entry] : inputs_.entries) {
    auto& [recorded, absent] = counts[{entry.account, entry.contract}];
    ++recorded;
    auto const lookup = inputs_.lookups.find(entry.id);
    if (lookup != inputs_.lookups.end() && !lookup->second) ++absent;
  }
  for (Item& item : items_) {
    if (item.action != Action::create) continue;
    auto const found = counts.find({item.account, item.contract});
    if (found == counts.end()) continue;
    auto const [recorded, absent] = found->second;
    if (absent <= 1 || absent * 10 <= recorded) continue;
    block(item,
          fmt::format("{} of the {} enrollments that the state knows in contract {} are gone", absent, recorded,
                      item.contract),
          "check that account, section and rights are the right ones before anything is created there");
  }
}

Plan Planner::finish() {
  Plan plan{.realm = inputs_.realm, .serial = inputs_.serial};
  for (Item& item : items_) {
    switch (item.action) {
      case Action::create: ++plan.summary.create; break;
      case Action::update: ++plan.summary.update; break;
      case Action::adopt: ++plan.summary.adopt; break;
      case Action::advance: ++plan.summary.advance; break;
      case Action::delete_: ++plan.summary.delete_; break;
      case Action::orphan: ++plan.summary.orphan; break;
      case Action::forget: ++plan.summary.forget; break;
      case Action::blocked: ++plan.summary.blocked; break;
      case Action::none: ++plan.summary.unchanged; break;
    }
    plan.requests_to_apply += item.steps.size();
    if (item.action != Action::none || !item.notes.empty()) plan.items.push_back(std::move(item));
  }
  return plan;
}

Result<Plan> make_plan(Inputs const& inputs) {
  return Planner(inputs).run();
}

bool Plan::changes() const {
  return std::ranges::any_of(items, [](Item const& item) { return !item.steps.empty(); });
}

bool Plan::work() const {
  return std::ranges::any_of(items, [](Item const& item) { return !item.steps.empty() || item.state_only; });
}

}  // namespace cpsctl::plan

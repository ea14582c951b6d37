#include "plan/situation.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::plan {
namespace {

Error missing(std::string what) {
  return Error{.code = Errc::internal, .message = "planning without " + std::move(what)};
}

}  // namespace

Result<manifest::Lifecycle> read_policy(state::Entry const& entry) {
  manifest::Lifecycle policy;
  if (!entry.lifecycle || fields::from_json(*entry.lifecycle, policy)) return policy;
  // Going on with the usual policy might keep what was to be deleted, or cancel what was to be waited for.
  return Error{.code = Errc::io,
               .message = fmt::format("the state's lifecycle of {} cannot be read: {}", entry.name,
                                      text::shortened(json::compact(*entry.lifecycle), 200)),
               .next = fmt::format("use the cpsctl that wrote the state, or cpsctl state forget {} and adopt it again: "
                                   "CPS keeps the enrollment",
                                   entry.name)};
}

manifest::Lifecycle policy_of(state::Entry const& entry) {
  return read_policy(entry).value();
}

Result<Situation> Situation::of(Inputs const& inputs) {
  Situation situation(inputs);
  CPS_CHECK(situation.look_around());
  return situation;
}

Result<> Situation::look_around() {
  for (auto const& [name, entry] : inputs_->entries) {
    CPS_CHECK(read_policy(entry));
    owners_.emplace(entry.id, name);
  }
  for (manifest::Desired const& desired : inputs_->desired) {
    declared_.insert(desired.name);
    if (schemas_.contains(desired.api_schema)) continue;
    CPS_TRY(auto schema, schema::enrollment(desired.api_schema));
    schemas_.emplace(desired.api_schema, std::move(schema));
  }
  for (auto const& [scope, wanted] : scopes(*inputs_)) {
    auto const listing = inputs_->listings.find(scope);
    if (listing == inputs_->listings.end()) return missing("the list of contract " + scope.second);
    CPS_TRY(auto const schema, schema::enrollment(listing->second.api_schema));
    indexes_.emplace(scope, Index(listing->second, *schema));
  }
  // What a lookup found is there for every manifest: another one must not create it again.
  for (auto const& [name, entry] : inputs_->entries) {
    auto const lookup = inputs_->lookups.find(entry.id);
    auto const index = indexes_.find({entry.account, entry.contract});
    if (index == indexes_.end() || lookup == inputs_->lookups.end() || !lookup->second) continue;
    CPS_TRY(auto const schema, schema::enrollment(entry.api_schema));
    index->second.add(*lookup->second, *schema);
  }
  return {};
}

Result<cps::Live const*> Situation::live_of(state::Entry const& entry) const {
  if (auto const index = indexes_.find({entry.account, entry.contract}); index != indexes_.end())
    if (cps::Live const* const live = index->second.by_id(entry.id)) return live;
  auto const lookup = inputs_->lookups.find(entry.id);
  if (lookup == inputs_->lookups.end()) return missing(fmt::format("a lookup of enrollment {}", entry.id));
  return lookup->second ? &*lookup->second : nullptr;
}

std::string const* Situation::name_of(std::int64_t id) const {
  auto const found = owners_.find(id);
  return found == owners_.end() ? nullptr : &found->second;
}

std::map<std::string, std::string> const& Situation::labels_of(Item const& item) const {
  static std::map<std::string, std::string> const none;
  if (item.desired) return item.desired->labels;
  if (auto const entry = inputs_->entries.find(item.name); entry != inputs_->entries.end()) return entry->second.labels;
  // A create in doubt that neither a manifest nor the state speaks of: as it was wanted.
  for (state::Record const& intent : inputs_->open_intents)
    if (intent.name == item.name && intent.entry) return intent.entry->labels;
  return none;
}

bool Situation::selected(Item const& item) const {
  return inputs_->selection.takes(item.name, item.contract, labels_of(item));
}

bool Situation::in_scope(std::string const& source) const {
  return std::ranges::any_of(inputs_->paths, [&](std::string const& path) {
    return source == path || (path == "." && !source.starts_with('/')) ||
           source.starts_with(path.ends_with('/') ? path : path + "/");
  });
}

std::vector<state::Record const*> Situation::open_intents(std::string const& name, state::WriteKind step) const {
  std::vector<state::Record const*> found;
  for (state::Record const& intent : inputs_->open_intents)
    if (intent.name == name && intent.step == step) found.push_back(&intent);
  return found;
}

Fate Situation::fate_of_create(state::Record const& intent, Scope const& scope) const {
  Seen seen{.listed = listing(scope).begun, .settle = inputs_->settle, .owned = [this](std::int64_t id) {
              return name_of(id) != nullptr;
            }};
  if (intent.entry) seen.same_name = index(scope).by_name(intent.entry->common_name);
  return what_became_of(intent, seen);
}

Fate Situation::fate_of(state::Record const& intent, state::Entry const& entry, cps::Live const* live) const {
  return what_became_of(intent, {.listed = listing({entry.account, entry.contract}).begun,
                                 .settle = inputs_->settle,
                                 .live = live,
                                 .id = entry.id,
                                 .last_applied = entry.last_applied});
}

}  // namespace cpsctl::plan

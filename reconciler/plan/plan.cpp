#include "plan/plan.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"
#include "plan/advance.hpp"
#include "plan/decide.hpp"
#include "plan/guards.hpp"
#include "plan/publications.hpp"

#include <algorithm>

#include <fmt/format.h>

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
  auto const* const update = std::get_if<Update>(&item.work);
  std::vector<std::string> writes = words(steps_of(item));
  std::erase_if(writes, only_looks);
  if (advance_of(item) != nullptr) {  // approved through its answers, at whatever point of its way (design.md §9)
    seen.StartObject();
    add("action", item.action());
    add("answers", item.desired ? fields::shared(item.desired->lifecycle) : json::Ref());
    add("id", item.id);
    if (!item.publishers.empty()) add("publishers", item.publishers);
    add("signer", item.signer);
    seen.EndObject();
    return text::sha256_hex(json::written(buffer));
  }
  seen.StartObject();  // its members in the order of their names
  add("action", item.action());
  add("desired", item.desired);
  add("id", item.id);
  add("knownIds", item.known_ids);
  add("live", item.live.document);
  add("pending", ids_of(item.live.pending));
  add("steps", writes);
  add("target", update != nullptr ? update->target : json::Ref());
  seen.EndObject();
  return text::sha256_hex(json::written(buffer));
}

std::string signer_named(Inputs const& inputs, Item const& item) {
  if (!item.desired || item.desired->lifecycle.certificate.signer.empty()) return {};
  auto const found = inputs.signers.find(item.desired->lifecycle.certificate.signer);
  return found == inputs.signers.end() ? std::string() : found->second;
}

/// Of each: a name that the project does not have is refused when manifests are read.
std::vector<std::string> publishers_named(Inputs const& inputs, Item const& item) {
  std::vector<std::string> all;
  if (!item.desired) return all;
  for (std::string const& name : item.desired->lifecycle.dv.publisher)
    if (auto const found = inputs.publishers.find(name); found != inputs.publishers.end()) all.push_back(found->second);
  return all;
}

void sort(std::vector<Item>& items) {
  std::ranges::stable_sort(
      items, {}, [](Item const& item) { return std::pair(std::string_view(item.name), part_of(item.wanted)); });
}

/// The limits count what this run would do, not what was left out of it. Gives how many were.
std::int64_t leave_out(Situation const& situation, std::vector<Item>& items) {
  Inputs const& inputs = situation.inputs();
  auto left_out = std::ranges::count_if(
      inputs.desired, [&](manifest::Desired const& desired) { return !situation.listed(scope_of(desired, inputs)); });
  std::erase_if(items, [&](Item const& item) {
    bool const looked_at = situation.looked_at(item.name);
    bool const out = !looked_at || !situation.selected(item);
    if (out && looked_at) ++left_out;
    return out;
  });
  return left_out;
}

/// Counts, signs what acts, and lists what there is something to say about.
Plan sum_up(Situation const& situation, std::vector<Item> items, std::int64_t left_out) {
  Inputs const& inputs = situation.inputs();
  Plan plan{.realm = inputs.realm,
            .account = inputs.default_account,
            .serial = inputs.serial,
            .paths = inputs.paths,
            .selection = inputs.selection,
            .consent = inputs.consent,
            .settings = inputs.settings,
            .summary = {.left_out = left_out}};
  for (Item& item : items) {
    count(item, plan.summary);
    if (auto const end = inputs.live_ends.find(item.id); item.production && end != inputs.live_ends.end())
      item.expires = end->second;
    if (item.acts()) {
      item.signer = signer_named(inputs, item);
      item.publishers = publishers_named(inputs, item);
      item.api_schema = situation.listing(item.scope()).api_schema;
      item.fingerprint = fingerprint_of(item);
    } else {
      item.desired.reset();
    }
    if (item.action() != Action::none || !item.notes.empty()) plan.items.push_back(std::move(item));
  }
  return plan;
}

}  // namespace

Result<Plan> make_plan(Inputs const& inputs) {
  CPS_TRY(Situation const situation, Situation::of(inputs));
  CPS_TRY(std::vector<Subject> const subjects, identify(situation));

  std::vector<Item> items;
  items.reserve(subjects.size());
  for (Subject const& subject : subjects) items.push_back(decide(situation, subject));
  sort(items);

  one_owner_each(items);
  no_create_beside_a_doubt(situation, items);
  one_create_per_name(items);
  mass_absence(situation, items);
  holds(items);
  take_over_changes(items);

  std::map<std::string, std::vector<Advance>> looks;
  std::vector<Item> pending = advances(situation, items, looks);
  items.insert(items.end(), std::make_move_iterator(pending.begin()), std::make_move_iterator(pending.end()));
  sort(items);

  std::int64_t const left_out = leave_out(situation, items);
  deletion_limits(inputs.consent, items);
  change_limit(inputs.consent, inputs.entries.size(), items);

  Plan plan = sum_up(situation, std::move(items), left_out);
  plan.looks = std::move(looks);
  plan.publications = publications(inputs);
  return plan;
}

Result<Plan> take_over(Inputs const& inputs, std::map<std::string, std::int64_t> const& ids) {
  CPS_TRY(Situation const situation, Situation::of(inputs));
  std::vector<Item> items;
  for (manifest::Desired const& desired : inputs.desired) {
    auto const id = ids.find(desired.name);
    Scope const scope = scope_of(desired, inputs);
    if (id == ids.end() || !situation.listed(scope)) continue;
    cps::Live const* const live = situation.index(scope).by_id(id->second);
    if (live == nullptr)
      return Error{.code = Errc::internal,
                   .message = fmt::format("planning without enrollment {} of {}", id->second, desired.name)};
    items.push_back(adopt(situation, begin(situation, desired, scope), *live));
  }
  sort(items);
  return sum_up(situation, std::move(items), 0);
}

}  // namespace cpsctl::plan

#include "plan/identity.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <set>

namespace cpsctl::plan {
namespace {

schema::Field const* telling(schema::Schema const& schema, std::string_view what) {
  auto const found = std::ranges::find(schema.telling(), what, &schema::Field::tells);
  return found == schema.telling().end() ? nullptr : *found;
}

/// The set that the common name belongs to.
bool is_names(schema::Field const* field) {
  return field->list == schema::ListKind::set && field->derived != nullptr && !field->derived->includes.empty();
}

std::string text_of(json::Value const& document, schema::Schema const& schema, std::string_view role) {
  for (schema::Field const* field : schema.telling())
    if (field->identity == role) return std::string(json::text_or(json::at(document, field->pointer), ""));
  return {};
}

bool has_slots(json::Value const& document, schema::Field const* field) {
  json::Value const* const slots = field == nullptr ? nullptr : json::at(document, field->pointer);
  return slots != nullptr && slots->IsArray() && !slots->Empty();
}

bool agrees(json::Value const& desired, json::Value const& live, schema::Field const& field) {
  if (field.normalize == schema::Normalize::hostname && desired.IsString() && live.IsString())
    return diff::same_host(json::view(desired), json::view(live));
  return json::equal(desired, live);
}

}  // namespace

std::string common_name(json::Value const& document, schema::Schema const& schema) {
  return text_of(document, schema, "name");
}

std::string kind_of(json::Value const& document, schema::Schema const& schema) {
  return text_of(document, schema, "kind");
}

std::vector<std::string> host_names(json::Value const& document, schema::Schema const& schema) {
  std::vector<std::string> names;
  auto const add = [&](std::string name) {
    auto const same = [&](std::string const& other) { return diff::same_host(name, other); };
    if (!name.empty() && std::ranges::none_of(names, same)) names.push_back(std::move(name));
  };
  add(common_name(document, schema));
  auto const field = std::ranges::find_if(schema.telling(), is_names);
  json::Value const* const list = field == schema.telling().end() ? nullptr : json::at(document, (*field)->pointer);
  if (list != nullptr && list->IsArray())
    for (json::Value const& one : list->GetArray()) add(std::string(json::text_or(&one, "")));
  return names;
}

bool is_dual_stack(json::Value const& document, schema::Schema const& schema) {
  schema::Field const* const field = telling(schema, "dual-stack");
  json::Value const* const value = field == nullptr ? nullptr : json::at(document, field->pointer);
  return value != nullptr && value->IsTrue();
}

bool is_change_managed(json::Value const& desired, json::Value const& live, schema::Schema const& schema) {
  schema::Field const* const field = telling(schema, "change-management");
  if (field == nullptr) return false;
  json::Value const* const wanted = json::at(desired, field->pointer);
  json::Value const* const value = wanted != nullptr ? wanted : json::at(live, field->pointer);
  return value != nullptr && value->IsTrue();
}

json::Value const* network_of(json::Value const& document, schema::Schema const& schema) {
  schema::Field const* const field = telling(schema, "network-settings");
  return field == nullptr ? nullptr : json::at(document, field->pointer);
}

bool in_production(json::Value const& document, schema::Schema const& schema) {
  return has_slots(document, telling(schema, "production"));
}

std::vector<std::int64_t> slots(json::Value const& document, schema::Schema const& schema, std::string_view network) {
  std::vector<std::int64_t> found;
  schema::Field const* const field = telling(schema, network);
  json::Value const* const list = field == nullptr ? nullptr : json::at(document, field->pointer);
  if (list == nullptr || !list->IsArray()) return found;
  for (json::Value const& slot : list->GetArray())
    if (slot.IsInt64()) found.push_back(slot.GetInt64());
  return found;
}

bool is_deployed(json::Value const& document, schema::Schema const& schema) {
  return in_production(document, schema) || has_slots(document, telling(schema, "staging"));
}

std::optional<WallTime> renewal_start(json::Value const& document, schema::Schema const& schema) {
  schema::Field const* const field = telling(schema, "renewal-start");
  if (field == nullptr) return std::nullopt;
  auto const time = parse_timestamp(json::text_or(json::at(document, field->pointer), ""));
  return time ? std::optional(*time) : std::nullopt;
}

Index::Index(cps::Listing const& listing, schema::Schema const& schema) {
  for (cps::Live const& live : listing.enrollments) add(live, schema);
}

void Index::add(cps::Live const& live, schema::Schema const& schema) {
  if (!ids_.emplace(live.id.value, &live).second) return;
  names_.emplace(text::hostname(common_name(*live.document, schema)), &live);
}

cps::Live const* Index::by_id(std::int64_t id) const {
  auto const found = ids_.find(id);
  return found == ids_.end() ? nullptr : found->second;
}

std::vector<cps::Live const*> Index::by_name(std::string_view common_name) const {
  std::vector<cps::Live const*> found;
  auto const [first, last] = names_.equal_range(text::hostname(common_name));
  for (auto live = first; live != last; ++live) found.push_back(live->second);
  std::ranges::sort(found, {}, [](cps::Live const* live) { return live->id; });
  return found;
}

bool same_identity(json::Value const& desired, json::Value const& live, schema::Schema const& schema) {
  return std::ranges::all_of(schema.telling(), [&](schema::Field const* field) {
    if (field->identity.empty()) return true;
    json::Value const* const wanted = json::at(desired, field->pointer);
    json::Value const* const present = json::at(live, field->pointer);
    return wanted == nullptr || (present != nullptr && agrees(*wanted, *present, *field));
  });
}

std::optional<TooMany> too_many_names(json::Value const& desired, json::Value const& live,
                                      schema::Schema const& schema) {
  auto const field = std::ranges::find_if(schema.telling(), is_names);
  json::Value const* const list = field == schema.telling().end() ? nullptr : json::at(desired, (*field)->pointer);
  if (list == nullptr || !list->IsArray()) return std::nullopt;
  std::set<std::string> names{text::hostname(common_name(desired, schema))};
  for (json::Value const& name : list->GetArray()) names.insert(text::hostname(json::text_or(&name, "")));
  names.erase("");
  auto const wildcards = static_cast<std::int64_t>(
      std::ranges::count_if(names, [](std::string const& name) { return name.starts_with("*."); }));
  auto const most = [&](std::string_view what) -> std::optional<std::int64_t> {
    schema::Field const* const field = telling(schema, what);
    json::Value const* const value = field == nullptr ? nullptr : json::at(live, field->pointer);
    return value != nullptr && value->IsInt64() ? std::optional(value->GetInt64()) : std::nullopt;
  };
  auto const all = static_cast<std::int64_t>(names.size());
  if (auto const limit = most("most-names"); limit && all > *limit) return TooMany{all, *limit, "names"};
  if (auto const limit = most("most-wildcards"); limit && wildcards > *limit)
    return TooMany{wildcards, *limit, "wildcard names"};
  return std::nullopt;
}

}  // namespace cpsctl::plan

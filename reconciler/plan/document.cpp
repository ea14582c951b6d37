#include "base/fields.hpp"
#include "plan/plan.hpp"

namespace cpsctl::plan {
namespace {

json::Value copy(json::Ref const& value, json::Pool& pool) {
  return value ? json::Value(*value, pool) : json::Value();
}

char const* effect_word(schema::Effect effect) {
  switch (effect) {
    case schema::Effect::metadata: return "metadata";
    case schema::Effect::deployment: return "deployment";
    case schema::Effect::certificate: return "certificate";
    case schema::Effect::immutable: return "immutable";
  }
  return "metadata";
}

json::Value change_value(diff::Change const& change, json::Pool& pool) {
  json::Value object(rapidjson::kObjectType);
  json::set(object, "field", json::string(json::dotted(change.pointer), pool), pool);
  json::set(object, "pointer", json::string(change.pointer, pool), pool);
  json::set(object, "live", copy(change.live, pool), pool);
  json::set(object, "desired", copy(change.desired, pool), pool);
  if (change.set) {
    json::set(object, "added", fields::to_json(change.added, pool), pool);
    json::set(object, "removed", fields::to_json(change.removed, pool), pool);
  }
  json::set(object, "effect", json::string(effect_word(change.effect), pool), pool);
  return object;
}

json::Value item_value(Item const& item, json::Pool& pool) {
  json::Value object(rapidjson::kObjectType);
  auto const text = [&](char const* name, std::string const& value) {
    json::set(object, name, json::string(value, pool), pool);
  };
  text("name", item.name);
  text("action", fields::word(item.action));
  if (item.action == Action::blocked) text("wanted", fields::word(item.wanted));
  text("contract", item.contract);
  text("account", item.account);
  json::set(object, "id", item.id == 0 ? json::Value() : json::Value(item.id), pool);
  text("commonName", item.common_name);
  json::set(object, "stateOnly", json::Value(item.state_only), pool);
  json::Value changes(rapidjson::kArrayType);
  for (diff::Change const& change : item.changes) changes.PushBack(change_value(change, pool), pool);
  json::set(object, "changes", std::move(changes), pool);
  json::set(object, "steps", fields::to_json(item.steps, pool), pool);
  text("reason", item.reason);
  text("next", item.next);
  json::set(object, "notes", fields::to_json(item.notes, pool), pool);
  return object;
}

}  // namespace

json::Document document(Plan const& plan) {
  json::Document document(rapidjson::kObjectType);
  auto& pool = document.GetAllocator();
  json::Value items(rapidjson::kArrayType);
  for (Item const& item : plan.items) items.PushBack(item_value(item, pool), pool);
  json::set(document, "format_version", json::string("1.0", pool), pool);
  json::set(document, "realm", json::string(plan.realm, pool), pool);
  json::set(document, "serial", json::Value(plan.serial), pool);
  json::set(document, "items", std::move(items), pool);
  json::set(document, "summary", fields::to_json(plan.summary, pool), pool);
  json::set(document, "requestsToApply", json::Value(static_cast<std::uint64_t>(plan.requests_to_apply)), pool);
  return document;
}

}  // namespace cpsctl::plan

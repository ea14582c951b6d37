#include "diff/compare.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace cpsctl::diff {
namespace {

using schema::Field;

/// Stands for fields that the schema does not know: anything, compared byte for byte.
Field const& unknown_field() {
  static Field const field;
  return field;
}

Field const& field_of(Field const& around, std::string_view name) {
  Field const* const known = around.child(name);
  return known != nullptr ? *known : unknown_field();
}

bool absent(json::Value const* value) {
  return value == nullptr || value->IsNull();
}

/// Nothing is in it: null, "", [], or an object of such.
bool empty(json::Value const* value) {
  if (absent(value)) return true;
  if (value->IsString()) return value->GetStringLength() == 0;
  if (value->IsArray()) return value->Empty();
  if (!value->IsObject()) return false;
  return std::ranges::all_of(value->GetObject(), [](auto const& member) { return empty(&member.value); });
}

std::string normal(std::string_view text, schema::Normalize form) {
  switch (form) {
    case schema::Normalize::none: return std::string(text);
    case schema::Normalize::hostname: return text::hostname(text);
    case schema::Normalize::text: return text::nfc(text);
  }
  return std::string(text);
}

std::string shown(json::Value const& element) {
  return element.IsString() ? std::string(json::view(element)) : json::compact(element);
}

/// What makes a list element the same as another: its canonical text, apart from numbers of the same spelling.
std::string key(json::Value const& element, Field const& list) {
  if (!element.IsString()) return '\x01' + json::canonical(element);
  auto const form = list.items != nullptr ? list.items->normalize : list.normalize;
  return normal(json::view(element), form);
}

/// The members of an object in the schema's order; those that the schema does not know follow as they stand.
std::vector<std::pair<std::string_view, json::Value const*>> ordered(json::Value const& object, Field const& field) {
  std::vector<std::pair<std::string_view, json::Value const*>> members;
  members.reserve(object.MemberCount());
  for (std::string const& name : field.order)
    if (json::Value const* const value = json::find(object, name); value != nullptr) members.emplace_back(name, value);
  if (members.size() == object.MemberCount()) return members;
  for (auto const& member : object.GetObject())
    if (!field.properties.contains(json::view(member.name)))
      members.emplace_back(json::view(member.name), &member.value);
  return members;
}

json::Ref copied(json::Value const* value) {
  return value == nullptr ? nullptr : json::share(json::clone(*value));
}

/// Two documents and the rules by which their fields are the same.
class Comparison {
 public:
  Comparison(json::Value const& desired, json::Value const& live) : desired_(desired), live_(live) {}

  /// Do the values of one leaf differ? What the server decides by itself does not.
  bool differs(json::Value const& desired, json::Value const* live, Field const& field) const {
    if (server_decides(live, field)) return false;
    if (live == nullptr && field.derived != nullptr && field.derived->missing != nullptr)
      live = field.derived->missing.get();
    if (field.null_equals_absent && empty(&desired) && empty(live) && field.list == schema::ListKind::atomic)
      return false;
    if (as_set(desired, live, field)) {
      auto const [added, removed] = elements(desired, live, field);
      return !added.empty() || !removed.empty();
    }
    return live == nullptr || !same(desired, *live, field);
  }

  void compare(json::Value const& desired, json::Value const* live, Field const& field, std::string const& at,
               std::vector<Change>& changes) const {
    if (field.read_only) return;
    if (desired.IsObject() && (absent(live) || live->IsObject())) {
      for (auto const& [name, value] : ordered(desired, field))
        compare(*value, json::find(live, name), field_of(field, name), json::child(at, name), changes);
      return;
    }
    if (!differs(desired, live, field)) return;
    Change change{.pointer = at, .live = copied(live), .desired = copied(&desired), .effect = field.effect};
    if (as_set(desired, live, field)) {
      change.set = true;
      std::tie(change.added, change.removed) = elements(desired, live, field);
    }
    changes.push_back(std::move(change));
  }

  /// Lays `desired` over `body`, which holds a copy of the live value (null when live lacks it). Values that are the
  /// same keep live's spelling, so that a write carries the plan's changes and nothing else.
  void overlay(json::Value const& desired, Field const& field, json::Value& body, json::Pool& pool) const {
    if (!body.IsObject()) body.SetObject();
    for (auto const& [name, value] : ordered(desired, field)) {
      Field const& inner = field_of(field, name);
      if (inner.read_only) continue;
      json::Value* const present = json::find(body, name);
      if (value->IsObject() && (absent(present) || present->IsObject())) {
        json::Value object(rapidjson::kObjectType);
        if (present != nullptr && present->IsObject()) object = *present;
        overlay(*value, inner, object, pool);
        json::set(body, name, std::move(object), pool);
      } else if (present != nullptr ? differs(*value, present, inner) : !value->IsNull()) {
        json::set(body, name, json::Value(*value, pool), pool);
      }
    }
  }

 private:
  json::Value const* effective(std::string_view pointer) const {
    json::Value const* const wanted = json::at(desired_, pointer);
    return wanted != nullptr ? wanted : json::at(live_, pointer);
  }

  bool server_decides(json::Value const* live, Field const& field) const {
    if (field.derived == nullptr || field.derived->when.empty()) return false;
    if (field.derived->only_when_empty && !absent(live)) return false;
    return std::ranges::all_of(field.derived->when, [&](auto const& condition) {
      json::Value const* const value = effective(condition.first);
      return value != nullptr && json::equal(*value, *condition.second);
    });
  }

  static bool as_set(json::Value const& desired, json::Value const* live, Field const& field) {
    bool const fits = (desired.IsArray() || desired.IsNull()) && (absent(live) || live->IsArray());
    bool const something = desired.IsArray() || (live != nullptr && live->IsArray());
    return field.list == schema::ListKind::set && field.null_equals_absent && fits && something;
  }

  /// Of two sets: what desired has and live lacks, and the reverse. Implied members belong to both.
  std::pair<std::vector<std::string>, std::vector<std::string>> elements(json::Value const& desired,
                                                                         json::Value const* live,
                                                                         Field const& field) const {
    std::unordered_set<std::string> implied;
    if (field.derived != nullptr && !field.derived->includes.empty()) {
      for (json::Value const* const document : {&desired_, &live_})
        if (auto const* const member = json::at(*document, field.derived->includes); !absent(member))
          implied.insert(key(*member, field));
    }
    return {missing(&desired, live, field, implied), missing(live, &desired, field, implied)};
  }

  /// Elements of `here` that `there` lacks, each once.
  static std::vector<std::string> missing(json::Value const* here, json::Value const* there, Field const& field,
                                          std::unordered_set<std::string> known) {
    std::vector<std::string> found;
    if (absent(here)) return found;
    if (!absent(there))
      for (json::Value const& element : there->GetArray()) known.insert(key(element, field));
    for (json::Value const& element : here->GetArray())
      if (known.insert(key(element, field)).second) found.push_back(shown(element));
    return found;
  }

  static bool same(json::Value const& left, json::Value const& right, Field const& field) {
    if (left.IsString() && right.IsString())
      return normal(json::view(left), field.normalize) == normal(json::view(right), field.normalize);
    if (!left.IsArray() || !right.IsArray()) return json::equal(left, right);
    if (left.Size() != right.Size()) return false;
    for (rapidjson::SizeType i = 0; i < left.Size(); ++i)
      if (key(left[i], field) != key(right[i], field)) return false;
    return true;
  }

  json::Value const& desired_;
  json::Value const& live_;
};

void collect_deferred(json::Value const& value, Field const& field, std::string const& at,
                      std::vector<std::string>& found) {
  if (field.read_only || empty(&value)) return;
  if (value.IsObject()) {
    for (auto const& [name, inner] : ordered(value, field))
      collect_deferred(*inner, field_of(field, name), json::child(at, name), found);
  } else if (field.defer_on_create) {
    found.push_back(at);
  }
}

/// Takes out what a create does not carry.
void prune(json::Value& object, Field const& field) {
  for (auto member = object.MemberBegin(); member != object.MemberEnd();) {
    Field const& inner = field_of(field, json::view(member->name));
    if (inner.read_only || inner.defer_on_create) {
      member = object.EraseMember(member);
      continue;
    }
    if (member->value.IsObject()) prune(member->value, inner);
    ++member;
  }
}

}  // namespace

std::vector<Change> compare(json::Value const& desired, json::Value const& live, schema::Schema const& schema) {
  std::vector<Change> changes;
  Comparison(desired, live).compare(desired, &live, schema.root(), "", changes);
  return changes;
}

std::vector<std::string> deferred_on_create(json::Value const& desired, schema::Schema const& schema) {
  std::vector<std::string> found;
  collect_deferred(desired, schema.root(), "", found);
  return found;
}

json::Document create_body(json::Value const& desired, schema::Schema const& schema) {
  json::Document body = json::clone(desired);
  if (body.IsObject()) prune(body, schema.root());
  return body;
}

json::Document update_body(json::Value const& desired, json::Value const& live, schema::Schema const& schema) {
  json::Document body = json::clone(live);
  if (desired.IsObject()) Comparison(desired, live).overlay(desired, schema.root(), body, body.GetAllocator());
  return body;
}

bool same_host(std::string_view left, std::string_view right) {
  return text::hostname(left) == text::hostname(right);
}

}  // namespace cpsctl::diff

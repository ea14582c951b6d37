#include "diff/three_way.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <set>

namespace cpsctl::diff {
namespace {

using schema::Field;
using schema::OnRemove;

/// Finds what `last` names and `desired` does not.
class Removal {
 public:
  Removal(json::Value const& desired, schema::Schema const& schema) : target_(json::clone(desired)), schema_(schema) {}

  void find(json::Value const& last) { walk(last, target_, schema_.root(), ""); }

  std::vector<std::string> set_back = {};
  std::vector<std::string> released = {};
  json::Document take() { return std::move(target_); }

 private:
  void walk(json::Value const& last, json::Value& desired, Field const& around, std::string const& at) {
    for (auto const& [key, value] : last.GetObject()) {
      std::string_view const name = json::view(key);
      Field const* const field = around.child(name);
      // null was a wish for nothing: giving it up asks for nothing.
      if (field == nullptr || field->read_only || value.IsNull()) continue;
      std::string const pointer = json::child(at, name);
      json::Value* const present = json::find(desired, name);
      if (present == nullptr)
        given_up(desired, name, pointer, *field);
      else if (present->IsObject() && value.IsObject())
        walk(value, *present, *field, pointer);
    }
  }

  void given_up(json::Value& desired, std::string_view name, std::string const& pointer, Field const& field) {
    auto& pool = target_.GetAllocator();
    switch (field.on_remove) {
      case OnRemove::release: released.push_back(pointer); return;
      case OnRemove::null: json::set(desired, name, json::Value(), pool); break;
      case OnRemove::empty: json::set(desired, name, json::Value(rapidjson::kArrayType), pool); break;
    }
    set_back.push_back(pointer);
  }

  json::Document target_;
  schema::Schema const& schema_;
};

bool asks_for_nothing(json::Value const* value) {
  return value == nullptr || value->IsNull() || (value->IsString() && value->GetStringLength() == 0) ||
         (value->IsArray() && value->Empty());
}

/// A null that was sent once already, where CPS answers it with a default.
bool filled_in(Change const& change, json::Value const& last, schema::Schema const& schema) {
  Field const* const field = schema.at(change.pointer);
  json::Value const* const before = json::at(last, change.pointer);
  return field != nullptr && field->derived != nullptr && field->derived->fills_in &&
         asks_for_nothing(change.desired.get()) && before != nullptr && asks_for_nothing(before);
}

/// `target` without what CPS has filled in: a write carries what the plan shows and nothing else.
json::Ref without(json::Ref const& target, std::vector<std::string> const& pointers) {
  json::Document document = json::clone(*target);
  for (std::string const& pointer : pointers) json::erase(document, pointer);
  return json::share(document);
}

std::set<std::string> pointers(std::vector<Change> const& changes) {
  std::set<std::string> found;
  for (Change const& change : changes) found.insert(change.pointer);
  return found;
}

bool meets(std::set<std::string> const& all, std::string const& pointer) {
  return std::ranges::any_of(all, [&](std::string const& one) { return json::overlap(one, pointer); });
}

void explain(std::vector<Change>& changes, json::Value const& target, json::Value const& last, json::Value const& live,
             schema::Schema const& schema) {
  auto const by_us = pointers(compare(target, last, schema));
  auto const at_cps = pointers(compare(last, live, schema));
  for (Change& change : changes) {
    bool const ours = meets(by_us, change.pointer);
    bool const theirs = meets(at_cps, change.pointer);
    change.cause = ours && theirs ? Cause::both : ours ? Cause::manifest : theirs ? Cause::outside : Cause::unknown;
  }
}

}  // namespace

ThreeWay three_way(json::Ref const& desired, json::Ref const& last_applied, json::Value const& live,
                   schema::Schema const& schema) {
  ThreeWay result{.target = desired};
  std::vector<std::string> set_back;
  bool const known = last_applied && last_applied->IsObject() && desired->IsObject();
  // Most documents are what they were: nothing was given up then.
  if (known && !json::equal(*desired, *last_applied)) {
    Removal removal(*desired, schema);
    removal.find(*last_applied);
    result.released = std::move(removal.released);
    set_back = std::move(removal.set_back);
    if (!set_back.empty()) result.target = json::share(removal.take());
  }
  result.changes = compare(*result.target, live, schema);
  if (known) {
    std::vector<std::string> filled;
    std::erase_if(result.changes, [&](Change const& change) {
      bool const is_filled = filled_in(change, *last_applied, schema);
      if (is_filled) filled.push_back(change.pointer);
      return is_filled;
    });
    if (!filled.empty()) result.target = without(result.target, filled);
  }
  for (Change& change : result.changes) change.unset = std::ranges::count(set_back, change.pointer) > 0;
  if (known && !result.changes.empty()) explain(result.changes, *result.target, *last_applied, live, schema);
  return result;
}

ThreeWay compare_applied(json::Ref const& applied, json::Value const& live, schema::Schema const& schema) {
  ThreeWay found = three_way(applied, applied, live, schema);
  for (Change& change : found.changes) change.cause = Cause::unknown;
  return found;
}

bool same_wish(json::Value const& left, json::Value const& right, schema::Schema const& schema) {
  if (json::equal(left, right)) return true;
  return compare(left, right, schema).empty() && compare(right, left, schema).empty();
}

}  // namespace cpsctl::diff

#include "diff/compare.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace cpsctl::diff {
namespace {

using schema::Field;

/// Stands for fields that the schema does not know: anything, compared as it is.
Field const& unknown_field() {
  static Field const field;
  return field;
}

std::string normal(std::string_view text, schema::Normalize form) {
  switch (form) {
    case schema::Normalize::none: return std::string(text);
    case schema::Normalize::hostname: return text::hostname(text);
    case schema::Normalize::text: return text::nfc(text::trimmed(text));  // servers trim, and no blank is meant
  }
  return std::string(text);
}

std::string shown(json::Value const& element) {
  return element.IsString() ? std::string(json::view(element)) : json::compact(element);
}

/// What makes a list element the same as another: its canonical text, apart from numbers of the same spelling.
std::string key(json::Value const& element, Field const& list) {
  if (!element.IsString()) return '\x01' + json::canonical(element);
  Field const* const items = list.items.get();
  return normal(json::view(element), items != nullptr ? items->normalize : list.normalize);
}

enum class Carries : std::uint8_t { all, what_a_create_may };

/// Tells `handler`, RapidJSON's, `value` in its canonical form, as CPS is sent it: names as A-labels without a dot
/// behind them, texts without blanks around them, each element of a set once.
template <class Handler>
void write_canonical(json::Value const& value, Field const& field, schema::Normalize form, Carries carries,
                     Handler& handler) {
  auto const tell = [&handler](std::string_view text) {
    handler.String(text.data(), static_cast<rapidjson::SizeType>(text.size()), true);
  };
  rapidjson::SizeType told = 0;
  if (value.IsString()) {
    tell(normal(json::view(value), form));
  } else if (value.IsObject()) {
    handler.StartObject();
    for (auto const& member : value.GetObject()) {
      Field const* const known = field.child(json::view(member.name));
      Field const& inner = known != nullptr ? *known : unknown_field();
      if (carries == Carries::what_a_create_may && (inner.read_only || inner.defer_on_create)) continue;
      handler.Key(member.name.GetString(), member.name.GetStringLength(), true);
      write_canonical(member.value, inner, inner.normalize, inner.not_all_created ? carries : Carries::all, handler);
      ++told;
    }
    handler.EndObject(told);
  } else if (value.IsArray()) {
    handler.StartArray();
    Field const& items = field.items != nullptr ? *field.items : unknown_field();
    schema::Normalize const items_form = field.items != nullptr ? items.normalize : field.normalize;
    std::unordered_set<std::string> known;
    if (field.list == schema::ListKind::set) known.reserve(value.Size());
    for (json::Value const& element : value.GetArray()) {
      if (field.list != schema::ListKind::set) {
        write_canonical(element, items, items_form, Carries::all, handler);
      } else {
        auto const [text, fresh] = known.insert(key(element, field));
        if (!fresh) continue;
        // A text's key is its canonical form.
        if (element.IsString())
          tell(*text);
        else
          write_canonical(element, items, items_form, Carries::all, handler);
      }
      ++told;
    }
    handler.EndArray(told);
  } else {
    value.Accept(handler);
  }
}

/// The same as a value in `pool`'s memory.
json::Value canonical(json::Value const& value, Field const& field, Carries carries, json::Pool& pool) {
  json::Document document(&pool);
  auto const events = [&](json::Document& handler) {
    write_canonical(value, field, field.normalize, carries, handler);
    return true;
  };
  document.Populate(events);
  json::Value made;
  made.Swap(static_cast<json::Value&>(document));
  return made;
}

struct Member {
  std::string_view name;
  json::Value const* value;
  Field const* field;
};

/// The members of an object in the schema's order; those that the schema does not know follow as they are. With
/// `only`: those of which it is true.
std::vector<Member> members_of(json::Value const& object, Field const& around, bool Field::*only = nullptr) {
  std::vector<Member> members;
  members.reserve(object.MemberCount());
  for (auto const& member : object.GetObject()) {
    std::string_view const name = json::view(member.name);
    Field const* const known = around.child(name);
    Field const* const field = known != nullptr ? known : &unknown_field();
    if (only == nullptr || field->*only) members.push_back({.name = name, .value = &member.value, .field = field});
  }
  std::ranges::stable_sort(members, {}, [](Member const& member) {
    return std::pair(member.field == &unknown_field(), member.field->position);
  });
  return members;
}

json::Ref copied(json::Value const* value) {
  return value == nullptr ? nullptr : json::share(*value);
}

/// Two documents and the rules by which their fields are the same.
class Comparison {
 public:
  Comparison(json::Value const& desired, json::Value const& live) : desired_(desired), live_(live) {}

  /// Do the values of one leaf differ? What the server decides by itself does not.
  bool differs(json::Value const& desired, json::Value const* live, Field const& field) const {
    if (server_decides(live, field)) return false;
    if (json::absent(live) && field.derived != nullptr && field.derived->missing != nullptr)
      live = field.derived->missing.get();
    if (field.null_equals_absent && json::empty(&desired) && json::empty(live)) return false;
    if (as_set(desired, live, field)) {
      auto const [added, removed] = elements(desired, live, field);
      return !added.empty() || !removed.empty();
    }
    return live == nullptr || !same(desired, *live, field);
  }

  void compare(json::Value const& desired, json::Value const* live, Field const& field, std::string const& at,
               std::vector<Change>& changes) const {
    if (field.read_only) return;
    if (desired.IsObject() && (json::absent(live) || live->IsObject())) {
      for (Member const& member : members_of(desired, field))
        compare(*member.value, json::find(live, member.name), *member.field, json::child(at, member.name), changes);
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
    for (auto const& [name, value, inner] : members_of(desired, field)) {
      if (inner->read_only) continue;
      json::Value* const present = json::find(body, name);
      if (json::absent(present) && inner->null_equals_absent && json::empty(value)) continue;
      if (value->IsObject() && (json::absent(present) || present->IsObject())) {
        json::Value object(rapidjson::kObjectType);
        if (present != nullptr && present->IsObject()) object = *present;
        overlay(*value, *inner, object, pool);
        json::set(body, name, std::move(object), pool);
      } else if (present == nullptr || differs(*value, present, *inner) || implied_moved(*inner)) {
        json::set(body, name, canonical(*value, *inner, Carries::all, pool), pool);
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
    if (field.derived->only_when_empty && !json::absent(live)) return false;
    return std::ranges::all_of(field.derived->when, [&](auto const& condition) {
      json::Value const* const value = effective(condition.first);
      return value != nullptr && json::equal(*value, *condition.second);
    });
  }

  static bool as_set(json::Value const& desired, json::Value const* live, Field const& field) {
    auto const is_set = [&](json::Value const* value) {
      return (value != nullptr && value->IsArray()) || (json::absent(value) && field.null_equals_absent);
    };
    bool const something = desired.IsArray() || !json::absent(live);
    return field.list == schema::ListKind::set && something && is_set(&desired) && is_set(live);
  }

  /// The value that belongs to a set in desired and in live, written or not.
  std::pair<json::Value const*, json::Value const*> implied(Field const& field) const {
    if (field.derived == nullptr || field.derived->includes.empty()) return {nullptr, nullptr};
    return {effective(field.derived->includes), json::at(live_, field.derived->includes)};
  }

  /// Did it change? Then a set that was complete with live's value may not be with desired's.
  bool implied_moved(Field const& field) const {
    auto const [of_desired, of_live] = implied(field);
    if (json::absent(of_desired) || json::absent(of_live)) return json::absent(of_desired) != json::absent(of_live);
    return key(*of_desired, field) != key(*of_live, field);
  }

  /// Of two sets: what desired has and live lacks, and the reverse.
  std::pair<std::vector<std::string>, std::vector<std::string>> elements(json::Value const& desired,
                                                                         json::Value const* live,
                                                                         Field const& field) const {
    auto const [of_desired, of_live] = implied(field);
    Set const left{.written = &desired, .implied = of_desired}, right{.written = live, .implied = of_live};
    return {missing(left, right, field), missing(right, left, field)};
  }

  struct Set {
    json::Value const* written;
    json::Value const* implied;  ///< a member whether written or not; may be null

    template <class Visit>
    void each(Visit const& visit) const {
      if (!json::absent(written))
        for (json::Value const& element : written->GetArray()) visit(element);
      if (!json::absent(implied)) visit(*implied);
    }
  };

  /// Elements of `here` that `there` lacks, each once.
  static std::vector<std::string> missing(Set const& here, Set const& there, Field const& field) {
    std::unordered_set<std::string> known;
    std::vector<std::string> found;
    there.each([&](json::Value const& element) { known.insert(key(element, field)); });
    here.each([&](json::Value const& element) {
      if (known.insert(key(element, field)).second) found.push_back(shown(element));
    });
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
  if (field.read_only || json::empty(&value)) return;
  if (value.IsObject()) {
    for (Member const& member : members_of(value, field, &Field::not_all_created))
      collect_deferred(*member.value, *member.field, json::child(at, member.name), found);
  } else if (field.defer_on_create) {
    found.push_back(at);
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
  json::Document body;
  static_cast<json::Value&>(body) = canonical(desired, schema.root(), Carries::what_a_create_may, body.GetAllocator());
  return body;
}

std::string create_text(json::Value const& desired, schema::Schema const& schema) {
  rapidjson::StringBuffer buffer(nullptr, json::usual_text);
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  write_canonical(desired, schema.root(), schema.root().normalize, Carries::what_a_create_may, writer);
  return json::written(buffer);
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

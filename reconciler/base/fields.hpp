#pragma once
#include "base/clock.hpp"
#include "base/json.hpp"

#include <cctype>
#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <fmt/format.h>

/// Walkers over described structs (Boost.Describe): the struct is the format's only description. Member `api_schema` is
/// "apiSchema" in JSON, enumerator `if_identical` is "ifIdentical", `delete_` is "delete".
namespace cpsctl::fields {

/// allow_duplicate_cn -> allowDuplicateCn; a trailing underscore (delete_) is dropped.
inline std::string camel(std::string_view name) {
  std::string text;
  bool raise = false;
  for (char const c : name) {
    if (c == '_') {
      raise = true;
    } else {
      text += raise ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      raise = false;
    }
  }
  return text;
}

template <class E>
  requires std::is_enum_v<E>
std::string word(E value) {
  return camel(boost::describe::enum_to_string(value, ""));
}

template <class E>
std::optional<E> enumerator(std::string_view text) {
  std::optional<E> found;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto described) {
    if (camel(described.name) == text) found = described.value;
  });
  return found;
}

/// The words of an enum, in its order.
template <class E>
std::vector<std::string> words() {
  std::vector<std::string> all;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) { all.push_back(camel(d.name)); });
  return all;
}

template <class T>
concept Described = boost::describe::has_describe_members<T>::value && std::is_class_v<T>;

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_any_access>;

template <class T>
struct Codec;  // out: T -> Value; in: Value -> T, false when the type does not fit

template <class T>
json::Value to_json(T const& value, json::Pool& pool) {
  return Codec<T>::out(value, pool);
}
template <class T>
bool from_json(json::Value const& in, T& out) {
  return Codec<T>::in(in, out);
}

template <class T>
  requires std::integral<T> && (!std::same_as<T, bool>)
struct Codec<T> {
  static json::Value out(T value, json::Pool&) {
    if constexpr (std::is_signed_v<T>)
      return json::Value(static_cast<std::int64_t>(value));
    else
      return json::Value(static_cast<std::uint64_t>(value));
  }
  static bool in(json::Value const& v, T& value) {
    if (!v.IsInt64() || !std::in_range<T>(v.GetInt64())) return false;
    value = static_cast<T>(v.GetInt64());
    return true;
  }
};

template <>
struct Codec<bool> {
  static json::Value out(bool value, json::Pool&) { return json::Value(value); }
  static bool in(json::Value const& v, bool& value) {
    if (!v.IsBool()) return false;
    value = v.GetBool();
    return true;
  }
};

template <>
struct Codec<std::string> {
  static json::Value out(std::string const& value, json::Pool& pool) { return json::string(value, pool); }
  static bool in(json::Value const& v, std::string& value) {
    if (!v.IsString()) return false;
    value = json::view(v);
    return true;
  }
};

template <class E>
  requires std::is_enum_v<E>
struct Codec<E> {
  static json::Value out(E value, json::Pool& pool) { return json::string(word(value), pool); }
  static bool in(json::Value const& v, E& value) {
    if (!v.IsString()) return false;
    auto const found = enumerator<E>(json::view(v));
    if (found) value = *found;
    return found.has_value();
  }
};

template <>
struct Codec<Day> {
  static json::Value out(Day value, json::Pool& pool) { return json::string(day_text(value), pool); }
  static bool in(json::Value const& v, Day& value) {
    auto const day = parse_day(json::text_or(&v, ""));
    if (day) value = *day;
    return day.has_value();
  }
};

/// A whole JSON value as a member; absent is null.
template <>
struct Codec<json::Ref> {
  static json::Value out(json::Ref const& value, json::Pool& pool) {
    return value ? json::Value(*value, pool) : json::Value();
  }
  static bool in(json::Value const& v, json::Ref& value) {
    value = v.IsNull() ? nullptr : json::share(json::clone(v));
    return true;
  }
};

template <class T>
struct Codec<std::optional<T>> {
  static json::Value out(std::optional<T> const& value, json::Pool& pool) {
    return value ? to_json(*value, pool) : json::Value();
  }
  static bool in(json::Value const& v, std::optional<T>& value) {
    if (v.IsNull()) {
      value.reset();
      return true;
    }
    return from_json(v, value.emplace());
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static json::Value out(std::vector<T> const& values, json::Pool& pool) {
    json::Value array(rapidjson::kArrayType);
    for (T const& value : values) array.PushBack(to_json(value, pool), pool);
    return array;
  }
  static bool in(json::Value const& v, std::vector<T>& values) {
    if (!v.IsArray()) return false;
    values.clear();
    for (auto const& element : v.GetArray()) {
      T value{};
      if (!from_json(element, value)) return false;
      values.push_back(std::move(value));
    }
    return true;
  }
};

template <class T>
struct Codec<std::map<std::string, T>> {
  static json::Value out(std::map<std::string, T> const& values, json::Pool& pool) {
    json::Value object(rapidjson::kObjectType);
    for (auto const& [name, value] : values) object.AddMember(json::string(name, pool), to_json(value, pool), pool);
    return object;
  }
  static bool in(json::Value const& v, std::map<std::string, T>& values) {
    if (!v.IsObject()) return false;
    values.clear();
    for (auto const& member : v.GetObject()) {
      T value{};
      if (!from_json(member.value, value)) return false;
      values.emplace(json::view(member.name), std::move(value));
    }
    return true;
  }
};

/// Members that are absent in JSON keep their defaults; members that the struct does not know are ignored (a newer
/// minor version wrote them).
template <Described T>
struct Codec<T> {
  static json::Value out(T const& value, json::Pool& pool) {
    json::Value object(rapidjson::kObjectType);
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
      object.AddMember(json::string(camel(member.name), pool), to_json(value.*member.pointer, pool), pool);
    });
    return object;
  }
  static bool in(json::Value const& v, T& value) {
    if (!v.IsObject()) return false;
    bool fits = true;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
      json::Value const* const found = json::find(v, camel(member.name));
      if (found != nullptr && !from_json(*found, value.*member.pointer)) fits = false;
    });
    return fits;
  }
};

}  // namespace cpsctl::fields

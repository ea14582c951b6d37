#pragma once
#include "base/clock.hpp"
#include "base/json.hpp"

#include <cctype>
#include <concepts>
#include <map>
#include <memory>
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
struct Codec;  // out: T -> events of a RapidJSON handler; in: Value -> T, false when the type does not fit

/// Tells `handler`, RapidJSON's, what the value is: a text writer, or a document that is built.
template <class T, class Handler>
void write(T const& value, Handler& handler) {
  Codec<T>::out(value, handler);
}
template <class T>
json::Value to_json(T const& value, json::Pool& pool) {
  json::Document document(&pool);
  auto const events = [&value](json::Document& handler) {
    write(value, handler);
    return true;
  };
  document.Populate(events);
  json::Value made;
  made.Swap(static_cast<json::Value&>(document));
  return made;
}
/// The same, as a document of its own.
template <class T>
json::Document document(T const& value) {
  json::Document made;
  static_cast<json::Value&>(made) = to_json(value, made.GetAllocator());
  return made;
}
/// A document of ours: the version of its format, then the value's members.
template <class T>
json::Document versioned(T const& value, std::string_view format = "1.0") {
  json::Document made(rapidjson::kObjectType);
  json::Pool& pool = made.GetAllocator();
  json::set(made, "format_version", json::string(format, pool), pool);
  json::Value members = to_json(value, pool);
  for (auto& member : members.GetObject()) made.AddMember(member.name, member.value, pool);
  return made;
}
/// The same, shared, in as much memory as it needs.
template <class T>
json::Ref shared(T const& value) {
  json::Pool pool(json::small_chunk);
  return json::share(to_json(value, pool));
}
/// JSON text without spaces; no tree is built for it.
template <class T>
std::string to_text(T const& value) {
  rapidjson::StringBuffer buffer(nullptr, json::usual_text);
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  write(value, writer);
  return json::written(buffer);
}
template <class T>
bool from_json(json::Value const& in, T& out) {
  return Codec<T>::in(in, out);
}

template <class T>
  requires std::integral<T> && (!std::same_as<T, bool>)
struct Codec<T> {
  template <class Handler>
  static void out(T value, Handler& handler) {
    if constexpr (std::is_signed_v<T>)
      handler.Int64(value);
    else
      handler.Uint64(value);
  }
  static bool in(json::Value const& v, T& value) {
    if (!v.IsInt64() || !std::in_range<T>(v.GetInt64())) return false;
    value = static_cast<T>(v.GetInt64());
    return true;
  }
};

template <>
struct Codec<double> {
  template <class Handler>
  static void out(double value, Handler& handler) {
    handler.Double(value);
  }
  static bool in(json::Value const& v, double& value) {
    if (!v.IsNumber()) return false;
    value = v.GetDouble();
    return true;
  }
};

template <>
struct Codec<bool> {
  template <class Handler>
  static void out(bool value, Handler& handler) {
    handler.Bool(value);
  }
  static bool in(json::Value const& v, bool& value) {
    if (!v.IsBool()) return false;
    value = v.GetBool();
    return true;
  }
};

template <>
struct Codec<std::string> {
  template <class Handler>
  static void out(std::string_view value, Handler& handler) {
    handler.String(value.data(), static_cast<rapidjson::SizeType>(value.size()), true);
  }
  static bool in(json::Value const& v, std::string& value) {
    if (!v.IsString()) return false;
    value = json::view(v);
    return true;
  }
};

template <class E>
  requires std::is_enum_v<E>
struct Codec<E> {
  template <class Handler>
  static void out(E value, Handler& handler) {
    Codec<std::string>::out(word(value), handler);
  }
  static bool in(json::Value const& v, E& value) {
    if (!v.IsString()) return false;
    auto const found = enumerator<E>(json::view(v));
    if (found) value = *found;
    return found.has_value();
  }
};

template <>
struct Codec<Day> {
  template <class Handler>
  static void out(Day value, Handler& handler) {
    Codec<std::string>::out(day_text(value), handler);
  }
  static bool in(json::Value const& v, Day& value) {
    auto const day = parse_day(json::text_or(&v, ""));
    if (day) value = *day;
    return day.has_value();
  }
};

/// "2h", as people write it.
template <>
struct Codec<Duration> {
  template <class Handler>
  static void out(Duration value, Handler& handler) {
    Codec<std::string>::out(written_duration(value), handler);
  }
  static bool in(json::Value const& v, Duration& value) {
    auto const duration = parse_duration(json::text_or(&v, ""));
    if (duration) value = *duration;
    return duration.has_value();
  }
};

/// A whole JSON value as a member; absent is null.
template <>
struct Codec<json::Ref> {
  template <class Handler>
  static void out(json::Ref const& value, Handler& handler) {
    if (!value)
      handler.Null();
    else if constexpr (std::same_as<Handler, json::CanonicalWriter>)
      handler.whole(*value);
    else
      value->Accept(handler);
  }
  static bool in(json::Value const& v, json::Ref& value) {
    value = v.IsNull() ? nullptr : json::share(v);
    return true;
  }
};

/// A struct that several hold; absent is null, and so is what cannot be read.
template <class T>
struct Codec<std::shared_ptr<T const>> {
  template <class Handler>
  static void out(std::shared_ptr<T const> const& value, Handler& handler) {
    if (value)
      write(*value, handler);
    else
      handler.Null();
  }
  static bool in(json::Value const& v, std::shared_ptr<T const>& value) {
    auto read = std::make_shared<T>();
    value = from_json(v, *read) ? std::move(read) : nullptr;
    return true;
  }
};

template <class T>
struct Codec<std::optional<T>> {
  template <class Handler>
  static void out(std::optional<T> const& value, Handler& handler) {
    if (value)
      write(*value, handler);
    else
      handler.Null();
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
  template <class Handler>
  static void out(std::vector<T> const& values, Handler& handler) {
    handler.StartArray();
    for (T const& value : values) write(value, handler);
    handler.EndArray(static_cast<rapidjson::SizeType>(values.size()));
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
  template <class Handler>
  static void out(std::map<std::string, T> const& values, Handler& handler) {
    handler.StartObject();
    for (auto const& [name, value] : values) {
      handler.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()), true);
      write(value, handler);
    }
    handler.EndObject(static_cast<rapidjson::SizeType>(values.size()));
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

/// A struct whose first `always_written` members are always written. The others are left out while they have their
/// defaults: they came later, and what was written before they did is still the same text.
template <class T>
concept Grown = Described<T> && requires { T::always_written; };

/// Members that are absent in JSON keep their defaults; members that the struct does not know are ignored (a newer
/// minor version wrote them).
template <Described T>
struct Codec<T> {
  template <class Handler>
  static void out(T const& value, Handler& handler) {
    handler.StartObject();
    rapidjson::SizeType written = 0;
    if constexpr (std::same_as<Handler, json::CanonicalWriter>) {
      for (auto const& [name, tell] : by_name<Handler>()) written += tell(value, handler) ? 1U : 0U;
    } else {
      boost::mp11::mp_for_each<Members<T>>(
          [&](auto member) { written += out_member(member, value, handler) ? 1U : 0U; });
    }
    handler.EndObject(written);
  }
  static bool in(json::Value const& v, T& value) {
    if (!v.IsObject()) return false;
    bool fits = true;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
      static std::string const name = camel(member.name);
      json::Value const* const found = json::find(v, name);
      if (found != nullptr && !from_json(*found, value.*member.pointer)) fits = false;
    });
    return fits;
  }

 private:
  /// Is it written at all?
  template <class Member, class Handler>
  static bool out_member(Member member, T const& value, Handler& handler) {
    static std::string const name = camel(member.name);  // one for each member of each struct
    if constexpr (Grown<T>) {
      constexpr std::size_t place = boost::mp11::mp_find<Members<T>, Member>::value;
      if constexpr (place >= T::always_written) {
        static T const usual{};
        if (value.*member.pointer == usual.*member.pointer) return false;
      }
    }
    handler.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()), true);
    write(value.*member.pointer, handler);
    return true;
  }
  /// What tells each member, in the order of their names.
  template <class Handler>
  static auto const& by_name() {
    static std::map<std::string, bool (*)(T const&, Handler&)> const all = [] {
      std::map<std::string, bool (*)(T const&, Handler&)> made;
      boost::mp11::mp_for_each<Members<T>>([&]<class Member>(Member member) {
        made[camel(member.name)] = [](T const& value, Handler& handler) {
          return out_member(Member(), value, handler);
        };
      });
      return made;
    }();
    return all;
  }
};

}  // namespace cpsctl::fields

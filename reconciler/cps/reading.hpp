#pragma once
#include "base/fields.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

/// CPS's answers into described structs. Members that a struct does not know are ignored; one that is null counts as
/// absent, since most texts of CPS may be either.
namespace cpsctl::cps {

/// "CPS answered …": protocol, with the next step that all answers of CPS have that nobody can read.
Error unreadable(std::string problem);

/// Pointer to the deepest value that does not fit T; nothing when all of it fits.
template <class T>
std::optional<std::string> misfit(json::Value const& value, std::string const& at = {}) {
  T whole{};
  if (fields::from_json(value, whole)) return std::nullopt;
  std::optional<std::string> deeper;
  if constexpr (fields::Described<T>) {
    if (!value.IsObject()) return at;
    boost::mp11::mp_for_each<fields::Members<T>>([&](auto member) {
      using Part = std::remove_cvref_t<decltype(whole.*member.pointer)>;
      std::string const name = fields::camel(member.name);
      json::Value const* const part = json::find(value, name);
      if (part != nullptr && !deeper) deeper = misfit<Part>(*part, json::child(at, name));
    });
  } else if constexpr (requires { typename T::value_type; } && !std::is_same_v<T, std::string>) {
    using Part = typename T::value_type;
    if constexpr (requires { whole.push_back(Part()); }) {
      if (!value.IsArray()) return at;
      for (std::size_t i = 0; i < value.Size() && !deeper; ++i)
        deeper = misfit<Part>(value[static_cast<rapidjson::SizeType>(i)], json::child(at, i));
    } else {
      deeper = misfit<Part>(value, at);
    }
  }
  return deeper ? deeper : at;
}

/// `what` names the answer in the message: "change 10002". Errors: protocol, naming the field that does not fit.
template <class T>
Result<T> read_as(json::Value const& value, std::string_view what) {
  T read{};
  if (fields::from_json(value, read)) return read;
  std::string const at = json::dotted(misfit<T>(value).value_or(""));
  return unreadable(std::string(what) + (at.empty() ? " with something else" : " with an unusable " + at));
}

/// The same from text; nulls are dropped first.
template <class T>
Result<T> read_text_as(std::string_view text, std::string_view what) {
  CPS_TRY(json::Document document, json::parse(text, what));
  json::drop_nulls(document);
  return read_as<T>(document, what);
}

/// The same of a document that is to have this list: an answer without it is not an empty one.
template <class T>
Result<T> read_list(std::string_view text, char const* list, std::string_view what) {
  CPS_TRY(json::Document document, json::parse(text, what));
  json::drop_nulls(document);
  if (json::find(document, list) == nullptr) return unreadable(fmt::format("{} without {}", what, list));
  return read_as<T>(document, what);
}

}  // namespace cpsctl::cps

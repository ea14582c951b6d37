#include "manifest/scalars.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace cpsctl::manifest {
namespace {

using schema::Type;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// "12", "-3": decimal, no sign but '-', no leading zero.
std::optional<std::int64_t> decimal(std::string_view text) {
  std::string_view const digits = text.starts_with('-') ? text.substr(1) : text;
  if (!all_digits(digits) || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
  std::int64_t number = 0;
  auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

std::optional<double> real(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  bool const numeric = text.find_first_not_of("0123456789.eE+-") == std::string_view::npos &&
                       text.find_first_of("0123456789") != std::string_view::npos;
  if (!numeric) return std::nullopt;
  std::string const padded = text.starts_with('.') ? fmt::format("0{}", text) : std::string(text);
  double number = 0;
  auto const [end, problem] = std::from_chars(padded.data(), padded.data() + padded.size(), number);
  bool const fine = problem == std::errc{} && end == padded.data() + padded.size() && std::isfinite(number);
  return fine ? std::optional(number) : std::nullopt;
}

bool is_core_int(std::string_view text) {
  if (text.starts_with("0o")) return text.size() > 2 && text.find_first_not_of("01234567", 2) == std::string_view::npos;
  if (text.starts_with("0x"))
    return text.size() > 2 && text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return all_digits(text);
}

std::optional<std::int64_t> core_int(std::string_view text) {
  int base = 10;
  if (text.starts_with("0o") || text.starts_with("0x")) {
    base = text[1] == 'o' ? 8 : 16;
    text.remove_prefix(2);
  }
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t number = 0;
  auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return problem == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

std::string shown(std::string_view text) {
  return fmt::format("\"{}\"", text::excerpt(text, 60));
}

ScalarProblem no_boolean(std::string_view plain) {
  std::string const lower = text::lower(plain);
  bool const yes = is_one_of(lower, {"true", "yes", "on", "y", "1"});
  bool const no = is_one_of(lower, {"false", "no", "off", "n", "0"});
  return {fmt::format("{} is not true or false", shown(plain)),
          yes || no ? fmt::format("write {}", yes ? "true" : "false") : std::string("write true or false")};
}

ScalarProblem no_integer(std::string_view plain) {
  std::string hint = "write decimal digits only";
  if (all_digits(plain) && plain.front() == '0') {
    auto const digits = plain.substr(std::min(plain.find_first_not_of('0'), plain.size() - 1));
    hint = fmt::format("write {}: a leading zero would be read as octal by some tools", digits);
  } else if (is_core_int(plain)) {
    auto const number = core_int(plain);
    hint = number ? fmt::format("write {}", *number) : std::string("the number is too large");
  }
  return {fmt::format("{} is not a whole number", shown(plain)), std::move(hint)};
}

bool wants(schema::Field const& field, Type type) {
  return !field.types.empty() && field.allows(type);
}

}  // namespace

std::string_view core_type(std::string_view plain) {
  if (is_one_of(plain, {"", "~", "null", "Null", "NULL"})) return "null";
  if (is_one_of(plain, {"true", "True", "TRUE", "false", "False", "FALSE"})) return "bool";
  if (is_core_int(plain)) return "int";
  return real(plain) ? "float" : "str";
}

json::Value core_value(std::string_view plain, json::Pool& pool) {
  std::string_view const type = core_type(plain);
  if (type == "null") return json::Value();
  if (type == "bool") return json::Value(text::lower(plain) == "true");
  if (type == "int")
    if (auto const number = core_int(plain)) return json::Value(*number);
  if (type == "float")
    if (auto const number = real(plain)) return json::Value(*number);
  return json::string(plain, pool);
}

Typed typed_scalar(std::string_view plain, schema::Field const* field, json::Pool& pool) {
  if (field == nullptr || field->types.empty()) return {.value = core_value(plain, pool)};
  if (wants(*field, Type::boolean) && (plain == "true" || plain == "false"))
    return {.value = json::Value(plain == "true")};
  if (wants(*field, Type::integer))
    if (auto const number = decimal(plain)) return {.value = json::Value(*number)};
  if (wants(*field, Type::number))
    if (auto const number = real(plain)) return {.value = json::Value(*number)};
  if (wants(*field, Type::string)) return {.value = json::string(plain, pool)};
  if (wants(*field, Type::boolean)) return {.value = json::Value(), .problem = no_boolean(plain)};
  if (wants(*field, Type::integer)) return {.value = json::Value(), .problem = no_integer(plain)};
  return {.value = core_value(plain, pool)};  // a map or a list is wanted: the schema checker says so
}

}  // namespace cpsctl::manifest

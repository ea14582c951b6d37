#pragma once
#include "base/json.hpp"
#include "schema/schema.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Plain scalars: what a word without quotes means. The field's type decides, never a guess.
namespace cpsctl::manifest {

/// The type that YAML 1.2's core schema sees in a plain scalar: "null", "bool", "int", "float" or "str".
std::string_view core_type(std::string_view plain);

/// The value by the core schema, for fields that no schema knows.
json::Value core_value(std::string_view plain, json::Pool& pool);

/// Why a plain scalar cannot be the value of a field that wants no text.
struct ScalarProblem {
  std::string message;
  std::string hint;
};

/// A plain scalar as the field's type has it: a text stays letter for letter, a boolean is true or false, a number is
/// decimal. With a problem the value is null.
struct Typed {
  json::Value value;
  std::optional<ScalarProblem> problem = {};
};
Typed typed_scalar(std::string_view plain, schema::Field const* field, json::Pool& pool);

}  // namespace cpsctl::manifest

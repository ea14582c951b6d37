#include "schema/schema.hpp"
#include "schema/source.hpp"

#include <algorithm>
#include <array>
#include <regex>

#include <fmt/format.h>

namespace cpsctl::schema {
namespace {

/// std::regex recurses once per character: a pattern is only run on texts that cannot exhaust the stack.
constexpr std::size_t longest_matched = 1024;
constexpr int deepest = 32;

Error broken(std::string_view where, std::string_view problem) {
  return Error{.code = Errc::internal,
               .message = fmt::format("schema field {}: {}", where.empty() ? "/" : where, problem)};
}

/// What a field takes over from the object around it.
struct Inherited {
  Effect effect = Effect::metadata;
  bool read_only = false;
  bool defer_on_create = false;
  std::string sensitive = {};
};

template <class E>
struct Word {
  std::string_view text;
  E value;
};

template <class E, std::size_t n>
using Words = std::array<Word<E>, n>;

constexpr Words<Type, 7> types{{{"object", Type::object},
                                {"array", Type::array},
                                {"string", Type::string},
                                {"integer", Type::integer},
                                {"number", Type::number},
                                {"boolean", Type::boolean},
                                {"null", Type::null}}};
constexpr Words<ListKind, 2> lists{{{"atomic", ListKind::atomic}, {"set", ListKind::set}}};
constexpr Words<Normalize, 2> normal_forms{{{"hostname", Normalize::hostname}, {"text", Normalize::text}}};
constexpr Words<Effect, 3> effects{
    {{"metadata", Effect::metadata}, {"deployment", Effect::deployment}, {"certificate", Effect::certificate}}};
constexpr Words<OnRemove, 3> removals{
    {{"release", OnRemove::release}, {"null", OnRemove::null}, {"empty", OnRemove::empty}}};

template <class E, std::size_t n>
Result<E> word(json::Value const& value, Words<E, n> const& words, std::string_view where) {
  for (auto const& known : words)
    if (json::text_or(&value, "") == known.text) return known.value;
  return broken(where, fmt::format("{} is not a word that is allowed here", json::compact(value)));
}

/// Sets `out` from a keyword that is one of `words`, if the keyword is there.
template <class E, std::size_t n>
Result<> read_word(json::Value const& node, char const* keyword, Words<E, n> const& words, Field const& field, E& out) {
  json::Value const* const value = json::find(node, keyword);
  if (value == nullptr) return {};
  CPS_TRY(out, word(*value, words, field.pointer));
  return {};
}

bool flag(json::Value const& node, char const* keyword, bool otherwise = false) {
  json::Value const* const value = json::find(node, keyword);
  return value != nullptr && value->IsBool() ? value->GetBool() : otherwise;
}

std::optional<std::int64_t> integer(json::Value const& node, char const* keyword) {
  json::Value const* const value = json::find(node, keyword);
  return value != nullptr && value->IsInt64() ? std::optional(value->GetInt64()) : std::nullopt;
}

std::vector<std::string> strings(json::Value const* array) {
  std::vector<std::string> all;
  if (array == nullptr || !array->IsArray()) return all;
  for (json::Value const& element : array->GetArray())
    if (element.IsString()) all.emplace_back(json::view(element));
  return all;
}

Result<> read_types(json::Value const& node, Field& field) {
  json::Value const* const type = json::find(node, "type");
  if (type == nullptr) return {};
  if (!type->IsArray()) {
    CPS_TRY(Type const one, word(*type, types, field.pointer));
    field.types.push_back(one);
    return {};
  }
  for (json::Value const& element : type->GetArray()) {
    CPS_TRY(Type const one, word(element, types, field.pointer));
    field.types.push_back(one);
  }
  return {};
}

Result<> read_pattern(json::Value const& node, Field& field) {
  field.pattern = json::text_or(json::find(node, "pattern"), "");
  field.wanted = json::text_or(json::find(node, "patternErrorMessage"), "");
  if (field.pattern.empty()) return {};
  if (!field.max_length || *field.max_length > longest_matched)
    return broken(field.pointer, fmt::format("a pattern needs a maxLength of at most {}", longest_matched));
  try {
    field.matches = [regex = std::regex(field.pattern, std::regex::ECMAScript)](std::string_view text) {
      return std::regex_search(text.begin(), text.end(), regex);
    };
  } catch (std::regex_error const& error) {
    return broken(field.pointer, fmt::format("pattern {}: {}", field.pattern, error.what()));
  }
  return {};
}

/// The plain keywords of JSON Schema.
Result<> read_keywords(json::Value const& node, Field& field) {
  CPS_CHECK(read_types(node, field));
  field.title = json::text_or(json::find(node, "description"), "");
  field.format = json::text_or(json::find(node, "format"), "");
  field.enumeration = strings(json::find(node, "enum"));
  field.required = strings(json::find(node, "required"));
  if (auto const* const only = json::find(node, "const"); only != nullptr && only->IsString())
    field.enumeration = {std::string(json::view(*only))};
  field.minimum = integer(node, "minimum");
  field.maximum = integer(node, "maximum");
  field.min_items = static_cast<std::size_t>(std::max<std::int64_t>(integer(node, "minItems").value_or(0), 0));
  if (auto const longest = integer(node, "maxLength"); longest && *longest >= 0)
    field.max_length = static_cast<std::size_t>(*longest);
  auto const* const more = json::find(node, "additionalProperties");
  field.closed = more != nullptr && more->IsBool() && !more->GetBool();
  return read_pattern(node, field);
}

Result<> read_derived(json::Value const& node, Field& field) {
  json::Value const* const rule = json::find(node, "x-derived");
  if (rule == nullptr) return {};
  if (!rule->IsObject()) return broken(field.pointer, "x-derived is not an object");
  field.derived = std::make_unique<Derived>();
  for (auto const& member : rule->GetObject()) {
    std::string_view const name = json::view(member.name);
    if (name == "includes" && member.value.IsString() && field.list == ListKind::set) {
      field.derived->includes = json::view(member.value);
    } else if (name == "when" && member.value.IsObject()) {
      for (auto const& condition : member.value.GetObject())
        field.derived->when.emplace_back(json::view(condition.name), json::share(condition.value));
    } else if (name == "live" && member.value.IsNull()) {
      field.derived->only_when_empty = true;
    } else if (name == "fillsIn" && member.value.IsTrue()) {
      field.derived->fills_in = true;
    } else if (name == "missing") {
      field.derived->missing = json::share(member.value);
    } else {
      return broken(field.pointer, fmt::format("x-derived: {} is not allowed here", name));
    }
  }
  return {};
}

/// Our annotations. `around` is what the object around the field says.
Result<> read_annotations(json::Value const& node, Inherited const& around, Field& field) {
  field.effect = around.effect;
  CPS_CHECK(read_word(node, "x-effect", effects, field, field.effect));
  CPS_CHECK(read_word(node, "x-list-type", lists, field, field.list));
  CPS_CHECK(read_word(node, "x-normalize", normal_forms, field, field.normalize));
  CPS_CHECK(read_word(node, "x-on-remove", removals, field, field.on_remove));
  field.immutable = flag(node, "x-immutable");
  field.read_only = flag(node, "x-read-only", around.read_only);
  field.defer_on_create = flag(node, "x-defer-on-create", around.defer_on_create);
  field.null_equals_absent = flag(node, "x-null-equals-absent");
  field.sensitive = json::text_or(json::find(node, "x-sensitive"), around.sensitive);
  field.operators = json::text_or(json::find(node, "x-operator"), "");
  field.identity = json::text_or(json::find(node, "x-identity"), "");
  field.tells = json::text_or(json::find(node, "x-tells"), "");
  if (field.on_remove == OnRemove::null && !field.nullable())
    return broken(field.pointer, "x-on-remove: it cannot be null");
  if (field.on_remove == OnRemove::empty && !field.allows(Type::array))
    return broken(field.pointer, "x-on-remove: only a list can be emptied");
  if (!field.sensitive.empty() && json::find(node, "x-order-says") != nullptr)
    return broken(field.pointer, "x-order-says: what is masked cannot be shown");
  return read_derived(node, field);
}

/// Turns one node, and what is inside it, into a field.
class Compiler {
 public:
  Compiler(std::string_view schema, json::Value const& source) : schema_(schema), source_(source) {}

  Result<> field(json::Value const& raw, std::string pointer, Inherited const& around, int depth, Field& out) const {
    if (depth == 0) return broken(pointer, "the schema is nested without end");
    CPS_TRY(json::Document node, expand(raw, source_));
    out.schema = schema_;
    out.name = pointer.substr(pointer.rfind('/') + 1);
    out.pointer = std::move(pointer);
    CPS_CHECK(read_keywords(node, out));
    CPS_CHECK(read_annotations(node, around, out));
    Inherited const inside{.effect = out.effect,
                           .read_only = out.read_only,
                           .defer_on_create = out.defer_on_create,
                           .sensitive = out.sensitive};
    if (out.immutable) out.effect = Effect::immutable;
    CPS_CHECK(children(node, inside, depth - 1, out));
    out.not_all_created =
        out.read_only || out.defer_on_create || (out.values && out.values->not_all_created) ||
        std::ranges::any_of(out.properties, [](auto const& one) { return one.second->not_all_created; });
    for (char const* const keyword : {"properties", "items", "$defs", "allOf", "additionalProperties", "propertyNames"})
      json::remove(node, keyword);
    out.annotations = json::share(node);
    return {};
  }

 private:
  Result<> children(json::Value const& node, Inherited const& inside, int depth, Field& out) const {
    if (auto const* const properties = json::find(node, "properties");
        properties != nullptr && properties->IsObject()) {
      for (auto const& member : properties->GetObject()) {
        std::string const name(json::view(member.name));
        auto inner = std::make_unique<Field>();
        CPS_CHECK(field(member.value, json::child(out.pointer, name), inside, depth, *inner));
        inner->position = out.order.size();
        if (inner->operators.empty()) out.order.push_back(name);
        out.properties.emplace(name, std::move(inner));
      }
    }
    CPS_CHECK(child(json::find(node, "items"), inside, depth, out, out.items));
    CPS_CHECK(child(json::find(node, "additionalProperties"), inside, depth, out, out.values));
    return child(json::find(node, "propertyNames"), inside, depth, out, out.names);
  }

  Result<> child(json::Value const* node, Inherited const& inside, int depth, Field const& around,
                 std::unique_ptr<Field>& out) const {
    if (node == nullptr || !node->IsObject()) return {};
    out = std::make_unique<Field>();
    return field(*node, json::child(around.pointer, "-"), inside, depth, *out);
  }

  std::string schema_;
  json::Value const& source_;
};

std::string unescaped(std::string_view step) {
  std::string text;
  for (std::size_t i = 0; i < step.size(); ++i) {
    bool const escape = step[i] == '~' && i + 1 < step.size();
    text += escape ? (step[++i] == '1' ? '/' : '~') : step[i];
  }
  return text;
}

}  // namespace

bool Field::allows(Type type) const {
  return types.empty() || std::ranges::find(types, type) != types.end();
}

namespace {

void collect_telling(Field const& field, std::vector<Field const*>& found) {
  if (!field.identity.empty() || !field.tells.empty() || field.derived != nullptr) found.push_back(&field);
  for (auto const& [name, property] : field.properties) collect_telling(*property, found);
}

}  // namespace

Field const* Field::child(std::string_view member) const {
  if (auto const found = properties.find(member); found != properties.end()) return found->second.get();
  return values.get();
}

Field const* Schema::at(std::string_view pointer) const {
  Field const* here = &root_;
  while (!pointer.empty() && here != nullptr) {
    pointer.remove_prefix(1);
    auto const end = std::min(pointer.find('/'), pointer.size());
    std::string const step = unescaped(pointer.substr(0, end));
    pointer.remove_prefix(end);
    here = here->items != nullptr ? here->items.get() : here->child(step);
  }
  return here;
}

Result<std::shared_ptr<Schema const>> Schema::compile(std::string_view name, std::string_view text,
                                                      Resolver const& resolve) {
  CPS_TRY(json::Document source, load_source(name, text, resolve));
  auto schema = std::make_shared<Schema>();
  schema->name_ = name;
  CPS_CHECK(Compiler(name, source).field(source, "", {}, deepest, schema->root_));
  collect_telling(schema->root_, schema->telling_);
  CPS_TRY(json::Document whole, bundle(source, resolve));
  schema->text_ = json::pretty(whole) + "\n";
  return std::shared_ptr<Schema const>(std::move(schema));
}

}  // namespace cpsctl::schema

#include "schema/source.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace cpsctl::schema {
namespace {

constexpr int most_steps = 32;  // $ref, allOf and x-extends: deeper than any honest schema, so a ring of them ends
constexpr std::string_view suffix = ".schema.json";

Error broken(std::string message) {
  return Error{.code = Errc::internal, .message = std::move(message)};
}

/// Adds the names that `list` lacks.
void join(json::Value& list, json::Value const& more, json::Pool& pool) {
  for (json::Value const& name : more.GetArray())
    if (std::ranges::none_of(list.GetArray(), [&](json::Value const& known) { return json::equal(known, name); }))
      list.PushBack(json::Value(name, pool), pool);
}

/// RFC 7396 with two differences: null is data, as in `"live": null` (a schema never takes a keyword back), and names
/// under `required` add up.
void merge(json::Value& base, json::Value const& patch, json::Pool& pool) {
  if (!base.IsObject() || !patch.IsObject()) {
    base.CopyFrom(patch, pool);
    return;
  }
  for (auto const& member : patch.GetObject()) {
    std::string_view const name = json::view(member.name);
    json::Value* const present = json::find(base, name);
    if (present != nullptr && name == "required" && present->IsArray() && member.value.IsArray())
      join(*present, member.value, pool);
    else if (present != nullptr)
      merge(*present, member.value, pool);
    else
      json::set(base, name, json::Value(member.value, pool), pool);
  }
}

struct Reference {
  std::string_view file;     ///< schema name; empty: the schema itself
  std::string_view pointer;  ///< into it
};

Reference split(std::string_view ref) {
  auto const hash = std::min(ref.find('#'), ref.size());
  std::string_view file = ref.substr(0, hash);
  if (file.ends_with(suffix)) file.remove_suffix(suffix.size());
  return {.file = file, .pointer = hash < ref.size() ? ref.substr(hash + 1) : std::string_view{}};
}

Result<json::Document> load(std::string_view name, std::string_view text, Schema::Resolver const& resolve, int steps) {
  auto document = json::parse(text, fmt::format("schema {}", name));
  if (!document) return broken(document.error().message);
  if (!document->IsObject()) return broken(fmt::format("schema {} is not an object", name));
  std::string const base_name(json::text_or(json::find(*document, "x-extends"), ""));
  if (base_name.empty()) return document;
  if (steps == 0) return broken(fmt::format("schema {} extends itself", name));
  auto const base_text = resolve(base_name);
  if (!base_text) return broken(fmt::format("schema {} extends {}, which does not exist", name, base_name));
  CPS_TRY(json::Document base, load(base_name, *base_text, resolve, steps - 1));
  json::remove(*document, "x-extends");
  merge(base, *document, base.GetAllocator());
  return base;
}

/// Makes local references of a schema that moves to #/$defs/<home>, and names the files it refers to.
void relocate(json::Value& node, std::string_view home, std::vector<std::string>& files, json::Pool& pool) {
  if (node.IsArray()) {
    for (json::Value& element : node.GetArray()) relocate(element, home, files, pool);
  } else if (node.IsObject()) {
    for (auto& member : node.GetObject()) {
      if (json::view(member.name) != "$ref" || !member.value.IsString()) {
        relocate(member.value, home, files, pool);
        continue;
      }
      std::string const ref(json::view(member.value));
      Reference const to = split(ref);
      std::string const target(to.file.empty() ? home : to.file);
      if (!to.file.empty() && std::ranges::find(files, target) == files.end()) files.push_back(target);
      if (target.empty()) continue;
      member.value = json::string(fmt::format("#/$defs/{}{}", target, to.pointer), pool);
    }
  }
}

bool has_conditions(json::Value const& node) {
  json::Value const* const parts = json::find(node, "allOf");
  return parts != nullptr && parts->IsArray() && std::ranges::any_of(parts->GetArray(), [](json::Value const& part) {
           return json::find(part, "if") != nullptr;
         });
}

/// The $defs that `node` needs, itself or through others.
void collect_definitions(json::Value const& node, json::Value const& definitions, std::set<std::string>& needed) {
  if (node.IsArray()) {
    for (json::Value const& element : node.GetArray()) collect_definitions(element, definitions, needed);
  } else if (node.IsObject()) {
    for (auto const& member : node.GetObject()) {
      constexpr std::string_view home = "#/$defs/";
      std::string_view const ref =
          json::view(member.name) == "$ref" ? json::text_or(&member.value, "") : std::string_view{};
      if (!ref.starts_with(home)) {
        collect_definitions(member.value, definitions, needed);
        continue;
      }
      std::string const name(ref.substr(home.size(), ref.find('/', home.size()) - home.size()));
      json::Value const* const definition = json::find(definitions, name);
      if (needed.insert(name).second && definition != nullptr) collect_definitions(*definition, definitions, needed);
    }
  }
}

Result<> expand_into(json::Document& out, json::Value const& node, json::Value const& source, int steps) {
  if (!node.IsObject()) return broken("a schema node is not an object");
  if (steps == 0) return broken("a schema's $ref or allOf leads back to itself");
  if (json::Value const* const ref = json::find(node, "$ref"); ref != nullptr) {
    Reference const to = split(json::text_or(ref, ""));
    json::Value const* const target = to.file.empty() ? json::at(source, to.pointer) : nullptr;
    if (target == nullptr) return broken(fmt::format("$ref {} leads nowhere", json::text_or(ref, "?")));
    CPS_CHECK(expand_into(out, *target, source, steps - 1));
  }
  if (json::Value const* const parts = json::find(node, "allOf"); parts != nullptr && parts->IsArray()) {
    for (json::Value const& part : parts->GetArray()) {
      bool const conditional = json::find(part, "if") != nullptr;
      if (conditional) continue;
      CPS_CHECK(expand_into(out, part, source, steps - 1));
    }
  }
  json::Document own = json::clone(node);
  json::remove(own, "$ref");
  json::remove(own, "allOf");
  merge(out, own, out.GetAllocator());
  return {};
}

/// `whole` with its root's $ref and allOf replaced by what they say.
Result<json::Document> written_out(json::Value const& whole) {
  json::Document out;
  out.SetObject();
  CPS_CHECK(expand_into(out, whole, whole, most_steps));
  json::Value definitions(rapidjson::kObjectType);
  if (json::Value* const all = json::find(out, "$defs"); all != nullptr) {
    definitions.Swap(*all);
    json::remove(out, "$defs");
  }
  std::set<std::string> needed;
  collect_definitions(out, definitions, needed);
  json::Value kept(rapidjson::kObjectType);
  for (auto& member : definitions.GetObject())
    if (needed.contains(std::string(json::view(member.name))))
      kept.AddMember(member.name, member.value, out.GetAllocator());
  if (!needed.empty()) json::set(out, "$defs", std::move(kept), out.GetAllocator());
  return out;
}

}  // namespace

Result<json::Document> load_source(std::string_view name, std::string_view text, Schema::Resolver const& resolve) {
  return load(name, text, resolve, most_steps);
}

Result<json::Document> bundle(json::Value const& source, Schema::Resolver const& resolve) {
  json::Document whole = json::clone(source);
  auto& pool = whole.GetAllocator();
  std::vector<std::string> files;
  relocate(whole, "", files, pool);
  if (!files.empty() && json::find(whole, "$defs") == nullptr)
    json::set(whole, "$defs", json::Value(rapidjson::kObjectType), pool);
  for (std::size_t i = 0; i < files.size(); ++i) {  // grows: a schema may bring others
    std::string const name = files[i];
    auto const text = resolve(name);
    if (!text) return broken(fmt::format("schema {} is referred to and does not exist", name));
    CPS_TRY(json::Document part, load_source(name, *text, resolve));
    relocate(part, name, files, part.GetAllocator());
    json::remove(part, "$id");  // a second $id would turn the references inside it away from this document
    json::set(*json::find(whole, "$defs"), name, json::Value(part, pool), pool);
  }
  return has_conditions(whole) ? std::move(whole) : written_out(whole);
}

Result<json::Document> expand(json::Value const& node, json::Value const& source) {
  json::Document out;
  out.SetObject();
  CPS_CHECK(expand_into(out, node, source, most_steps));
  return out;
}

}  // namespace cpsctl::schema

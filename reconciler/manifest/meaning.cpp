#include "manifest/meaning.hpp"

#include "base/text.hpp"
#include "manifest/document.hpp"
#include "manifest/rules.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace cpsctl::manifest {
namespace {

using schema::Field;

constexpr std::size_t longest_text = 16'384;  ///< bytes; escaped, it still fits a line of a manifest

bool is_required(Field const& around, std::string_view name) {
  return std::ranges::find(around.required, name) != around.required.end();
}

/// Why no YAML of ours can hold a text.
std::optional<LeftOut> unwritable(std::string_view text) {
  if (text::invalid_utf8(text)) return LeftOut{.message = "is not UTF-8", .hint = "fix it at CPS"};
  if (text.find(environment_opening) != std::string_view::npos)
    return LeftOut{.message = fmt::format("a manifest would read {}…}} in it as a variable", environment_opening),
                   .hint = "change the text at CPS"};
  if (text.size() > longest_text)
    return LeftOut{.message = fmt::format("is longer than {} bytes", longest_text), .hint = "shorten it at CPS"};
  return std::nullopt;
}

/// The first text in a value, at any depth, that cannot be written.
std::optional<LeftOut> unwritable_inside(json::Value const& value) {
  if (value.IsString()) return unwritable(json::view(value));
  if (value.IsArray())
    for (json::Value const& element : value.GetArray())
      if (auto problem = unwritable_inside(element)) return problem;
  if (value.IsObject())
    for (auto const& member : value.GetObject()) {
      if (auto problem = unwritable(json::view(member.name))) return problem;
      if (auto problem = unwritable_inside(member.value)) return problem;
    }
  return std::nullopt;
}

/// Reads a live document field by field, in the schema's order.
class Reader {
 public:
  Reader(json::Value const& live, json::Pool& pool, Meaning& out) : live_(live), pool_(pool), out_(out) {}

  json::Value object(json::Value const& live, Field const& field, std::string const& at) {
    json::Value made(rapidjson::kObjectType);
    for (std::string const& name : field.order) {
      Field const& inner = *field.properties.at(name);
      std::string const here = json::child(at, name);
      auto value = member(json::find(live, name), inner, is_required(field, name), here);
      if (value) made.AddMember(json::string(name, pool_), *value, pool_);
    }
    for (auto const& other : live.GetObject())
      if (!field.properties.contains(json::view(other.name)) && !json::empty(&other.value))
        unknown(other.value, json::view(other.name), field, at, made);
    return made;
  }

 private:
  /// What the manifest says about a known field; nothing: it does not mention it.
  std::optional<json::Value> member(json::Value const* live, Field const& field, bool required, std::string const& at) {
    if (field.read_only) return std::nullopt;
    if (live == nullptr) {
      bool const means_something = required && field.derived != nullptr && field.derived->missing != nullptr;
      if (!means_something) return std::nullopt;
      return json::Value(*field.derived->missing, pool_);
    }
    if (!required) {
      bool const says_nothing = field.null_equals_absent ? json::empty(live) : live->IsNull() && !field.nullable();
      if (says_nothing || server_decides(*live, field)) return std::nullopt;
    }
    if (live->IsObject() && !field.properties.empty()) {
      json::Value inside = object(*live, field, at);
      if (inside.ObjectEmpty() && !required) return std::nullopt;
      return inside;
    }
    if (auto problem = unwritable_inside(*live)) {
      problem->pointer = at;  // what is required is then found to be missing
      out_.left_out.push_back(std::move(*problem));
      return std::nullopt;
    }
    if (live->IsArray() && field.list == schema::ListKind::set) return set(*live, field, required);
    return json::Value(*live, pool_);
  }

  /// A member that the schema does not name. Where it allows any, it is written as it is.
  void unknown(json::Value const& value, std::string_view name, Field const& around, std::string const& at,
               json::Value& made) {
    if (!around.closed && !unwritable(name) && !unwritable_inside(value)) {
      made.AddMember(json::string(name, pool_), json::Value(value, pool_), pool_);
      return;
    }
    LeftOut note{.kind = NoteKind::field_unknown,
                 .pointer = json::child(at, name),
                 .message = fmt::format("the schema {} does not know it; updates leave it as it is", around.schema)};
    json::Document alone;
    alone.SetObject();
    alone.AddMember(json::string(name, alone.GetAllocator()), json::Value(), alone.GetAllocator());
    constexpr std::string_view other_version = "CPS008";
    for (schema::Problem const& problem :
         schema::check(alone, around, {.completeness = schema::Completeness::partial}, at))
      if (problem.rule == other_version) note.hint = problem.hint;
    out_.left_out.push_back(std::move(note));
  }

  bool server_decides(json::Value const& live, Field const& field) const {
    if (field.derived == nullptr || field.derived->when.empty()) return false;
    if (field.derived->only_when_empty && !live.IsNull()) return false;
    return std::ranges::all_of(field.derived->when, [&](auto const& condition) {
      json::Value const* const value = json::at(live_, condition.first);
      return value != nullptr && json::equal(*value, *condition.second);
    });
  }

  static std::string key(json::Value const& element, Field const& list) {
    if (!element.IsString()) return json::canonical(element);
    Field const* const items = list.items.get();
    auto const form = items != nullptr ? items->normalize : list.normalize;
    if (form == schema::Normalize::hostname) return text::hostname(json::view(element));
    return form == schema::Normalize::text ? text::nfc(json::view(element)) : std::string(json::view(element));
  }

  /// Each element once, sorted, without the one that belongs to the set by itself; nothing is left: no value.
  std::optional<json::Value> set(json::Value const& live, Field const& field, bool required) {
    std::map<std::pair<bool, std::string>, json::Value const*> elements;  // texts last
    for (json::Value const& element : live.GetArray()) {
      auto const [place, fresh] = elements.emplace(std::pair(element.IsString(), key(element, field)), &element);
      bool const both = !fresh && element.IsString();
      if (both && json::view(element) < json::view(*place->second)) place->second = &element;
    }
    bool const implies = field.derived != nullptr && !field.derived->includes.empty();
    json::Value const* const implied = implies ? json::at(live_, field.derived->includes) : nullptr;
    if (!json::absent(implied)) elements.erase(std::pair(implied->IsString(), key(*implied, field)));
    if (elements.empty() && field.null_equals_absent && !required) return std::nullopt;
    json::Value made(rapidjson::kArrayType);
    for (auto const& [order, element] : elements) made.PushBack(json::Value(*element, pool_), pool_);
    return made;
  }

  json::Value const& live_;
  json::Pool& pool_;
  Meaning& out_;
};

enum class Dropped : std::uint8_t { yes, gone, needed };

/// Takes the value at `pointer` out of `around` (at `at`), or the least part around it that may be missing.
/// `what` is set to the pointer of what went.
Dropped drop(json::Value& around, Field const& field, std::string const& at, std::string_view pointer,
             std::string& what) {
  for (auto member = around.MemberBegin(); member != around.MemberEnd(); ++member) {
    std::string_view const name = json::view(member->name);
    std::string const here = json::child(at, name);
    if (pointer != here && !pointer.starts_with(here + "/")) continue;
    Field const* const inner = field.child(name);
    bool const required = is_required(field, name);
    if (pointer != here && inner != nullptr && member->value.IsObject()) {
      Dropped const inside = drop(member->value, *inner, here, pointer, what);
      if (inside == Dropped::yes && member->value.ObjectEmpty() && !required) around.EraseMember(member);
      if (inside != Dropped::needed) return inside;
    }
    if (required) return Dropped::needed;
    what = here;
    around.EraseMember(member);
    return Dropped::yes;
  }
  return pointer == at ? Dropped::needed : Dropped::gone;
}

/// A finding of the rules, with the pointer that it is about.
std::vector<LeftOut> rule_problems(json::Value const& value) {
  Desired desired;
  desired.enrollment = json::Ref(std::shared_ptr<void>(), &value);  // borrowed: `desired` does not outlive it
  Findings first;
  static_cast<void>(check_rules(desired, true, first));
  std::vector<LeftOut> problems;
  if (!has_errors(first.kept())) return problems;
  // Rules name fields as people write them. Marks lead back: each field's "file" is its own pointer.
  auto const remember = [&](auto const& self, json::Value const& inside, std::string const& at) -> void {
    desired.marks.emplace(at, Mark{.file = at});
    if (!inside.IsObject()) return;
    for (auto const& member : inside.GetObject()) self(self, member.value, json::child(at, json::view(member.name)));
  };
  remember(remember, value, "");
  Findings findings;
  static_cast<void>(check_rules(desired, true, findings));
  for (Finding const& finding : findings.kept())
    if (finding.severity == Severity::error)
      problems.push_back({.pointer = finding.mark.file, .message = finding.message, .hint = finding.rule});
  return problems;
}

std::vector<LeftOut> problems_of(json::Value const& value, schema::Schema const& schema) {
  std::vector<LeftOut> problems;
  for (schema::Problem& problem : schema::check(value, schema.root(), {}))
    problems.push_back({.pointer = std::move(problem.pointer),
                        .message = std::move(problem.message),
                        .hint = std::move(problem.rule)});
  return problems.empty() ? rule_problems(value) : problems;
}

/// Drops what the checks refuse until they are content, or until a required field is in the way.
void satisfy_checks(Meaning& meaning, schema::Schema const& schema) {
  for (auto problems = problems_of(meaning.value, schema); !problems.empty() && meaning.writable();
       problems = problems_of(meaning.value, schema)) {
    for (LeftOut& problem : problems) {
      std::string what;
      Dropped const dropped = drop(meaning.value, schema.root(), "", problem.pointer, what);
      if (dropped == Dropped::gone) continue;
      LeftOut note{.pointer = what, .hint = fmt::format("rule {}", problem.hint)};
      bool const needed = dropped == Dropped::needed;
      if (needed) {
        note.kind = NoteKind::enrollment_left_out;
        note.pointer = problem.pointer;
      }
      std::string const place = json::dotted(problem.pointer), field = json::dotted(note.pointer);
      bool const inside = place != field && !place.starts_with(field + '[');  // an element's message shows the element
      note.message = inside ? fmt::format("{}: {}", place, problem.message) : problem.message;
      meaning.left_out.push_back(std::move(note));
    }
  }
}

/// Where a pointer's field is in the schema, step by step.
std::vector<std::size_t> place_of(std::string_view pointer, schema::Schema const& schema) {
  std::vector<std::size_t> place;
  for (std::size_t end = pointer.find('/', 1); !pointer.empty(); end = pointer.find('/', end + 1)) {
    Field const* const field = schema.at(pointer.substr(0, end));
    place.push_back(field != nullptr ? field->position : std::string_view::npos);
    if (end == std::string_view::npos) break;
  }
  return place;
}

}  // namespace

bool Meaning::writable() const {
  return std::ranges::none_of(left_out, [](LeftOut const& one) { return one.kind == NoteKind::enrollment_left_out; });
}

Meaning meaning_of(json::Value const& live, schema::Schema const& schema, json::Pool& pool) {
  Meaning meaning;
  meaning.value.SetObject();
  if (!live.IsObject()) {
    meaning.left_out.push_back({.kind = NoteKind::enrollment_left_out, .message = "is not an enrollment document"});
    return meaning;
  }
  meaning.value = Reader(live, pool, meaning).object(live, schema.root(), "");
  if (meaning.writable()) satisfy_checks(meaning, schema);
  std::ranges::stable_sort(meaning.left_out, {},
                           [&](LeftOut const& one) { return std::pair(place_of(one.pointer, schema), one.pointer); });
  return meaning;
}

}  // namespace cpsctl::manifest

#include "manifest/document.hpp"

#include "base/environment.hpp"
#include "base/text.hpp"
#include "manifest/rules.hpp"
#include "manifest/scalars.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace cpsctl::manifest {
namespace {

/// What names an enrollment must be readable in git: it never comes from outside.
constexpr std::array<std::string_view, 3> identity{"/metadata/name", "/spec/contractId", "/spec/accountSwitchKey"};

bool names_enrollment(std::string_view pointer, schema::Field const* field) {
  bool const common_name = field != nullptr && field->identity == "name";
  return common_name || std::ranges::find(identity, pointer) != identity.end();
}

class Typer {
 public:
  Typer(Tree const& tree, FieldAt const& choose, Environment const& environment, Document& out, Findings& findings)
      : tree_(tree), choose_(choose), environment_(environment), out_(out), findings_(findings) {}

  json::Value value(NodeId id, schema::Field const* field, std::string const& pointer) {
    out_.marks.values.emplace(pointer, tree_.mark(id));
    switch (tree_.at(id).kind) {
      case Kind::null: return {};
      case Kind::plain: return plain(id, field, pointer);
      case Kind::quoted: return json::string(substituted(id, field, pointer), pool());
      case Kind::sequence: return sequence(id, field, pointer);
      case Kind::map: return map(id, field, pointer);
    }
    return {};
  }

 private:
  json::Pool& pool() { return out_.value.GetAllocator(); }

  void report(NodeId id, std::string const& pointer, char const* rule, std::string message, std::string hint) {
    findings_.push_back({.mark = tree_.mark(id),
                         .path = json::dotted(pointer),
                         .message = std::move(message),
                         .hint = std::move(hint),
                         .rule = rule});
  }

  json::Value plain(NodeId id, schema::Field const* field, std::string const& pointer) {
    std::string_view const text = tree_.text(id);
    if (text.find(environment_opening) != std::string_view::npos)
      return json::string(substituted(id, field, pointer), pool());
    Typed typed = typed_scalar(text, field, pool());
    if (typed.problem) {
      report(id, pointer, rule::wrong_type, std::move(typed.problem->message), std::move(typed.problem->hint));
      out_.refused.insert(pointer);
    }
    return std::move(typed.value);
  }

  json::Value sequence(NodeId id, schema::Field const* field, std::string const& pointer) {
    json::Value list(rapidjson::kArrayType);
    std::size_t index = 0;
    for (NodeId child = tree_.at(id).first; child != no_node; child = tree_.at(child).next) {
      if (index == list_limit) {
        report(child, pointer, rule::too_much, fmt::format("has more than {} elements", list_limit),
               "is it the list that was meant? CPS takes fewer");
        out_.refused.insert(pointer);
        break;
      }
      std::string const here = json::child(pointer, index++);
      list.PushBack(value(child, field != nullptr ? field->items.get() : nullptr, here), pool());
    }
    return list;
  }

  json::Value map(NodeId id, schema::Field const* field, std::string const& pointer) {
    json::Value object(rapidjson::kObjectType);
    for (NodeId key = tree_.at(id).first; key != no_node; key = tree_.at(tree_.at(key).next).next) {
      bool const is_merge = tree_.at(key).kind == Kind::plain && tree_.text(key) == "<<";
      if (!tree_.is_scalar(key) || is_merge) continue;  // reported by the parser
      std::string const here = json::child(pointer, tree_.text(key));
      if (!out_.marks.keys.emplace(here, tree_.mark(key)).second) continue;  // a duplicate: reported as well
      schema::Field const* const inner = field != nullptr ? field->child(tree_.text(key)) : nullptr;
      json::Value member = value(tree_.at(key).next, choose_(here, inner), here);
      object.AddMember(json::string(tree_.text(key), pool()), member, pool());
    }
    return object;
  }

  /// The scalar's text, ${env:NAME} replaced where that is allowed.
  std::string substituted(NodeId id, schema::Field const* field, std::string const& pointer) {
    std::string_view rest = tree_.text(id);
    std::string text;
    for (auto at = rest.find(environment_opening); at != std::string_view::npos; at = rest.find(environment_opening)) {
      text += rest.substr(0, at);
      rest.remove_prefix(at + environment_opening.size());
      auto const end = rest.find('}');
      std::string_view const name = rest.substr(0, end);
      if (end == std::string_view::npos || !environment::is_name(name)) {
        refuse(id, pointer, "${env: is not followed by a name and }", "write ${env:NAME}");
        return std::string(tree_.text(id));
      }
      auto const value = variable(id, field, pointer, std::string(name));
      if (!value) return std::string(tree_.text(id));
      text += *value;
      rest.remove_prefix(end + 1);
    }
    return text.append(rest);
  }

  void refuse(NodeId id, std::string const& pointer, std::string message, std::string hint) {
    report(id, pointer, rule::environment, std::move(message), std::move(hint));
    out_.refused.insert(pointer);
  }

  std::optional<std::string> variable(NodeId id, schema::Field const* field, std::string const& pointer,
                                      std::string const& name) {
    if (names_enrollment(pointer, field)) {
      refuse(id, pointer, "${env:…} is not allowed in a field that says which enrollment it is", "write the value");
      return std::nullopt;
    }
    if (environment::is_reserved(name)) {
      refuse(id, pointer, fmt::format("the environment variable {} is for credentials or settings", name),
             "use a variable of another name");
      return std::nullopt;
    }
    if (!environment_.allowed.contains(name)) {
      refuse(id, pointer, fmt::format("the environment variable {} is not allowed here", name),
             fmt::format("grant it with --env {}; spec.env of cpsctl.yaml, if it is there, must list it too", name));
      return std::nullopt;
    }
    auto value = environment_.get ? environment_.get(name) : std::nullopt;
    if (!value) refuse(id, pointer, fmt::format("the environment variable {} is not set", name), "set it");
    if (value && text::invalid_utf8(*value)) {
      refuse(id, pointer, fmt::format("the environment variable {} is not UTF-8", name), "fix its value");
      return std::nullopt;
    }
    if (value && environment_.is_secret && environment_.is_secret(*value)) {
      refuse(id, pointer, fmt::format("the environment variable {} holds a secret of the API client", name),
             fmt::format("give {} another value, or leave out --env {}", name, name));
      return std::nullopt;
    }
    out_.variables.insert(name);
    return value;
  }

  Tree const& tree_;
  FieldAt const& choose_;
  Environment const& environment_;
  Document& out_;
  Findings& findings_;
};

/// All entries at `pointer` and inside it.
template <class Map>
auto inside(Map& map, std::string const& pointer) {
  std::vector<typename std::remove_cvref_t<Map>::key_type> keys;
  if (map.contains(pointer)) keys.push_back(pointer);
  std::string const prefix = pointer + "/";
  for (auto at = map.lower_bound(prefix); at != map.end() && at->first.starts_with(prefix); ++at)
    keys.push_back(at->first);
  return keys;
}

void replace_marks(Marks& base, Marks const& over, std::string const& pointer) {
  for (auto const& key : inside(base.values, pointer)) base.values.erase(key);
  for (auto const& key : inside(base.keys, pointer)) base.keys.erase(key);
  for (auto const& key : inside(over.values, pointer)) base.values[key] = over.values.at(key);
  for (auto const& key : inside(over.keys, pointer)) base.keys[key] = over.keys.at(key);
}

class Overlay {
 public:
  Overlay(Document& base, Document const& over) : base_(base), over_(over) {}

  void lay(json::Value& base, json::Value const& over, std::string const& pointer) {
    if (!base.IsObject() || !over.IsObject()) {
      base.CopyFrom(over, base_.value.GetAllocator());
      replace_marks(base_.marks, over_.marks, pointer);
      return;
    }
    base_.marks.values[pointer] = over_.marks.nearest(pointer, false);
    if (auto const key = over_.marks.keys.find(pointer); key != over_.marks.keys.end())
      base_.marks.keys[pointer] = key->second;
    for (auto const& member : over.GetObject()) {
      std::string_view const name = json::view(member.name);
      if (json::find(base, name) == nullptr) json::set(base, name, json::Value(), base_.value.GetAllocator());
      lay(*json::find(base, name), member.value, json::child(pointer, name));
    }
  }

 private:
  Document& base_;
  Document const& over_;
};

}  // namespace

Mark Marks::nearest(std::string_view pointer, bool key) const {
  for (std::string_view at = pointer;; at = at.substr(0, at.rfind('/'))) {
    bool const itself = at.size() == pointer.size();
    auto const named = keys.find(at);
    if (named != keys.end() && (key || !itself)) return named->second;
    if (auto const found = values.find(at); found != values.end()) return found->second;
    if (at.empty()) return {};
  }
}

Document typed_document(Tree const& tree, schema::Field const& root, FieldAt const& choose,
                        Environment const& environment, Findings& findings) {
  Document document;
  json::Value value = Typer(tree, choose, environment, document, findings).value(0, &root, "");
  static_cast<json::Value&>(document.value).Swap(value);
  return document;
}

void overlay(Document& base, Document const& over, std::string const& member) {
  json::Value const* const from = json::find(over.value, member);
  json::Value* const to = json::find(static_cast<json::Value&>(base.value), member);
  if (from == nullptr || to == nullptr) return;
  Overlay(base, over).lay(*to, *from, json::child("", member));
  base.refused.insert(over.refused.begin(), over.refused.end());
}

void report_problems(std::vector<schema::Problem> const& problems, Document const& document, Marks const& own,
                     std::string const& lacking, Findings& findings) {
  for (schema::Problem const& problem : problems) {
    bool const missing = problem.rule == rule::missing_field;
    if (!missing && !problem.at_key && document.refused.contains(problem.pointer)) continue;
    Finding finding{
        .mark = missing ? own.nearest(problem.pointer, true) : document.marks.nearest(problem.pointer, problem.at_key),
        .path = json::dotted(problem.pointer),
        .message = problem.message,
        .hint = problem.hint,
        .rule = problem.rule};
    if (missing && !lacking.empty()) finding.message += lacking;
    findings.push_back(std::move(finding));
  }
}

}  // namespace cpsctl::manifest

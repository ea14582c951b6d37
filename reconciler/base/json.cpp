#include "base/json.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/prettywriter.h>

namespace cpsctl::json {
namespace {

constexpr unsigned max_depth = 200;
constexpr std::size_t longest_name_shown = 60;
constexpr unsigned parse_flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;

/// RapidJSON's reader is iterative, but its consumers recurse: depth is bounded on the text, before any tree exists.
bool too_deep(std::string_view text) {
  unsigned depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > max_depth) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

/// The first member name that occurs twice in one object, anywhere in the tree.
std::string_view duplicate_member(Value const& value) {
  if (value.IsArray()) {
    for (Value const& element : value.GetArray())
      if (auto const name = duplicate_member(element); name.data() != nullptr) return name;
  } else if (value.IsObject()) {
    constexpr rapidjson::SizeType few = 16;
    std::unordered_set<std::string_view> seen;
    for (auto member = value.MemberBegin(); member != value.MemberEnd(); ++member) {
      std::string_view const name = view(member->name);
      bool repeated = false;
      if (value.MemberCount() > few) {
        repeated = !seen.insert(name).second;
      } else {
        repeated =
            std::any_of(value.MemberBegin(), member, [&](auto const& other) { return view(other.name) == name; });
      }
      if (repeated) return name;
      if (auto const inner = duplicate_member(member->value); inner.data() != nullptr) return inner;
    }
  }
  return {};
}

Error parse_error(std::string_view what, std::string problem) {
  return Error{.code = Errc::protocol, .message = fmt::format("{} is not valid JSON: {}", what, std::move(problem))};
}

}  // namespace

Result<Value> parse_into(Pool& pool, std::string_view text, std::string_view what) {
  if (text.find('\0') != std::string_view::npos) return parse_error(what, "it contains a NUL byte");
  if (too_deep(text)) return parse_error(what, fmt::format("it is nested deeper than {} levels", max_depth));
  rapidjson::GenericDocument<rapidjson::UTF8<>, Pool> document(&pool);
  document.Parse<parse_flags>(text.data(), text.size());
  if (document.HasParseError()) {
    std::string problem = rapidjson::GetParseError_En(document.GetParseError());
    if (problem.ends_with('.')) problem.pop_back();
    return parse_error(what, fmt::format("{} (offset {})", problem, document.GetErrorOffset()));
  }
  if (auto const name = duplicate_member(document); name.data() != nullptr)
    return parse_error(
        what, fmt::format("member \"{}\" appears twice in one object", text::excerpt(name, longest_name_shown)));
  Value value;
  value.Swap(document);
  return value;
}

Result<Document> parse(std::string_view text, std::string_view what) {
  Document document;
  CPS_TRY(Value value, parse_into(document.GetAllocator(), text, what));
  static_cast<Value&>(document).Swap(value);
  return document;
}

Value const* find(Value const* object, std::string_view name) {
  if (object == nullptr || !object->IsObject()) return nullptr;
  for (auto const& member : object->GetObject())
    if (view(member.name) == name) return &member.value;
  return nullptr;
}

Value* find(Value& object, std::string_view name) {
  return const_cast<Value*>(find(&std::as_const(object), name));
}

namespace {

std::string unescaped(std::string_view step) {
  std::string name(step);
  for (auto i = name.find('~'); i != std::string::npos; i = name.find('~', i + 1))
    if (i + 1 < name.size()) name.replace(i, 2, name[i + 1] == '1' ? "/" : "~");
  return name;
}

}  // namespace

Value const* at(Value const& root, std::string_view pointer) {
  Value const* here = &root;
  while (!pointer.empty() && here != nullptr) {
    pointer.remove_prefix(1);
    auto const end = std::min(pointer.find('/'), pointer.size());
    std::string const step = unescaped(pointer.substr(0, end));
    pointer.remove_prefix(end);
    if (here->IsArray()) {
      std::size_t index = 0;
      auto const [rest, problem] = std::from_chars(step.data(), step.data() + step.size(), index);
      bool const usable = problem == std::errc{} && rest == step.data() + step.size() && index < here->Size();
      here = usable ? &(*here)[static_cast<rapidjson::SizeType>(index)] : nullptr;
    } else {
      here = find(here, step);
    }
  }
  return here;
}

Value* at(Value& root, std::string_view pointer) {
  return const_cast<Value*>(at(static_cast<Value const&>(root), pointer));
}

void erase(Value& root, std::string_view pointer) {
  auto const slash = pointer.rfind('/');
  if (slash == std::string_view::npos) return;
  Value* const around = at(root, pointer.substr(0, slash));
  if (around != nullptr && around->IsObject()) remove(*around, unescaped(pointer.substr(slash + 1)));
}

Value string(std::string_view text, Pool& pool) {
  return Value(text.data(), static_cast<rapidjson::SizeType>(text.size()), pool);
}

void set(Value& object, std::string_view name, Value value, Pool& pool) {
  if (Value* const present = find(object, name); present != nullptr) {
    *present = value;
  } else {
    object.AddMember(string(name, pool), value, pool);
  }
}

void remove(Value& object, std::string_view name) {
  for (auto member = object.MemberBegin(); member != object.MemberEnd(); ++member) {
    if (view(member->name) == name) {
      object.EraseMember(member);
      return;
    }
  }
}

void drop_nulls(Value& value) {
  if (value.IsArray())
    for (Value& element : value.GetArray()) drop_nulls(element);
  if (!value.IsObject()) return;
  for (auto member = value.MemberBegin(); member != value.MemberEnd();) {
    if (member->value.IsNull()) {
      member = value.RemoveMember(member);  // puts the last one there: no order matters, and many take no time
      continue;
    }
    drop_nulls(member->value);
    ++member;
  }
}

bool absent(Value const* value) {
  return value == nullptr || value->IsNull();
}

bool empty(Value const* value) {
  if (absent(value)) return true;
  if (value->IsString()) return value->GetStringLength() == 0;
  if (value->IsArray()) return value->Empty();
  if (!value->IsObject()) return false;
  return std::ranges::all_of(value->GetObject(), [](auto const& member) { return empty(&member.value); });
}

std::string_view view(Value const& string) {
  return {string.GetString(), string.GetStringLength()};
}

std::string_view text_or(Value const* value, std::string_view otherwise) {
  return value != nullptr && value->IsString() ? view(*value) : otherwise;
}

Document clone(Value const& value) {
  Document copy;
  copy.CopyFrom(value, copy.GetAllocator());
  return copy;
}

Ref share(Value const& value) {
  struct Kept {
    explicit Kept(Value const& of) : value(of, pool) {}
    Pool pool{small_chunk};
    Value value;
  };
  auto const kept = std::make_shared<Kept>(value);
  return {kept, &kept->value};
}

std::string written(rapidjson::StringBuffer const& buffer) {
  std::string text;
  text.reserve(buffer.GetSize() + 1);  // a line's end may follow
  text.append(buffer.GetString(), buffer.GetSize());
  if (text::invalid_utf8(text)) throw std::logic_error("a text that is not UTF-8 would have been written as JSON");
  return text;
}

std::string compact(Value const& value) {
  rapidjson::StringBuffer buffer(nullptr, usual_text);
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return written(buffer);
}

std::string pretty(Value const& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::PrettyWriter<rapidjson::StringBuffer> writer(buffer);
  writer.SetIndent(' ', 2);
  value.Accept(writer);
  return written(buffer);
}

std::string canonical(Value const& value) {
  rapidjson::StringBuffer buffer(nullptr, usual_text);
  CanonicalWriter writer(buffer);
  writer.whole(value);
  return written(buffer);
}

void CanonicalWriter::whole(Value const& value) {
  if (value.IsArray()) {
    StartArray();
    for (Value const& element : value.GetArray()) whole(element);
    EndArray();
  } else if (value.IsObject()) {
    std::vector<std::pair<std::string_view, Value const*>> members;
    members.reserve(value.MemberCount());
    for (auto const& member : value.GetObject()) members.emplace_back(view(member.name), &member.value);
    std::ranges::sort(members, {}, [](auto const& member) { return member.first; });
    StartObject();
    for (auto const& [name, inner] : members) {
      Key(name.data(), static_cast<rapidjson::SizeType>(name.size()), true);
      whole(*inner);
    }
    EndObject();
  } else {
    value.Accept(static_cast<Writer&>(*this));
  }
}

bool equal(Value const& left, Value const& right) {
  return left == right;
}

bool overlap(std::string_view one, std::string_view other) {
  auto const [inner, outer] = one.size() < other.size() ? std::pair(other, one) : std::pair(one, other);
  return inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '/');
}

std::string dotted(std::string_view pointer) {
  std::string text;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    auto const end = std::min(pointer.find('/'), pointer.size());
    std::string_view const step = pointer.substr(0, end);
    pointer.remove_prefix(end);
    bool const index = !step.empty() && std::ranges::all_of(step, [](char c) { return c >= '0' && c <= '9'; });
    if (index) {
      text += fmt::format("[{}]", step);
      continue;
    }
    if (!text.empty()) text += '.';
    for (std::size_t i = 0; i < step.size(); ++i) {
      bool const escaped = step[i] == '~' && i + 1 < step.size();
      text += escaped ? (step[++i] == '1' ? '/' : '~') : step[i];
    }
  }
  return text;
}

std::string child(std::string_view pointer, std::string_view member) {
  std::string path(pointer);
  path += '/';
  for (char const c : member) {
    if (c == '~')
      path += "~0";
    else if (c == '/')
      path += "~1";
    else
      path += c;
  }
  return path;
}

std::string child(std::string_view pointer, std::size_t index) {
  return fmt::format("{}/{}", pointer, index);
}

std::string common(std::vector<std::string> const& pointers) {
  std::string shared = pointers.front();
  for (std::string const& pointer : pointers)
    while (pointer != shared && !pointer.starts_with(shared + "/")) shared.resize(shared.rfind('/'));
  return shared;
}

}  // namespace cpsctl::json

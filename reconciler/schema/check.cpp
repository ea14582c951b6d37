#include "base/text.hpp"
#include "schema/meant.hpp"
#include "schema/schema.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::schema {
namespace {

// Rule ids; schemas/README.md lists them for people.
constexpr char const* unknown_field = "CPS001";
constexpr char const* wrong_type = "CPS002";
constexpr char const* missing_field = "CPS003";
constexpr char const* not_in_enum = "CPS004";
constexpr char const* read_only_field = "CPS005";
constexpr char const* malformed = "CPS006";
constexpr char const* out_of_range = "CPS007";
constexpr char const* other_version = "CPS008";
constexpr char const* operators_field = "CPS009";

constexpr std::string_view enrollments = "enrollment.";  // how their schemas' names begin
constexpr std::size_t shown = 60;                        // bytes of a value in a message
constexpr std::size_t listed = 16;                       // names in a hint
constexpr std::size_t longest_host = 253, longest_label = 63;

std::string quoted(std::string_view text) {
  return fmt::format("\"{}\"", text::excerpt(text, shown));
}

std::string_view wanted(Type type) {
  switch (type) {
    case Type::object: return "a map of fields";
    case Type::array: return "a list";
    case Type::string: return "a text";
    case Type::integer: return "a whole number";
    case Type::number: return "a number";
    case Type::boolean: return "true or false";
    case Type::null: return "null";
  }
  return "something else";
}

std::string wanted(Field const& field) {
  std::vector<std::string_view> words;
  for (Type const type : field.types)
    if (type != Type::null || field.types.size() == 1) words.push_back(wanted(type));
  return fmt::format("{}", fmt::join(words, " or "));
}

std::string found(json::Value const& value) {
  if (value.IsNull()) return "empty (null)";
  if (value.IsBool()) return value.GetBool() ? "true" : "false";
  if (value.IsNumber()) return fmt::format("the number {}", json::compact(value));
  if (value.IsString()) return fmt::format("the text {}", quoted(json::view(value)));
  return value.IsArray() ? "a list" : "a map";
}

bool fits(json::Value const& value, Type type) {
  switch (type) {
    case Type::object: return value.IsObject();
    case Type::array: return value.IsArray();
    case Type::string: return value.IsString();
    case Type::integer: return value.IsInt64();
    case Type::number: return value.IsNumber();
    case Type::boolean: return value.IsBool();
    case Type::null: return value.IsNull();
  }
  return false;
}

std::string must_be(Field const& field) {
  return field.wanted.empty() ? fmt::format("it must match {}", field.pattern) : fmt::format("write {}", field.wanted);
}

/// What to write for a field that is missing; of a map also what it cannot lack, which the next run would ask for.
std::string addition(Field const& field) {
  if (!field.required.empty()) return fmt::format("add it, with {}", fmt::join(field.required, ", "));
  return field.enumeration.empty() ? fmt::format("add it: {}", wanted(field))
                                   : fmt::format("add it: {}", fmt::join(field.enumeration, ", "));
}

/// A text as it may be written between the brackets of a list.
std::string in_flow(std::string_view text) {
  bool const plain = !text.empty() && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
  });
  return plain && text.front() != '-' ? std::string(text)
                                      : json::compact(json::Value(rapidjson::StringRef(text.data(), text.size())));
}

/// A text of several words, one a line or with commas between them, as the list that is wanted.
std::string list_hint(std::string_view text) {
  constexpr std::size_t longest = 200;
  std::string list;
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find_first_of(",; \t\r\n"));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (word == "-") continue;  // it was meant as a list, and is a block of text
    if (word.size() > 1 && word.front() == word.back() && (word.front() == '"' || word.front() == '\''))
      word = word.substr(1, word.size() - 2);
    if (!word.empty()) list += fmt::format("{}{}", list.empty() ? "" : ", ", in_flow(word));
  }
  return list.size() <= longest ? fmt::format("write a list: [{}]", list)
                                : std::string("write a list: each element on a line of its own, after \"- \"");
}

/// What to write instead of a value whose type is wrong.
std::string type_hint(json::Value const& value, Field const& field) {
  if (value.IsString()) {
    std::string_view const text = json::view(value);
    std::string const lower = text::lower(text);
    if (field.allows(Type::boolean)) {
      bool const yes = lower == "true" || lower == "yes" || lower == "on" || lower == "y" || lower == "1";
      bool const no = lower == "false" || lower == "no" || lower == "off" || lower == "n" || lower == "0";
      if (yes || no) return fmt::format("write {} without quotes", yes ? "true" : "false");
    }
    bool const digits = !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    if (digits && field.allows(Type::integer)) return "remove the quotes";
    if (field.allows(Type::array)) return list_hint(text);
  }
  if (value.IsNull()) return "remove the line, or give it a value";
  bool const one_text = field.allows(Type::string) && !field.allows(Type::array) && !field.types.empty();
  if (value.IsArray() && one_text) {
    bool const of_cps = field.schema.starts_with(enrollments) && field.name != "-";
    bool const single = value.Size() == 1 && value[0].IsString() && !json::view(value[0]).empty();
    return single   ? fmt::format("write {}", in_flow(json::view(value[0])))
           : of_cps ? fmt::format("write one text: CPS takes one {}", field.name)
                    : std::string("write one text");
  }
  if (field.allows(Type::string) && !field.types.empty()) {
    if (!field.enumeration.empty()) return fmt::format("write one of {}", fmt::join(field.enumeration, ", "));
    bool const scalar = value.IsBool() || value.IsNumber();
    bool const fits_quoted = !field.matches || field.matches(json::compact(value));
    if (scalar) return fits_quoted ? fmt::format("quote it: \"{}\"", json::compact(value)) : must_be(field);
  }
  if (field.is_object() && !field.order.empty() && field.order.size() <= listed)
    return fmt::format("its fields: {}", fmt::join(field.order, ", "));
  return {};
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  auto const part = [&](std::size_t at, std::size_t size) {
    int value = -1;
    auto const [end, problem] = std::from_chars(text.data() + at, text.data() + at + size, value);
    return problem == std::errc{} && end == text.data() + at + size ? value : -1;
  };
  int const year = part(0, 4), month = part(5, 2), day = part(8, 2);
  if (year < 0 || month < 0 || day < 0) return false;
  return (std::chrono::year(year) / month / day).ok();
}

/// A DNS name as people write it: also with U-labels, a leading "*." and a trailing dot.
std::string_view host_problem(std::string_view name) {
  if (name.find("://") != std::string_view::npos) return "it is a URL: write the host name only";
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty()) return "it is empty";
  if (name.size() > longest_host) return "it is longer than 253 characters";
  for (std::string_view const label : text::split(name, '.')) {
    if (label.empty()) return "there is an empty part between dots";
    if (label.size() > longest_label) return "a part between dots is longer than 63 characters";
    if (label.starts_with('-') || label.ends_with('-')) return "a part begins or ends with '-'";
    for (char const c : label) {
      auto const byte = static_cast<unsigned char>(c);
      bool const fine = byte >= 0x80 || std::isalnum(byte) != 0 || c == '-' || c == '_';
      if (c == '*') return "'*' may only be the whole first part: *.example.com";
      if (!fine) return "it may have letters, digits, '-' and '.' only";
    }
  }
  return {};
}

std::string_view email_problem(std::string_view address) {
  auto const at = address.find('@');
  bool const fine = at != 0 && at != std::string_view::npos && at + 1 < address.size() && address.rfind('@') == at &&
                    std::ranges::none_of(address, [](unsigned char c) { return c <= ' ' || c == ','; });
  return fine ? std::string_view{} : "write one address such as ana@example.com";
}

/// What to do about a member that another version of the enrollment schema knows at the same place; empty: none does.
std::string hint_of_other_version(Field const& field, std::string_view mine, std::string_view member) {
  auto const versions = enrollment_versions();  // lowest first
  auto const own = std::ranges::find(versions, mine);
  auto const found = std::ranges::find_if(versions, [&](std::string const& version) {
    auto const other = enrollment(version);
    Field const* const same = other && version != mine ? (*other)->at(field.pointer) : nullptr;
    return same != nullptr && same->properties.contains(member);
  });
  if (found == versions.end()) return {};
  return fmt::format("it exists {0} {1}: set spec.apiSchema: {1} (or api.schema in cpsctl.yaml)",
                     found > own ? "since" : "up to", *found);
}

class Checker {
 public:
  Checker(CheckOptions options, std::vector<Problem>& problems) : options_(options), problems_(problems) {}

  void value(json::Value const& value, Field const& field, std::string const& at) {
    bool const right = field.types.empty() || std::ranges::any_of(field.types, [&](Type t) { return fits(value, t); });
    if (!right) {
      report(at, wrong_type, fmt::format("is {}, must be {}", found(value), wanted(field)), type_hint(value, field));
      return;
    }
    if (value.IsObject()) object(value, field, at);
    if (value.IsArray()) array(value, field, at);
    if (options_.direction == Direction::any) return;
    if (value.IsString()) text(json::view(value), field, at);
    if (value.IsInt64()) number(value.GetInt64(), field, at);
  }

 private:
  void report(std::string const& at, char const* rule, std::string message, std::string hint) {
    problems_.push_back({.pointer = at, .message = std::move(message), .hint = std::move(hint), .rule = rule});
  }
  void report_key(std::string const& at, char const* rule, std::string message, std::string hint) {
    report(at, rule, std::move(message), std::move(hint));
    problems_.back().at_key = true;
  }

  void object(json::Value const& value, Field const& field, std::string const& at) {
    bool const strict = options_.direction != Direction::any;
    if (strict && options_.completeness == Completeness::whole) demand(value, field, at);
    for (auto const& member : value.GetObject()) {
      std::string_view const name = json::view(member.name);
      std::string const here = json::child(at, name);
      Field const* const inner = field.child(name);
      if (strict && !key(name, field, inner, here)) continue;
      if (inner != nullptr) this->value(member.value, *inner, here);
    }
  }

  /// Fields of `around` that its unknown members are meant to be: one mistake is one problem.
  static std::set<std::string> meant_by(json::Value const& value, Field const& around) {
    std::set<std::string> names;
    for (auto const& member : value.GetObject()) {
      std::string_view const name = json::view(member.name);
      if (around.child(name) != nullptr) continue;
      if (auto const field = probably(name, around); field && field->beside) names.insert(field->field);
    }
    return names;
  }

  /// The field that an unknown name means or is a slip of; a single letter is "near" any other one.
  static std::optional<Meant> probably(std::string_view name, Field const& around) {
    if (name.size() < 2) return std::nullopt;
    if (auto field = meant(name, around)) return field;
    auto near = text::nearest(name, around.order);
    return near ? std::optional(Meant{.field = std::move(*near), .beside = true}) : std::nullopt;
  }

  /// Required fields that are not there.
  void demand(json::Value const& value, Field const& field, std::string const& at) {
    std::optional<std::set<std::string>> misspelt;
    for (std::string const& name : field.required) {
      if (json::find(value, name) != nullptr) continue;
      if (!misspelt) misspelt = meant_by(value, field);
      if (misspelt->contains(name)) continue;
      Field const* const inner = field.child(name);
      if (inner != nullptr && inner->read_only) continue;
      report(at, missing_field, fmt::format("the required field \"{}\" is missing", name),
             inner != nullptr ? addition(*inner) : std::string());
    }
  }

  /// Is the member's name in order, so that its value is worth a look?
  bool key(std::string_view name, Field const& around, Field const* field, std::string const& at) {
    if (field == nullptr) {
      if (around.closed) unknown(name, around, at);
      return false;
    }
    bool const echoed = options_.direction == Direction::request && options_.echo;
    if (field->read_only && !echoed) {
      report_key(at, read_only_field, "is set by CPS (read-only)", "remove it");
      return false;
    }
    if (!field->operators.empty()) {
      report_key(at, operators_field, "is for the operator to say, never for a file of the project", field->operators);
      return false;
    }
    if (around.names != nullptr && around.names->matches &&
        (name.size() > *around.names->max_length || !around.names->matches(name)))
      report_key(at, malformed, fmt::format("{} cannot be a name here", quoted(name)), must_be(*around.names));
    return true;
  }

  void unknown(std::string_view name, Field const& around, std::string const& at) {
    if (around.schema.starts_with(enrollments)) {
      std::string_view const mine = std::string_view(around.schema).substr(enrollments.size());
      std::string const camel = camel_case(name);
      bool const here = known_as(name, around) != nullptr;
      std::string other = here ? std::string{} : hint_of_other_version(around, mine, camel);
      if (!other.empty() && camel != name) other += fmt::format(", and write {}", camel);
      if (!other.empty()) {
        report_key(at, other_version, fmt::format("unknown field {} under api schema {}", quoted(name), mine),
                   std::move(other));
        return;
      }
    }
    std::string hint;
    if (auto const field = probably(name, around))
      hint = fmt::format("{}{}{}",
                         field->beside ? fmt::format("did you mean \"{}\"?", field->field)
                                       : fmt::format("write it as {}", field->field),
                         field->remark.empty() ? "" : " ", field->remark);
    else if (around.order.size() <= listed)
      hint = fmt::format("known here: {}", fmt::join(around.order, ", "));
    report_key(at, unknown_field, fmt::format("unknown field {}", quoted(name)), std::move(hint));
  }

  void array(json::Value const& value, Field const& field, std::string const& at) {
    if (options_.direction != Direction::any && value.Size() < field.min_items)
      report(at, out_of_range,
             fmt::format("has {}, needs at least {}", text::counted(value.Size(), "element"), field.min_items), {});
    if (field.items == nullptr) return;
    for (rapidjson::SizeType i = 0; i < value.Size(); ++i)
      this->value(value[i], *field.items, json::child(at, std::size_t{i}));
  }

  void text(std::string_view text, Field const& field, std::string const& at) {
    auto const& words = field.enumeration;
    if (!words.empty()) {
      if (std::ranges::find(words, text) != words.end()) return;
      auto const near = text::nearest(text, words);
      bool const many = words.size() > listed;
      std::string const message =
          words.size() == 1 ? fmt::format("is {}, must be {}", quoted(text), words.front())
          : many ? fmt::format("{} is not one of the {} words that are known here", quoted(text), words.size())
                 : fmt::format("{} is not one of {}", quoted(text), fmt::join(words, ", "));
      report(at, not_in_enum, message,
             text::trimmed(text).empty() && field.nullable() ? "leave it out, or write null"
             : near && words.size() > 1                      ? fmt::format("did you mean \"{}\"?", *near)
             : many                                          ? fmt::format("cpsctl schema {} lists them", field.schema)
                                                             : std::string{});
      return;
    }
    if (options_.direction == Direction::request) return;  // CPS's published schema knows no patterns and no formats
    if (field.max_length && text.size() > *field.max_length) {
      report(at, out_of_range,
             fmt::format("{} has {} bytes, at most {} are allowed", quoted(text), text.size(), *field.max_length),
             field.wanted.empty() ? std::string{} : must_be(field));
      return;
    }
    if (field.matches && !field.matches(text))
      report(at, malformed, fmt::format("{} does not fit", quoted(text)), must_be(field));
    format(text, field, at);
  }

  void format(std::string_view text, Field const& field, std::string const& at) {
    bool const emptiable = text.empty() && field.null_equals_absent;
    if (emptiable) return;
    if (field.format == "date" && !is_date(text))
      report(at, malformed, fmt::format("{} is not a date", quoted(text)), "write YYYY-MM-DD, as in 2026-12-01");
    if (field.format == "dns-name")
      if (auto const problem = host_problem(text); !problem.empty())
        report(at, malformed, fmt::format("{} is not a host name", quoted(text)), std::string(problem));
    if (field.format == "email")
      if (auto const problem = email_problem(text); !problem.empty())
        report(at, malformed, fmt::format("{} is not an e-mail address", quoted(text)), std::string(problem));
  }

  void number(std::int64_t number, Field const& field, std::string const& at) {
    if (field.minimum && number < *field.minimum)
      report(at, out_of_range, fmt::format("{} is too small", number), fmt::format("write {} or more", *field.minimum));
    if (field.maximum && number > *field.maximum)
      report(at, out_of_range, fmt::format("{} is too large", number), fmt::format("write {} or less", *field.maximum));
  }

  CheckOptions options_;
  std::vector<Problem>& problems_;
};

}  // namespace

std::vector<Problem> check(json::Value const& document, Field const& field, CheckOptions options, std::string_view at) {
  std::vector<Problem> problems;
  Checker(options, problems).value(document, field, std::string(at));
  return problems;
}

std::span<RuleInfo const> rules() {
  static constexpr std::array table{
      RuleInfo{unknown_field, "The schema knows every field."},
      RuleInfo{wrong_type, "Every value has the field's type."},
      RuleInfo{missing_field, "Required fields have a value."},
      RuleInfo{not_in_enum, "A field with a list of words has one of them."},
      RuleInfo{read_only_field, "Fields of CPS's own (read-only) are left out."},
      RuleInfo{malformed, "Texts have the field's form: pattern, day, host name, e-mail address."},
      RuleInfo{out_of_range, "Numbers, texts and lists are neither too small nor too large."},
      RuleInfo{other_version, "Every field exists in the chosen version of the enrollment schema."},
      RuleInfo{operators_field, "What the operator alone decides is in no file of the project."},
  };
  return table;
}

}  // namespace cpsctl::schema

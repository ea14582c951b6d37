#include "schema/meant.hpp"

#include "base/text.hpp"

#include <cctype>
#include <vector>

namespace cpsctl::schema {
namespace {

constexpr std::string_view enrollments = "enrollment.", manifest = "manifest", enrollment_at = "/spec/enrollment";

/// What x-aliases says of a name; nullptr: it is none of the field's.
json::Value const* alias(Field const& field, std::string_view name) {
  return field.annotations ? json::find(json::find(field.annotations.get(), "x-aliases"), name) : nullptr;
}

bool can_be_written(Field const& field) {
  return !field.read_only && field.operators.empty();
}

struct Candidate {
  std::string path;
  std::string remark;
};

void collect(Field const& around, std::string_view name, std::string const& camel, std::string_view prefix,
             std::vector<Candidate>& found) {
  for (auto const& [own, field] : around.properties) {
    if (!can_be_written(*field)) continue;
    json::Value const* const other = alias(*field, name);
    if (own == camel || other != nullptr)
      found.push_back({json::dotted(std::string(prefix) + field->pointer), std::string(json::text_or(other, ""))});
    collect(*field, name, camel, prefix, found);
  }
}

/// The whole document: a manifest, with an enrollment in it.
std::vector<Candidate> everywhere(std::string_view name, Field const& around) {
  std::vector<Candidate> found;
  bool const inside = around.schema.starts_with(enrollments);
  if (!inside && around.schema != manifest) return found;
  std::string const camel = camel_case(name);
  auto const outer = named(manifest);
  auto const inner = inside ? named(around.schema) : enrollment(enrollment_versions().back());
  if (outer) collect((*outer)->root(), name, camel, "", found);
  if (inner) collect((*inner)->root(), name, camel, enrollment_at, found);
  return found;
}

}  // namespace

std::string camel_case(std::string_view name) {
  if (name.find_first_of("_-") == std::string_view::npos) return std::string(name);
  std::string camel;
  bool upper = false;
  for (char const c : text::lower(name)) {
    bool const between = c == '_' || c == '-';
    if (!between) camel += upper && !camel.empty() ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = between;
  }
  return camel;
}

Field const* known_as(std::string_view name, Field const& around) {
  if (auto const found = around.properties.find(camel_case(name)); found != around.properties.end())
    return found->second.get();
  for (auto const& [own, field] : around.properties)
    if (alias(*field, name) != nullptr) return field.get();
  return nullptr;
}

std::optional<Meant> meant(std::string_view name, Field const& around) {
  Field const* const beside = known_as(name, around);
  if (beside != nullptr && can_be_written(*beside))
    return Meant{.field = beside->name, .beside = true, .remark = std::string(json::text_or(alias(*beside, name), ""))};
  auto const found = everywhere(name, around);
  if (found.size() != 1) return std::nullopt;
  return Meant{.field = found.front().path, .remark = found.front().remark};
}

}  // namespace cpsctl::schema

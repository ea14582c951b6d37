#include "manifest/foreign.hpp"

#include "base/text.hpp"
#include "schema/meant.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

namespace cpsctl::manifest {
namespace {

constexpr std::string_view by_hand =
    "put {} under spec.enrollment of a document with apiVersion: cpsctl.dev/v1, kind: Enrollment, metadata: {{ name: "
    "NAME }} and spec.contractId";
constexpr std::string_view imported = "cpsctl import --contract ID --out-dir DIR writes manifests of what CPS has";

constexpr std::string_view enrollment_path = "spec.enrollment.";

/// The fields of an enrollment that a map has.
struct Body {
  std::size_t fields = 0;       ///< that people write
  std::size_t others_name = 0;  ///< of these, under another tool's names
  std::size_t own = 0;          ///< CPS's own: it is an answer
  std::string id = {};

  bool is_enrollment() const { return fields > 2 || (fields > 1 && others_name > 1) || (fields > 0 && own > 0); }
};

Body body_at(Tree const& tree, NodeId map, schema::Field const& enrollment) {
  Body body;
  if (map == no_node || tree.at(map).kind != Kind::map) return body;
  for (NodeId key = tree.at(map).first; key != no_node; key = tree.at(tree.at(key).next).next) {
    if (!tree.is_scalar(key)) continue;
    schema::Field const* const field = schema::known_as(tree.text(key), enrollment);
    auto const other = field == nullptr ? schema::meant(tree.text(key), enrollment) : std::nullopt;
    bool const elsewhere = other && other->field.starts_with(enrollment_path);
    if (field == nullptr && !elsewhere) continue;
    ++(field != nullptr && field->read_only ? body.own : body.fields);
    if (elsewhere || field->name != tree.text(key)) ++body.others_name;
    NodeId const value = tree.at(key).next;
    if (tree.text(key) == "id" && tree.is_scalar(value)) body.id = tree.text(value);
  }
  return body;
}

/// How many enrollments a list has; nothing if anything else is in it.
std::optional<std::size_t> enrollments_in(Tree const& tree, NodeId list, schema::Field const& enrollment) {
  if (list == no_node || tree.at(list).kind != Kind::sequence) return std::nullopt;
  std::size_t count = 0;
  for (NodeId one = tree.at(list).first; one != no_node; one = tree.at(one).next, ++count)
    if (!body_at(tree, one, enrollment).is_enrollment()) return std::nullopt;
  return count > 0 ? std::optional(count) : std::nullopt;
}

Foreign described(std::size_t count) {
  return {.what = fmt::format("this is a list of {}, as CPS's API has it", text::counted(count, "enrollment")),
          .next = fmt::format("{}; by hand: {}", imported, fmt::format(by_hand, "each"))};
}

Foreign described(Body const& body) {
  bool const a_number = !body.id.empty() && std::ranges::all_of(body.id, [](char c) { return c >= '0' && c <= '9'; });
  if (body.own > 0)
    return {.what = "this is an enrollment as CPS's API shows it",
            .next = fmt::format("cpsctl import NAME --contract ID --id {} --out-dir DIR writes its manifest; by hand: "
                                "{}, without the fields that CPS sets",
                                a_number ? body.id : "N", fmt::format(by_hand, "it"))};
  bool const terraform = body.others_name > 1 && body.others_name * 2 > body.fields;
  return {.what = terraform ? "this is an enrollment in the names of Terraform"
                            : "this is the request body of an enrollment, without a manifest around it",
          .next = fmt::format("{}{}; {}", fmt::format(by_hand, "it"),
                              terraform ? ", and cpsctl validate says each field's name" : "", imported)};
}

bool is_terraform(Tree const& tree) {
  NodeId const resources = tree.find(0, "resource");
  if (tree.find(0, "terraform_version") != no_node) return true;
  if (resources == no_node || tree.at(resources).kind != Kind::map) return false;
  NodeId const first = tree.at(resources).first;
  return first != no_node && tree.is_scalar(first) && tree.text(first).starts_with("akamai_");
}

Foreign terraform(std::string_view what) {
  return {.what = fmt::format("this is {}, not YAML of cpsctl", what),
          .next = fmt::format("{}; by hand: {}, and cpsctl validate says each field's name", imported,
                              fmt::format(by_hand, "its values"))};
}

}  // namespace

std::optional<Foreign> foreign_document(Tree const& tree) {
  auto const schema = schema::enrollment(schema::enrollment_versions().back());
  if (!schema || tree.nodes.empty()) return std::nullopt;
  schema::Field const& enrollment = (*schema)->root();
  if (auto const count = enrollments_in(tree, 0, enrollment)) return described(*count);
  if (tree.at(0).kind != Kind::map) return std::nullopt;
  if (is_terraform(tree)) return terraform("Terraform's JSON");
  if (tree.find(0, "formatVersion") != no_node && tree.find(0, "realm") != no_node)
    return Foreign{.what = "this is a state of cpsctl", .next = "keep it outside of the folders of manifests"};
  if (Body const body = body_at(tree, 0, enrollment); body.is_enrollment()) return described(body);
  for (NodeId key = tree.at(0).first; key != no_node; key = tree.at(tree.at(key).next).next) {
    NodeId const value = tree.at(key).next;
    if (auto const count = enrollments_in(tree, value, enrollment)) return described(*count);
    if (Body const body = body_at(tree, value, enrollment); body.is_enrollment()) return described(body);
  }
  return std::nullopt;
}

std::optional<Foreign> foreign_text(std::string_view text) {
  for (int line = 1; !text.empty(); ++line) {
    std::string_view const whole = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(whole.size() + 1, text.size()));
    std::string_view const here = text::trimmed(whole);
    if (here.empty() || here.starts_with('#') || here.starts_with("//")) continue;
    constexpr std::array blocks{"resource", "data", "module", "provider", "terraform", "locals", "variable", "output"};
    std::string_view const word = here.substr(0, here.find_first_of(" \t{\""));
    std::string_view const rest = text::trimmed(here.substr(word.size()));
    bool const opens = rest.ends_with('{') && (rest.size() == 1 || rest.starts_with('"'));
    if (std::ranges::find(blocks, word) == blocks.end() || !opens) return std::nullopt;
    Foreign found = terraform("Terraform's language (HCL)");
    found.line = line;
    return found;
  }
  return std::nullopt;
}

}  // namespace cpsctl::manifest

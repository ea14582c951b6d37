#include "sandbox/rules.hpp"

#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::sandbox {
namespace {

constexpr std::size_t most_names = 100;
constexpr std::size_t most_dv_wildcards = 25;

Problem bad_enrollment(std::string detail) {
  return {.status = 400, .slug = "invalid-enrollment", .title = "Invalid enrollment", .detail = std::move(detail)};
}

Problem bad_network(std::string detail) {
  return {.status = 400,
          .slug = "invalid-network-configuration",
          .title = "Invalid network configuration",
          .detail = std::move(detail)};
}

bool given(json::Value const* value) {
  return value != nullptr && !value->IsNull();
}

/// Of the type that the combination demands: ra and certificateType must go with validationType.
std::optional<Problem> type_problem(json::Value const& body) {
  std::string const validation(json::text_or(json::find(body, "validationType"), ""));
  std::string const ra(json::text_or(json::find(body, "ra"), ""));
  std::string const type(json::text_or(json::find(body, "certificateType"), ""));
  std::string const wanted = validation == "dv"            ? "lets-encrypt"
                             : validation == "third-party" ? validation
                                                           : "symantec";
  if (ra != wanted) return bad_enrollment(fmt::format("validationType {} needs ra {}, not {}", validation, wanted, ra));
  bool const third_party = validation == "third-party";
  if (third_party != (type == "third-party") || (validation == "dv" && type != "san") ||
      (validation == "ev" && type.starts_with("wildcard")))
    return bad_enrollment(fmt::format("certificateType {} does not go with validationType {}", type, validation));
  if (third_party != given(json::find(body, "thirdParty")))
    return bad_enrollment(third_party ? "thirdParty.excludeSans is required for validationType third-party"
                                      : "thirdParty is for validationType third-party only");
  json::Value const* const stacked = json::find(body, "enableMultiStackedCertificates");
  if (validation == "dv" && stacked != nullptr && stacked->IsTrue())
    return bad_enrollment("enableMultiStackedCertificates must be false for validationType dv");
  std::string_view const chain = json::text_or(json::at(body, "/csr/preferredTrustChain"), "");
  if (validation != "dv" && !chain.empty())
    return bad_enrollment("csr.preferredTrustChain is for validationType dv only");
  return std::nullopt;
}

std::optional<Problem> names_problem(json::Value const& body) {
  std::string_view const common_name = json::text_or(json::at(body, "/csr/cn"), "");
  if (common_name.empty()) return bad_enrollment("csr.cn must not be empty");
  json::Value const* const sans = json::at(body, "/csr/sans");
  if (sans == nullptr || !sans->IsArray()) return std::nullopt;
  std::size_t wildcards = 0;
  for (auto const& san : sans->GetArray()) {
    std::string_view const name = san.IsString() ? json::view(san) : std::string_view();
    if (name.empty() || name.find_first_of(" /:@") != std::string_view::npos)
      return bad_enrollment(fmt::format("csr.sans: \"{}\" is not a host name", text::printable(name)));
    wildcards += name.starts_with("*.") ? 1 : 0;
  }
  if (sans->Size() > most_names)
    return bad_enrollment(fmt::format("csr.sans: {} names, at most {} are allowed", sans->Size(), most_names));
  if (json::text_or(json::find(body, "validationType"), "") == "dv" && wildcards > most_dv_wildcards)
    return bad_enrollment(fmt::format("csr.sans: {} wildcards, at most {} are allowed", wildcards, most_dv_wildcards));
  return std::nullopt;
}

std::optional<Problem> network_problem(json::Value const& body, Write write) {
  json::Value const* const network = json::find(body, "networkConfiguration");
  if (network == nullptr || !network->IsObject()) return std::nullopt;
  if (write == Write::create && given(json::find(*network, "clientMutualAuthentication")))
    return bad_network("A create enrollment request contains client mutual authentication configuration.");
  json::Value const* const settings = json::find(*network, "dnsNameSettings");
  json::Value const* const sni_only = json::find(*network, "sniOnly");
  if (sni_only != nullptr && !sni_only->IsTrue() && given(settings))
    return bad_network("dnsNameSettings must not be set when sniOnly is false.");
  json::Value const* const clone = json::find(settings, "cloneDnsNames");
  json::Value const* const names = json::find(settings, "dnsNames");
  if (clone != nullptr && clone->IsFalse() && (names == nullptr || !names->IsArray() || names->Empty()))
    return bad_network("dnsNames must list at least one name when cloneDnsNames is false.");
  return std::nullopt;
}

bool same_list(json::Value const& left, json::Value const& right) {
  auto const sorted = [](json::Value const& list) {
    std::vector<std::string> all;
    for (auto const& element : list.GetArray()) all.push_back(json::canonical(element));
    std::sort(all.begin(), all.end());
    return all;
  };
  return sorted(left) == sorted(right);
}

/// Edits of which it is not known whether CPS answers 200 or 202 (cps-api.md §9).
constexpr std::string_view doubtful_fields[] = {"/changeManagement",
                                                "/csr/preferredTrustChain",
                                                "/networkConfiguration/mustHaveCiphers",
                                                "/networkConfiguration/preferredCiphers",
                                                "/networkConfiguration/dnsNameSettings",
                                                "/networkConfiguration/dnsNameSettings/cloneDnsNames",
                                                "/networkConfiguration/dnsNameSettings/dnsNames"};

schema::Effect effect_of(schema::Field const& field, std::string const& at, DoubtfulEdits doubtful) {
  bool const known = std::ranges::find(doubtful_fields, at) == std::ranges::end(doubtful_fields);
  if (known || doubtful == DoubtfulEdits::as_schema) return field.effect;
  return doubtful == DoubtfulEdits::stored ? schema::Effect::metadata
                                           : std::max(field.effect, schema::Effect::deployment);
}

/// null, absent and [] say the same here: nothing.
bool nothing(json::Value const* value) {
  return value == nullptr || value->IsNull() || (value->IsArray() && value->Empty());
}

void compare(json::Value const* before, json::Value const* after, schema::Field const& field, std::string const& at,
             DoubtfulEdits doubtful, Edit& edit) {
  if (field.read_only || (nothing(before) && nothing(after))) return;
  bool const objects = before != nullptr && after != nullptr && before->IsObject() && after->IsObject();
  if (objects) {
    for (std::string const& name : field.order) {
      schema::Field const* const child = field.child(name);
      if (child != nullptr)
        compare(json::find(before, name), json::find(after, name), *child, json::child(at, name), doubtful, edit);
    }
    return;
  }
  bool const lists = before != nullptr && after != nullptr && before->IsArray() && after->IsArray();
  if (lists && field.list == schema::ListKind::set
          ? same_list(*before, *after)
          : before != nullptr && after != nullptr && json::equal(*before, *after))
    return;
  edit.fields.push_back(json::dotted(at));
  if (field.immutable || field.effect == schema::Effect::immutable)
    edit.immutable.push_back(json::dotted(at));
  else
    edit.effect = std::max(edit.effect, effect_of(field, at, doubtful));
  edit.names = edit.names || at == "/csr/sans";
}

void collect_read_only(json::Value const& value, schema::Field const& field, std::string const& at,
                       std::vector<std::string>& found) {
  if (!value.IsObject()) return;
  for (auto const& member : value.GetObject()) {
    schema::Field const* const child = field.child(json::view(member.name));
    if (child == nullptr) continue;
    std::string const path = json::child(at, json::view(member.name));
    if (child->read_only)
      found.push_back(json::dotted(path));
    else
      collect_read_only(member.value, *child, path, found);
  }
}

}  // namespace

std::optional<Problem> schema_problem(json::Value const& body, schema::Field const& root) {
  schema::CheckOptions const options{
      .completeness = schema::Completeness::whole, .direction = schema::Direction::request, .echo = true};
  std::vector<std::string> complaints;
  for (schema::Problem const& problem : schema::check(body, root, options)) {
    std::string const where = json::dotted(problem.pointer);
    complaints.push_back(where.empty() ? problem.message : fmt::format("{}: {}", where, problem.message));
  }
  if (complaints.empty()) return std::nullopt;
  return bad_enrollment(fmt::format("{}", fmt::join(complaints, "; ")));
}

std::optional<Problem> rule_problem(json::Value const& body, Write write) {
  // The network's rules first: they are the ones whose texts clients know.
  if (auto problem = network_problem(body, write)) return problem;
  if (auto problem = type_problem(body)) return problem;
  return names_problem(body);
}

std::vector<std::string> read_only_members(json::Value const& body, schema::Field const& root) {
  std::vector<std::string> found;
  collect_read_only(body, root, "", found);
  return found;
}

Edit edit_between(json::Value const& before, json::Value const& after, schema::Field const& root,
                  DoubtfulEdits doubtful) {
  Edit edit;
  compare(&before, &after, root, "", doubtful, edit);
  return edit;
}

}  // namespace cpsctl::sandbox

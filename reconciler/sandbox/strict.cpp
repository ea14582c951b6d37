#include "sandbox/strict.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

namespace cpsctl::sandbox {
namespace {

constexpr std::size_t longest_common_name = 64, longest_label = 63;

Problem refused(std::string detail) {
  return {.status = 400, .slug = "invalid-enrollment", .title = "Invalid enrollment", .detail = std::move(detail)};
}

/// Why a name cannot be in a certificate at all; nothing if it can. Names come as A-labels, without a dot behind them.
std::string_view name_problem(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  auto const labels = text::split(name, '.');
  for (std::string_view const label : labels) {
    if (label.empty()) return "has an empty label";
    if (label.size() > longest_label) return "has a label of more than 63 characters";
    bool const fine = std::ranges::all_of(label, [](char c) {
      auto const byte = static_cast<unsigned char>(c);
      return byte < 0x80 && (std::isalnum(byte) != 0 || c == '-' || c == '_');
    });
    if (!fine) return "has characters that host names cannot have";
  }
  return {};
}

/// Why no public CA issues for a name.
std::string_view public_problem(std::string_view name) {
  constexpr std::array inner{"local", "localhost", "internal", "intranet", "lan",     "home",
                             "corp",  "private",   "test",     "invalid",  "example", "localdomain"};
  auto const labels = text::split(name.starts_with("*.") ? name.substr(2) : name, '.');
  if (labels.size() < 2) return "is not fully qualified";
  if (name.find('_') != std::string_view::npos) return "has an underscore";
  if (std::ranges::find(inner, labels.back()) != inner.end()) return "is under no public top-level domain";
  return {};
}

std::optional<Problem> name_refused(json::Value const* value, std::string_view field, bool is_public) {
  std::string const name = text::lower(json::text_or(value, ""));
  std::string_view problem = name_problem(name);
  if (problem.empty() && is_public) problem = public_problem(name);
  if (problem.empty()) return std::nullopt;
  return refused(fmt::format("{}: \"{}\" {}", field, text::printable(name), problem));
}

std::optional<Problem> names_refused(json::Value const& body) {
  bool const is_public = json::text_or(json::find(body, "validationType"), "") != "third-party";
  json::Value const* const common_name = json::at(body, "/csr/cn");
  if (auto problem = name_refused(common_name, "csr.cn", is_public)) return problem;
  if (json::text_or(common_name, "").size() > longest_common_name)
    return refused(fmt::format("csr.cn: a common name has at most {} characters", longest_common_name));
  for (auto const& [pointer, field] :
       {std::pair("/csr/sans", "csr.sans"), std::pair("/networkConfiguration/dnsNameSettings/dnsNames", "dnsNames")}) {
    json::Value const* const list = json::at(body, pointer);
    if (list == nullptr || !list->IsArray()) continue;
    for (auto const& name : list->GetArray())
      if (auto problem = name_refused(&name, field, is_public)) return problem;
  }
  return std::nullopt;
}

/// Terraform's experience of what the API demands: the published schema lets all of it be null.
std::optional<Problem> people_refused(json::Value const& body) {
  if (!json::absent(json::find(body, "orgId"))) return std::nullopt;
  constexpr std::array contact{"firstName", "lastName", "email", "phone"};
  constexpr std::array org{"name", "addressLineOne", "city", "region", "postalCode", "country", "phone"};
  auto const lacking = [&](std::string_view object, auto const& demanded) -> std::optional<Problem> {
    for (std::string_view const member : demanded)
      if (text::trimmed(json::text_or(json::find(json::find(body, object), member), "")).empty())
        return refused(fmt::format("{}.{} must not be blank", object, member));
    return std::nullopt;
  };
  if (auto problem = lacking("org", org)) return problem;
  if (auto problem = lacking("adminContact", contact)) return problem;
  return lacking("techContact", contact);
}

}  // namespace

std::optional<Problem> strict_problem(json::Value const& body) {
  if (auto problem = names_refused(body)) return problem;
  return people_refused(body);
}

}  // namespace cpsctl::sandbox

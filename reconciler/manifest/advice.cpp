#include "manifest/view.hpp"
#include "schema/schema.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include <fmt/ranges.h>

/// What CPS or a CA refuses of something new. Which fields it is about is in the schemas (x-advice).
namespace cpsctl::manifest {
namespace {

using schema::Field;

constexpr std::size_t usual_names = 100;  // maxAllowedSanNames, until CPS has said another number

/// Each field that the schema knows, with its pointer and its value (null where the document lacks it).
using Visit = std::function<void(Field const& field, std::string const& pointer, json::Value const* value)>;

void walk(Field const& field, std::string const& pointer, json::Value const* value, Visit const& visit) {
  visit(field, pointer, value);
  for (auto const& [name, inner] : field.properties)
    walk(*inner, json::child(pointer, name), json::find(value, name), visit);
  if (value == nullptr || !value->IsArray() || field.items == nullptr) return;
  for (rapidjson::SizeType i = 0; i < value->Size(); ++i)
    walk(*field.items, json::child(pointer, std::size_t{i}), &(*value)[i], visit);
}

json::Value const* advice(Field const& field, std::string_view name) {
  return field.annotations ? json::find(json::find(field.annotations.get(), "x-advice"), name) : nullptr;
}

/// The nearest known value: by x-advice's own table of mistakes, else by its letters.
std::string instead(std::string_view found, json::Value const& known, json::Value const* mistaken) {
  std::string upper(found);
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (auto const said = json::text_or(json::find(mistaken, upper), ""); !said.empty())
    return fmt::format("write {}", said);
  for (json::Value const& one : known.GetArray())
    if (json::view(one) == upper) return fmt::format("write {}", upper);
  return "write a code of ISO 3166, such as US";
}

void check_known(Enrollment const& e, Field const& field, std::string const& pointer, json::Value const* value) {
  json::Value const* const known = advice(field, "known");
  std::string_view const text = json::text_or(value, "");
  if (known == nullptr || text.empty()) return;
  bool const fine =
      std::ranges::any_of(known->GetArray(), [&](json::Value const& one) { return json::view(one) == text; });
  if (!fine)
    e.report("CPS121", pointer, fmt::format("\"{}\" is not a country code", text::excerpt(text, 40)),
             instead(text, *known, advice(field, "mistaken")));
}

void check_length(Enrollment const& e, Field const& field, std::string const& pointer, json::Value const* value) {
  json::Value const* const most = advice(field, "maxBytes");
  std::string_view const text = json::text_or(value, "");
  if (most == nullptr || static_cast<std::int64_t>(text.size()) <= most->GetInt64()) return;
  std::string_view const hint = json::text_or(advice(field, "hint"), "");
  e.report("CPS125", pointer,
           fmt::format("has {} bytes, certificates hold at most {} here", text.size(), most->GetInt64()),
           hint.empty() ? "shorten it" : std::string(hint));
}

bool is_blank(json::Value const* value) {
  return json::absent(value) || (value->IsString() && text::trimmed(json::view(*value)).empty());
}

/// Members that CPS asks for once the object is there, or of every whole enrollment.
void check_demands(Enrollment const& e, Field const& field, std::string const& pointer, json::Value const* value) {
  json::Value const* const demanded = advice(field, "demands");
  if (demanded == nullptr || !e.whole || e.has("/orgId")) return;
  std::vector<std::string_view> lacking;
  for (json::Value const& name : demanded->GetArray()) {
    json::Value const* const member = json::find(value, json::view(name));
    if (!is_blank(member)) continue;
    bool const null = member != nullptr && member->IsNull();
    if (member == nullptr)
      lacking.push_back(json::view(name));
    else
      e.report("CPS126", json::child(pointer, json::view(name)),
               null ? "is null, and CPS asks for it" : "is blank, and CPS asks for it",
               null ? "fill it in; put a name such as Null in quotes" : "fill it in");
  }
  if (!lacking.empty())
    e.report("CPS126", pointer, fmt::format("lacks {}, which CPS asks for", fmt::join(lacking, ", ")),
             "add what is missing");
}

void check_digits(Enrollment const& e, Field const& field, std::string const& pointer, json::Value const* value) {
  json::Value const* const wanted = advice(field, "digits");
  std::string_view const text = json::text_or(value, "");
  bool const none = std::ranges::none_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (wanted != nullptr && !text::trimmed(text).empty() && none)
    e.report("CPS126", pointer, "has no digits", "write a phone number such as 617-555-0111");
}

/// A mark that somebody was to fill in, as templates and languages have them.
bool is_placeholder(std::string_view text) {
  text = text::trimmed(text);
  if (text.size() > 2 && text.front() == '<' && text.back() == '>') return true;
  if (text.find("{{") != std::string_view::npos && text.find("}}") != std::string_view::npos) return true;
  std::string const word = text::lower(text);
  constexpr std::array words{"todo",     "to do",     "tbd", "fixme", "fillin",   "fill in",
                             "changeme", "change me", "xxx", "none",  "undefined"};  // null and NaN are surnames
  return std::ranges::find(words, word) != words.end();
}

void check_text(Enrollment const& e, Field const& field, std::string const& pointer, json::Value const* value) {
  std::string_view const text = json::text_or(value, "");
  if (text.empty() || field.read_only || !field.enumeration.empty()) return;
  if (is_placeholder(text))
    e.report("CPS127", pointer, fmt::format("\"{}\" looks like a placeholder", text::excerpt(text::trimmed(text), 40)),
             "fill it in, or leave the field out");
  if (text::trimmed(text).size() == text.size() || field.normalize != schema::Normalize::text) return;
  bool const block = text.ends_with('\n');
  e.report("CPS128", pointer,
           block ? "ends with a line end, which is not sent" : "has blanks around it, which are not sent",
           block ? "write it on one line, or begin the block with |-" : "remove them");
}

/// Why CPS or a CA refuses a host name that is well-formed (format dns-name), in its canonical form; nothing if not.
std::string host_problem(std::string_view written, std::string_view name, bool is_public) {
  if (text::printable(written) != written) return "has characters that cannot be seen";
  if (!text::is_ascii(name)) return "is not a valid international name";
  if (!is_public) return {};
  auto const labels = text::split(is_wildcard(name) ? name.substr(2) : name, '.');
  if (name.find('_') != std::string_view::npos) return "has a '_', for which public CAs do not issue";
  if (labels.size() < 2) return "is not a full name: a public CA does not issue for it";
  constexpr std::array inner{"local", "localhost", "internal", "intranet", "lan",     "home",
                             "corp",  "private",   "test",     "invalid",  "example", "localdomain"};
  if (std::ranges::find(inner, labels.back()) != inner.end())
    return fmt::format("ends in .{}, for which public CAs do not issue", labels.back());
  return {};
}

void check_hosts(Enrollment const& e, Field const& field, std::string const& pointer, json::Value const* value) {
  std::string_view const written = json::text_or(value, "");
  if (field.normalize != schema::Normalize::hostname || written.empty()) return;
  std::string const name = text::hostname(written);
  bool const is_public = e.text("/validationType") != "third-party";
  if (auto const problem = host_problem(written, name, is_public); !problem.empty())
    e.report("CPS124", pointer, fmt::format("{} {}", text::excerpt(written, 100), problem),
             "write a full host name such as www.example.com");
  else if (text::lower(written) != name)
    e.report("CPS133", pointer, fmt::format("{} is sent as {}", text::printable(written), name), "write it so");
}

void check_wildcards(Enrollment const& e) {
  if (e.text("/validationType") != "dv") return;
  auto const names = e.all_names();
  std::set<std::string> covering;
  for (auto const& [pointer, name] : names)
    if (is_wildcard(name)) covering.insert(name.substr(1));
  for (auto const& [pointer, name] : names) {
    auto const dot = name.find('.');
    if (is_wildcard(name) || dot == std::string::npos || !covering.contains(name.substr(dot))) continue;
    e.report("CPS130", pointer,
             fmt::format("{} is covered by *{}: Let's Encrypt refuses an order with both", name, name.substr(dot)),
             pointer == "/csr/cn" ? "remove the wildcard, or make it the common name" : "remove it, or the wildcard");
  }
}

void check_count(Enrollment const& e) {
  std::set<std::string> names;
  for (auto const& [pointer, name] : e.all_names()) names.insert(name);
  if (names.size() > usual_names)
    e.report("CPS132", "/csr/sans",
             fmt::format("{} names; CPS allows an enrollment {} unless it says otherwise", names.size(), usual_names),
             "split it into several enrollments, or ask Akamai for more");
}

/// "ak-akamai-2020q1" -> 2020; 0 where the name has no year.
int year_of(std::string_view profile) {
  for (std::size_t i = 0; i + 4 <= profile.size(); ++i)
    if (profile.substr(i, 2) == "20" && std::isdigit(static_cast<unsigned char>(profile[i + 2])) != 0 &&
        std::isdigit(static_cast<unsigned char>(profile[i + 3])) != 0)
      return 2000 + (profile[i + 2] - '0') * 10 + (profile[i + 3] - '0');
  return 0;
}

/// facts-2026.md A17d: what fipsMode asks for.
void check_fips(Enrollment const& e) {
  std::string const network = "/networkConfiguration";
  if (!e.is(network + "/fipsMode", true)) return;
  std::set<std::string> refused;
  json::Value const* const disallowed = json::at(*e.desired().enrollment, network + "/disallowedTlsVersions");
  if (disallowed != nullptr && disallowed->IsArray())
    for (json::Value const& one : disallowed->GetArray()) refused.insert(std::string(json::text_or(&one, "")));
  if (refused.contains("TLSv1_2") && refused.contains("TLSv1_3"))
    e.report("CPS129", network + "/disallowedTlsVersions", "fipsMode needs TLS 1.2 or 1.3, and both are disallowed",
             "allow one of them, or leave fipsMode out");
  constexpr int oldest = 2020;
  for (char const* const field : {"/mustHaveCiphers", "/preferredCiphers"}) {
    std::string_view const profile = e.text(network + field);
    if (profile.empty() && e.whole)
      e.report("CPS129", network + field, "fipsMode needs a cipher profile here", "write one such as ak-akamai-2020q1");
    else if (!profile.empty() && profile != "ak-akamai-default" && year_of(profile) < oldest)
      e.report("CPS129", network + field,
               fmt::format("fipsMode needs an active cipher profile, {} is an old one", text::printable(profile)),
               "write one such as ak-akamai-2020q1");
  }
}

}  // namespace

void check_advice(Enrollment const& e) {
  auto const schema = schema::enrollment(e.desired().api_schema);
  if (!schema) return;
  walk((*schema)->root(), "", e.desired().enrollment.get(),
       [&](Field const& field, std::string const& pointer, json::Value const* value) {
         for (auto* const check : {check_known, check_length, check_demands, check_digits, check_text, check_hosts})
           check(e, field, pointer, value);
       });
  check_wildcards(e);
  check_count(e);
  check_fips(e);
}

}  // namespace cpsctl::manifest

#include "manifest/rules.hpp"

#include "base/text.hpp"
#include "manifest/view.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

namespace cpsctl::manifest {
namespace {

// The table: what manifests are held against. CPS1xx restate CPS's own combination rules; certainty A, and B where CPS
// does not merely recommend, are errors, the rest are warnings.
constexpr auto error = Severity::error;
constexpr auto warning = Severity::warning;
constexpr std::array table{
    RuleInfo{"CPS011", error, "A file is valid YAML 1.2, or JSON.", ""},
    RuleInfo{"CPS012", error, "A file is UTF-8 text without control characters, a document has at most 4 MB.", ""},
    RuleInfo{"CPS013", error, "A key appears once in a map.", ""},
    RuleInfo{"CPS014", error, "Merge keys, unknown tags and keys that are not text are not used.", ""},
    RuleInfo{
        "CPS015", error,
        "Nesting stays within 64 levels, lists within 1,000 elements; what aliases and profiles repeat is bounded.",
        ""},
    RuleInfo{"CPS016", error, "Documents of one file are separated by a line \"---\".", ""},
    RuleInfo{"CPS021", error, "Every given path exists and can be read.", ""},
    RuleInfo{"CPS022", error, "Every given path holds a manifest.", ""},
    RuleInfo{"CPS023", error, "Every document in a folder is cpsctl's, or its file is excluded.", ""},
    RuleInfo{"CPS031", error, "A name is used once in the project, for enrollments and for profiles.", ""},
    RuleInfo{"CPS032", error, "Profiles that a document names exist.", ""},
    RuleInfo{"CPS033", error, "Profiles do not build on profiles.", ""},
    RuleInfo{"CPS041", error,
             "${env:NAME} uses allowed, set variables, and never in a field that says which enrollment it is.", ""},
    RuleInfo{"CPS051", error, "deploy.notBefore is not after deploy.notAfter.", ""},
    RuleInfo{"CPS052", error, "lifecycle.acknowledge has \"*\" together with class: low, and neither alone.", ""},
    RuleInfo{"CPS053", error,
             "A warning that is not of the class low is acknowledged together with its text; \"*\" never is.", ""},
    RuleInfo{"CPS054", error, "lifecycle.certificate names a signer, or files, not both.", ""},
    RuleInfo{"CPS055", error, "Files of lifecycle.certificate are paths inside the project's folder.", ""},
    RuleInfo{"CPS056", error, "The signer of lifecycle.certificate is one of spec.signers in the project file.", ""},
    RuleInfo{"CPS057", error, "Publishers of lifecycle.dv are those of spec.publishers in the project file.", ""},
    RuleInfo{"CPS058", error,
             "A publisher of the project file is of one kind, has zones for rfc2136, and a name of its own.", ""},
    RuleInfo{"CPS101", error, "dv needs ra lets-encrypt.", "A"},
    RuleInfo{"CPS102", error, "dv needs certificateType san.", "A"},
    RuleInfo{"CPS103", error, "dv needs enableMultiStackedCertificates false.", "A"},
    RuleInfo{"CPS104", error, "ov needs ra symantec.", "B"},
    RuleInfo{"CPS105", error, "third-party is in all of ra, validationType and certificateType, or in none of them.",
             "A"},
    RuleInfo{"CPS106", error, "third-party needs thirdParty.excludeSans.", "A"},
    RuleInfo{"CPS107", error, "thirdParty is only for third-party.", "A"},
    RuleInfo{"CPS108", warning, "ev needs ra symantec.", "C"},
    RuleInfo{"CPS109", error, "ev has no wildcards: neither in certificateType nor in a name.", "B"},
    RuleInfo{"CPS110", error, "csr.preferredTrustChain is only for dv.", "B"},
    RuleInfo{"CPS111", warning, "With orgId, an ov or ev enrollment leaves out org and both contacts.", "B"},
    RuleInfo{"CPS112", error, "dnsNameSettings is only for sniOnly true.", "A"},
    RuleInfo{"CPS113", warning, "sniOnly true comes with dnsNameSettings.", "C"},
    RuleInfo{"CPS114", warning, "cloneDnsNames false needs names in dnsNames.", "C"},
    RuleInfo{"CPS115", warning, "Each of dnsNames is the common name or one of the SANs.", "C"},
    RuleInfo{"CPS116", warning, "Wildcard names of dv are validated by DNS only.", "C"},
    RuleInfo{"CPS117", warning, "A wildcard certificateType has a wildcard name.", "C"},
    RuleInfo{"CPS118", warning, "china+core and russia+core need the contract's approval.", "B"},
    RuleInfo{"CPS119", warning, "A SAN appears once.", "C"},
    RuleInfo{"CPS120", error, "Names are host names, not IP addresses.", "B"},
    RuleInfo{"CPS121", warning, "A country is one of ISO 3166's codes: GB, not UK.", "C", true},
    RuleInfo{"CPS122", error,
             "A common name appears once in a contract, unless the others have lifecycle.allowDuplicateCn.", "A"},
    RuleInfo{"CPS123", warning, "A name is not on an Enhanced TLS and a Standard TLS certificate at once.", "B"},
    RuleInfo{"CPS124", warning, "Names are valid host names, which a public CA issues for where one is to.", "B", true},
    RuleInfo{"CPS125", warning, "Parts of the subject keep to the lengths of X.509: 64 bytes for cn, o and ou.", "B",
             true},
    RuleInfo{"CPS126", warning, "Organisation and contacts have what CPS asks of them, unless orgId is set.", "B",
             true},
    RuleInfo{"CPS127", warning, "No text is a placeholder that somebody was to fill in.", "C", true},
    RuleInfo{"CPS128", warning, "Texts have no blanks or line ends around them; they are not sent.", "C"},
    RuleInfo{"CPS129", warning, "fipsMode has TLS 1.2 or 1.3, and a cipher profile of today in both cipher fields.",
             "A"},
    RuleInfo{"CPS130", warning, "A wildcard of dv makes no other name of the same certificate redundant.", "C", true},
    RuleInfo{"CPS131", warning, "A name is in one certificate of its contract and network only.", "C"},
    RuleInfo{"CPS132", warning, "An enrollment has at most 100 names, unless CPS allows it more.", "B"},
    RuleInfo{"CPS133", warning, "Names are written as they are sent: as A-labels, without a dot behind them.", "B"},
};

/// Four numbers: resolvers and browsers read such a name as an address, whatever a certificate says.
bool is_address(std::string_view name) {
  auto const parts = text::split(name, '.');
  return parts.size() == 4 && std::ranges::all_of(parts, [](std::string_view part) {
           return !part.empty() && part.size() <= 3 &&
                  std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
         });
}

constexpr char const* ra = "/ra";
constexpr char const* validation = "/validationType";
constexpr char const* type = "/certificateType";
constexpr char const* third_party = "/thirdParty";
constexpr char const* dns_settings = "/networkConfiguration/dnsNameSettings";

void check_dv(Enrollment const& e) {
  if (e.text(validation) != "dv") return;
  e.demand("CPS101", ra, "lets-encrypt", "validationType dv");
  e.demand("CPS102", type, "san", "validationType dv");
  if (e.is("/enableMultiStackedCertificates", true))
    e.report("CPS103", "/enableMultiStackedCertificates", "true does not go with validationType dv", "write false");
  for (auto const& [pointer, name] : e.all_names())
    if (is_wildcard(name))
      e.report("CPS116", pointer, fmt::format("the wildcard {} can be validated by DNS only (dns-01)", name),
               "plan for the DNS record, or name the hosts one by one");
}

void check_ov_and_ev(Enrollment const& e) {
  std::string_view const kind = e.text(validation);
  if (kind == "ov") e.demand("CPS104", ra, "symantec", "validationType ov");
  if (kind == "ev") e.demand("CPS108", ra, "symantec", "validationType ev");
  if ((kind == "ov" || kind == "ev") && e.text(type) == "third-party")
    e.report("CPS105", type, fmt::format("\"third-party\" does not go with validationType {}", kind),
             "write san or single, or make all three fields third-party");
  if (kind != "ev") return;
  if (e.text(type).starts_with("wildcard"))
    e.report("CPS109", type, fmt::format("\"{}\" does not go with validationType ev", e.text(type)),
             "write san or single; wildcards need ov");
  for (auto const& [pointer, name] : e.all_names())
    if (is_wildcard(name))
      e.report("CPS109", pointer, fmt::format("the wildcard {} does not go with validationType ev", name),
               "name the hosts one by one, or use ov");
}

void check_third_party(Enrollment const& e) {
  bool const chosen = e.text(validation) == "third-party";
  if (chosen) {
    e.demand("CPS105", ra, "third-party", "validationType third-party");
    e.demand("CPS105", type, "third-party", "validationType third-party");
    if (e.whole && !e.has(third_party))
      e.report("CPS106", validation, "third-party needs the field thirdParty",
               "add thirdParty: { excludeSans: false }");
  } else if (!e.text(validation).empty() && e.has(third_party)) {
    e.report("CPS107", third_party, fmt::format("does not go with validationType {}", e.text(validation)), "remove it");
  }
}

void check_trust_chain(Enrollment const& e) {
  std::string_view const kind = e.text(validation);
  if (!kind.empty() && kind != "dv" && !e.text("/csr/preferredTrustChain").empty())
    e.report("CPS110", "/csr/preferredTrustChain", fmt::format("does not go with validationType {}", kind),
             "remove it: only dv has a choice of trust chains");
}

/// DigiCert knows the organisation by its id: what else the manifest says of it is not used.
void check_organisation(Enrollment const& e) {
  std::string_view const kind = e.text(validation);
  if (!e.has("/orgId") || (kind != "ov" && kind != "ev")) return;
  for (char const* const field : {"/org", "/adminContact", "/techContact"})
    if (e.has(field)) e.report("CPS111", field, "is not used when orgId is set", "leave it out, or remove orgId");
}

void check_dns_names(Enrollment const& e) {
  std::string const settings = dns_settings;
  bool const has = e.has(settings);
  if (has && e.is("/networkConfiguration/sniOnly", false))
    e.report("CPS112", settings, "does not go with sniOnly false", "remove it, or set sniOnly: true");
  if (!has && e.whole && e.is("/networkConfiguration/sniOnly", true))
    e.report("CPS113", "/networkConfiguration/sniOnly",
             "sniOnly true without dnsNameSettings leaves the served names to CPS",
             "add dnsNameSettings: { cloneDnsNames: true }");
  if (!e.is(settings + "/cloneDnsNames", false)) return;
  auto const served = e.names(settings + "/dnsNames");
  if (served.empty() && e.whole)
    e.report("CPS114", settings, "cloneDnsNames is false, and dnsNames names no host",
             "list the names to serve in dnsNames, or set cloneDnsNames: true");
  std::set<std::string> known;
  for (auto const& [pointer, name] : e.all_names()) known.insert(name);
  for (auto const& [pointer, name] : served)
    if (!known.contains(name) && e.whole)
      e.report("CPS115", pointer, fmt::format("{} is neither the common name nor a SAN", name),
               "add it to csr.sans, or remove it here");
}

void check_names(Enrollment const& e) {
  std::map<std::string, std::string> first;
  for (auto const& [pointer, name] : e.names("/csr/sans"))
    if (auto const [earlier, fresh] = first.emplace(name, pointer); !fresh)
      e.report("CPS119", pointer,
               fmt::format("{} is in the list already, as {}", name,
                           json::dotted(std::string_view(earlier->second).substr(1 + std::string_view("csr").size()))),
               "remove one of them");
  auto all = e.all_names();
  auto const served = e.names(std::string(dns_settings) + "/dnsNames");
  all.insert(all.end(), served.begin(), served.end());
  for (auto const& [pointer, name] : all)
    if (is_address(name)) e.report("CPS120", pointer, fmt::format("{} is an IP address", name), "write a host name");
  auto const names = e.all_names();
  bool const has_wildcard = std::ranges::any_of(names, [](auto const& name) { return is_wildcard(name.second); });
  if (e.text(type).starts_with("wildcard") && !has_wildcard && e.whole)
    e.report("CPS117", type, fmt::format("\"{}\", but no name begins with \"*.\"", e.text(type)),
             "add the wildcard name, or write san");
}

void check_regions(Enrollment const& e) {
  constexpr char const* geography = "/networkConfiguration/geography";
  std::string_view const where = e.text(geography);
  if (where == "china+core" || where == "russia+core")
    e.report("CPS118", geography, fmt::format("{} needs the contract's approval by Akamai", where),
             "ask your account team first, or write core");
}

std::string place_text(Mark const& mark) {
  return fmt::format("{}:{}:{}", mark.file, mark.line, mark.column);
}

Finding between(char const* id, Desired const& desired, std::string const& pointer, std::string message,
                std::string hint) {
  return {.mark = place_of(desired, pointer),
          .severity = rule_of(id).severity,
          .path = json::dotted("/spec/enrollment" + pointer),
          .message = std::move(message),
          .hint = std::move(hint),
          .rule = id};
}

std::vector<std::string> host_names(Desired const& desired) {
  Findings none;
  std::vector<Refusal> neither;
  std::vector<std::string> all;
  for (auto const& [pointer, name] : Enrollment(desired, true, none, neither).all_names()) all.push_back(name);
  return all;
}

void check_common_names(std::span<Desired const> all, Findings& findings) {
  std::map<std::array<std::string, 3>, Desired const*> first;
  for (Desired const& desired : all) {
    std::string_view const cn = json::text_or(json::at(*desired.enrollment, "/csr/cn"), "");
    if (cn.empty() || desired.lifecycle.allow_duplicate_cn) continue;
    auto const [other, fresh] =
        first.emplace(std::array{desired.account_key, desired.contract, text::hostname(cn)}, &desired);
    if (fresh) continue;
    findings.push_back(between("CPS122", desired, "/csr/cn",
                               fmt::format("{} is the common name of \"{}\" too, in the same contract ({})", cn,
                                           other->second->name, place_text(place_of(*other->second, "/csr/cn"))),
                               "remove one of them, or set spec.lifecycle.allowDuplicateCn: true"));
  }
}

void check_networks(std::span<Desired const> all, Findings& findings) {
  constexpr char const* network = "/networkConfiguration/secureNetwork";
  std::map<std::string, Desired const*> first;
  for (Desired const& desired : all) {
    std::string_view const mine = json::text_or(json::at(*desired.enrollment, network), "");
    if (mine.empty()) continue;
    for (std::string const& name : host_names(desired)) {
      auto const [other, fresh] = first.emplace(name, &desired);
      std::string_view const theirs = json::text_or(json::at(*other->second->enrollment, network), "");
      if (fresh || theirs == mine) continue;
      findings.push_back(
          between("CPS123", desired, network,
                  fmt::format("{} is on {} here and on {} in \"{}\"", name, mine, theirs, other->second->name),
                  "serve a name on one network"));
      break;
    }
  }
}

/// CPS serves one certificate for a host name; which of two it is, nobody chose.
void check_shared_names(std::span<Desired const> all, Findings& findings) {
  std::map<std::array<std::string, 4>, Desired const*> first;
  for (Desired const& desired : all) {
    Findings none;
    std::vector<Refusal> neither;
    Enrollment const e(desired, true, none, neither);
    if (desired.lifecycle.allow_duplicate_cn || !e.is("/networkConfiguration/sniOnly", true)) continue;
    std::string const network(e.text("/networkConfiguration/secureNetwork"));
    for (auto const& [pointer, name] : e.all_names()) {
      auto const [other, fresh] =
          first.emplace(std::array{desired.account_key, desired.contract, network, name}, &desired);
      bool const common = pointer == "/csr/cn" &&
                          text::hostname(json::text_or(json::at(*other->second->enrollment, "/csr/cn"), "")) == name;
      if (fresh || other->second == &desired || common) continue;  // the common name has a rule of its own
      findings.push_back(between("CPS131", desired, pointer,
                                 fmt::format("{} is in \"{}\" too, on the same network ({})", text::printable(name),
                                             other->second->name, place_text(place_of(*other->second, "/csr/sans"))),
                                 "keep it in one of them, unless it is just moving"));
    }
  }
}

}  // namespace

RuleInfo const& rule_of(std::string_view id) {
  return *std::ranges::find(table, id, &RuleInfo::id);
}

Mark place_of(Desired const& desired, std::string_view pointer) {
  for (std::string at(pointer);; at.resize(at.rfind('/'))) {
    if (auto const found = desired.marks.find(at); found != desired.marks.end()) return found->second;
    if (at.empty()) return desired.mark;
  }
}

std::span<RuleInfo const> rules() {
  return table;
}

std::vector<Refusal> check_rules(Desired const& desired, bool whole, Findings& findings) {
  std::vector<Refusal> refusals;
  Enrollment const enrollment(desired, whole, findings, refusals);
  for (auto* const check : {check_dv, check_ov_and_ev, check_third_party, check_trust_chain, check_organisation,
                            check_dns_names, check_names, check_regions, check_advice})
    check(enrollment);
  return refusals;
}

void check_rules_between(std::span<Desired const> all, Findings& findings) {
  check_common_names(all, findings);
  check_networks(all, findings);
  check_shared_names(all, findings);
}

}  // namespace cpsctl::manifest

#pragma once
#include "base/finding.hpp"
#include "manifest/types.hpp"

#include <span>
#include <string_view>
#include <vector>

/// What manifests are checked by, apart from the schemas. CPS001 to CPS009 are the schema checker's
/// (schemas/README.md).
namespace cpsctl::manifest {

/// One rule, for `cpsctl help rules`.
struct RuleInfo {
  std::string_view id;
  Severity severity = Severity::error;
  std::string_view demands;    ///< what must hold, one sentence
  std::string_view certainty;  ///< how sure CPS's behaviour is: A, B or C; empty for rules about files
  bool refused_new = false;    ///< CPS or the CA refuses it of something new; what exists may have it
};

/// All rules of this module, by id.
std::span<RuleInfo const> rules();

/// Ids of the rules about files and documents.
namespace rule {
inline constexpr char const* wrong_type = "CPS002";  // shared with the schema checker
inline constexpr char const* missing_field = "CPS003";
inline constexpr char const* malformed = "CPS006";
inline constexpr char const* syntax = "CPS011";
inline constexpr char const* bytes = "CPS012";
inline constexpr char const* duplicate_key = "CPS013";
inline constexpr char const* refused_yaml = "CPS014";
inline constexpr char const* too_much = "CPS015";
inline constexpr char const* separator = "CPS016";
inline constexpr char const* path = "CPS021";
inline constexpr char const* no_manifest = "CPS022";
inline constexpr char const* foreign_document = "CPS023";
inline constexpr char const* duplicate_name = "CPS031";
inline constexpr char const* unknown_profile = "CPS032";
inline constexpr char const* nested_profile = "CPS033";
inline constexpr char const* environment = "CPS041";
inline constexpr char const* deploy_window = "CPS051";
inline constexpr char const* answered_class = "CPS052";
inline constexpr char const* answered_text = "CPS053";
inline constexpr char const* certificate_source = "CPS054";
inline constexpr char const* certificate_file = "CPS055";
inline constexpr char const* unknown_signer = "CPS056";
inline constexpr char const* unknown_publisher = "CPS057";
inline constexpr char const* publisher = "CPS058";
}  // namespace rule

/// Cross-field rules over one enrollment whose fields have been checked; values of a wrong type are skipped.
/// `whole`: fields that are not there are known to be missing. Findings are appended; what the rules that are
/// refused_new have found is returned, for the plan.
std::vector<Refusal> check_rules(Desired const& desired, bool whole, Findings& findings);

/// Rules over several enrollments: common names that repeat in a contract, networks that disagree.
void check_rules_between(std::span<Desired const> all, Findings& findings);

}  // namespace cpsctl::manifest

#pragma once
#include "base/fields.hpp"
#include "base/finding.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <boost/describe.hpp>

/// Desired state: what the manifests say, after profiles are merged.
namespace cpsctl::manifest {

BOOST_DEFINE_ENUM_CLASS(Adopt, never, if_identical, always)
BOOST_DEFINE_ENUM_CLASS(OnPendingChange, refuse, wait, cancel)
BOOST_DEFINE_ENUM_CLASS(Deletion, orphan, delete_)

BOOST_DEFINE_ENUM_CLASS(AnsweredClass, low)

/// A warning of CPS that is answered in advance.
struct Acknowledgement {
  static constexpr std::size_t always_written = 3;
  std::string warning = {};  ///< its id; "*": every one of the class `class_`
  std::string reason = {};
  Day until = {};                            ///< to the end of that day, UTC
  std::optional<AnsweredClass> class_ = {};  ///< of "*" alone
  std::string text = {};                     ///< "sha256:…" of the entry's text; empty: whatever its text is
  bool operator==(Acknowledgement const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Acknowledgement, (), (warning, reason, until, class_, text))

BOOST_DEFINE_ENUM_CLASS(PromotionMode, manual, auto_, after)

/// When what is on staging goes to production. In documents: "manual", "auto", or {"after": "2h"}.
struct Promotion {
  PromotionMode mode = PromotionMode::manual;
  Duration after = {};  ///< of `after`: since staging was first seen
  bool operator==(Promotion const&) const = default;
};

/// Where the certificates of a third-party enrollment come from: a signer, files, or (neither) a person.
struct CertificateSource {
  static constexpr std::size_t always_written = 0;
  std::string signer = {};                       ///< its name in the project file
  std::vector<std::string> key_algorithms = {};  ///< "RSA", "ECDSA"; empty: by the enrollment
  std::vector<std::string> files = {};           ///< relative to the project's folder
  bool operator==(CertificateSource const&) const = default;
};
BOOST_DESCRIBE_STRUCT(CertificateSource, (), (signer, key_algorithms, files))

// authoritative: every name server of the zone. recursive: a resolver. none: nobody is asked.
BOOST_DEFINE_ENUM_CLASS(DvCheck, authoritative, recursive, none)

/// How the names of a DV enrollment are validated: by publishers, or (none) by a person.
struct Validation {
  static constexpr std::size_t always_written = 0;
  std::vector<std::string> publisher = {};  ///< names in the project file
  Duration grace = usual_grace;             ///< for names whose CNAMEs end at Akamai: they validate by themselves
  DvCheck check = DvCheck::authoritative;   ///< what counts as published
  static constexpr Duration usual_grace = std::chrono::minutes(30);
  bool operator==(Validation const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Validation, (), (publisher, grace, check))

/// spec.lifecycle: what may be done to the enrollment, apart from its fields.
struct Lifecycle {
  static constexpr std::size_t always_written = 4;  // states and plans without the others have the same bytes as ever
  Adopt adopt = Adopt::if_identical;
  OnPendingChange on_pending_change = OnPendingChange::refuse;
  Deletion deletion = Deletion::orphan;
  bool allow_duplicate_cn = false;
  std::vector<Acknowledgement> acknowledge = {};
  Promotion promotion = {};
  bool allow_expiry = false;  ///< a deployment date may outlive the live certificate
  std::string hold = {};      ///< why nothing is answered and written; empty: no hold
  CertificateSource certificate = {};
  Validation dv = {};
  bool operator==(Lifecycle const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Lifecycle, (),
                      (adopt, on_pending_change, deletion, allow_duplicate_cn, acknowledge, promotion, allow_expiry,
                       hold, certificate, dv))

/// spec.deploy: deploy-not-before / deploy-not-after, UTC days. Sent, never compared.
struct DeployWindow {
  std::optional<Day> not_before = {};
  std::optional<Day> not_after = {};
  bool has_a_day() const { return !not_before || !not_after || *not_before <= *not_after; }
};
BOOST_DESCRIBE_STRUCT(DeployWindow, (), (not_before, not_after))

/// What CPS or the CA would refuse if it were sent as new or changed. What exists already may have it.
struct Refusal {
  std::string pointer = {};  ///< into `enrollment`
  std::string message = {};
  std::string hint = {};
};

/// A program that the project names, and how it is run.
struct Program {
  std::vector<std::string> exec = {};  ///< argv; at least the program
  Duration timeout = std::chrono::minutes(5);
  std::int64_t parallelism = 4;  ///< so many at once
  json::Ref config = {};         ///< what it is told besides the request; an object, or nothing
};
/// By their names in the project file.
using Programs = std::map<std::string, Program, std::less<>>;

// Where a publisher puts values.
/// Dynamic updates to a zone's primary server.
struct Rfc2136Server {
  std::string server = {};  ///< "ns1.example.com", "192.0.2.1:53"
  std::string key = {};     ///< "env:NAME": the variable that holds the key, or names its file
};
/// Akamai's Edge DNS, with the credentials of CPS.
struct EdgeDns {};
/// Files of http-01 below a folder that the operator grants.
struct Webroot {
  std::string folder = {};
};
/// What brings tokens to where the CA looks.
struct Publisher {
  std::vector<std::string> zones = {};  ///< it is for names in these: "example.com"; empty: for all
  std::variant<Rfc2136Server, EdgeDns, Webroot, Program> kind = {};
};
/// By their names in the project file.
using Publishers = std::map<std::string, Publisher, std::less<>>;

/// One enrollment as the manifests want it.
struct Desired {
  std::string name;  ///< metadata.name, unique in the project
  std::map<std::string, std::string> labels = {};
  Mark mark = {};                ///< the document's metadata.name, for messages
  std::string source = {};       ///< path of the file, relative to the project's folder
  std::string contract = {};     ///< without "ctr_"
  std::string account_key = {};  ///< accountSwitchKey; empty: not set in the manifest
  std::string api_schema = "v11";
  json::Ref enrollment = {};               ///< CPS's request body: only the fields that someone wrote
  std::map<std::string, Mark> marks = {};  ///< JSON pointer into `enrollment` -> where the value was written
  DeployWindow deploy = {};
  Lifecycle lifecycle = {};
  std::vector<Refusal> refusals = {};  ///< by the rules
};
// What a saved plan keeps of it: all but the places, and what the rules say.
BOOST_DESCRIBE_STRUCT(Desired, (),
                      (name, labels, source, contract, account_key, api_schema, enrollment, deploy, lifecycle))

/// What loading gave. With an error among the findings `desired` is incomplete and must not be planned on.
struct Loaded {
  std::vector<Desired> desired = {};    ///< sorted by name
  std::vector<Finding> findings = {};   ///< sorted by place
  std::vector<std::string> paths = {};  ///< the PATHs that were looked at, as `source` has them: scope for orphans
  std::size_t files = 0;
  std::size_t profiles = 0;
  std::vector<std::string> profile_names = {};  ///< sorted
  std::set<std::string> variables = {};         ///< names of the environment that some of its values come from
};

}  // namespace cpsctl::manifest

template <>
struct cpsctl::fields::Codec<cpsctl::manifest::Promotion> {
  template <class Handler>
  static void out(manifest::Promotion const& value, Handler& handler) {
    if (value.mode == manifest::PromotionMode::after)
      write(std::map<std::string, Duration>{{"after", value.after}}, handler);
    else
      write(value.mode, handler);
  }
  static bool in(json::Value const& v, manifest::Promotion& value) {
    if (!v.IsObject()) return from_json(v, value.mode) && value.mode != manifest::PromotionMode::after;
    value.mode = manifest::PromotionMode::after;
    json::Value const* const after = json::find(v, "after");
    return after != nullptr && from_json(*after, value.after);
  }
};

#pragma once
#include "base/json.hpp"
#include "cli/options.hpp"
#include "cli/world.hpp"
#include "report/challenges.hpp"
#include "report/result.hpp"
#include "report/status.hpp"

#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

/// The forms of documents. A new one: its word in options.hpp, its renderers in report/, a row in formats.cpp.
namespace cpsctl::cli {

/// The formats that there are of a document; every one has text.
std::vector<Format> formats_of(Document document);

struct PlanDocument {
  plan::PlanView const& plan;
  report::Cost const& cost;
};

struct ResultDocument {
  std::vector<report::ResultRow> rows;
  report::ResultFacts facts;
  plan::PlanView const& plan;
};

struct StatusDocument {
  report::Status const& status;
};

struct ChallengesDocument {
  report::Challenges const& challenges;
  std::string zone = {};  ///< of octodns, which has a file a zone
};

struct FindingsDocument {
  std::span<Finding const> findings;
  std::set<std::string> files;  ///< also those without findings
};

/// Makes a document in a format other than text and JSON. One that the document lacks is a bug: the command line has
/// been checked.
using Forms = std::function<std::string(Format)>;

Forms forms_of(PlanDocument document, World& world);
Forms forms_of(ResultDocument document, World& world);
Forms forms_of(StatusDocument document, World& world);
Forms forms_of(FindingsDocument document, World& world);
Forms forms_of(ChallengesDocument document, World& world);
/// Of a failure there is every format: it takes the place of any document.
Forms forms_of(report::Failure const& failure, World& world);

/// As reports have it. CI systems read commands such as ##vso[…] and ##[…] anywhere in a line of a log; JSON can say
/// the same without.
std::string pretty(json::Document const& document);

/// Every rule that a finding may name, by id.
std::vector<report::RuleText> all_rules();

/// "0.1.0".
char const* program_version();

}  // namespace cpsctl::cli

#include "cli/formats.hpp"

#include "base/fields.hpp"
#include "cli/manifests.hpp"
#include "manifest/rules.hpp"
#include "report/report.hpp"
#include "schema/schema.hpp"

#include <filesystem>
#include <stdexcept>

namespace cpsctl::cli {
namespace {

template <class D>
using Render = std::string (*)(D const& document, World& world);

/// A format that documents have in common, and who makes each of them in it.
struct Row {
  Format format;
  Render<PlanDocument> plan = nullptr;
  Render<ResultDocument> result = nullptr;
  Render<StatusDocument> status = nullptr;
  Render<FindingsDocument> findings = nullptr;
  Render<ChallengesDocument> challenges = nullptr;
  Render<report::Failure> failure;
};

/// A file's name below the root of the repository: annotations are shown only where the names agree.
std::string below(std::filesystem::path const& root, std::string const& file) {
  std::error_code problem;
  auto const whole = std::filesystem::absolute(file, problem).lexically_normal();
  auto const inside = whole.lexically_relative(root.lexically_normal());
  bool const outside = problem || inside.empty() || *inside.begin() == "..";
  return outside ? file : inside.string();
}

/// What SARIF and annotations need: sources, rules, version, and GITHUB_WORKSPACE as the repository's root.
report::Surroundings surroundings(World& world) {
  report::Surroundings around{.source = source_text(world), .rules = all_rules(), .version = program_version()};
  if (auto root = world.environment("GITHUB_WORKSPACE"); root && !root->empty())
    around.path_in_repository = [root = std::move(*root)](std::string const& file) { return below(root, file); };
  return around;
}

using Plan = PlanDocument;
using Result = ResultDocument;
using Status = StatusDocument;
using Findings = FindingsDocument;
using Challenges = ChallengesDocument;
using Failure = report::Failure;

Row const rows[] = {
    {.format = Format::md,
     .plan = [](Plan const& of, World&) { return report::plan_markdown(of.plan, of.cost); },
     .result = [](Result const& of, World&) { return report::result_markdown(of.rows, of.facts, of.plan); },
     .status = [](Status const& of, World&) { return report::status_markdown(of.status); },
     .failure = [](Failure const& of, World&) { return report::failure_markdown(of); }},
    {.format = Format::csv,
     .status = [](Status const& of, World&) { return report::status_csv(of.status); },
     .failure = [](Failure const& of, World&) { return report::failure_csv(of); }},
    {.format = Format::sarif,
     .findings = [](Findings const& of, World& w) { return pretty(findings_sarif(of.findings, surroundings(w))); },
     .failure = [](Failure const& of, World& w) { return pretty(failure_sarif(of, surroundings(w))); }},
    {.format = Format::github,
     .findings = [](Findings const& of, World& w) { return findings_github(of.findings, surroundings(w)); },
     .failure = [](Failure const& of, World& w) { return failure_github(of, surroundings(w)); }},
    {.format = Format::junit,
     .plan = [](Plan const& of, World&) { return report::plan_junit(of.plan); },
     .result = [](Result const& of, World&) { return report::result_junit(of.rows, of.facts, of.plan); },
     .findings = [](Findings const& of, World&) { return report::findings_junit(of.findings, of.files); },
     .failure = [](Failure const& of, World&) { return report::failure_junit(of); }},
    {.format = Format::zone,
     .challenges = [](Challenges const& of, World&) { return report::challenges_zone(of.challenges); },
     .failure = [](Failure const& of, World&) { return report::failure_comment(of, ";"); }},
    {.format = Format::nsupdate,
     .challenges = [](Challenges const& of, World&) { return report::challenges_nsupdate(of.challenges); },
     .failure = [](Failure const& of, World&) { return report::failure_comment(of, ";"); }},
    {.format = Format::octodns,
     .challenges = [](Challenges const& of, World&) { return report::challenges_octodns(of.challenges, of.zone); },
     .failure = [](Failure const& of, World&) { return report::failure_comment(of, "#"); }},
};

template <class D>
Forms forms(D document, World& world, Render<D> Row::*column) {
  return [document = std::move(document), &world, column](Format format) {
    for (Row const& row : rows)
      if (row.format == format && row.*column != nullptr) return (row.*column)(document, world);
    throw std::logic_error("a document without the format " + fields::word(format));
  };
}

}  // namespace

std::vector<Format> formats_of(Document document) {
  std::vector<Format> formats{Format::text};
  if (document != Document::none) formats.push_back(Format::json);
  for (Row const& row : rows)
    if ((document == Document::plan && row.plan != nullptr) ||
        (document == Document::result && row.result != nullptr) ||
        (document == Document::status && row.status != nullptr) ||
        (document == Document::findings && row.findings != nullptr) ||
        (document == Document::challenges && row.challenges != nullptr))
      formats.push_back(row.format);
  return formats;
}

Forms forms_of(PlanDocument document, World& world) {
  return forms(document, world, &Row::plan);
}
Forms forms_of(ResultDocument document, World& world) {
  return forms(std::move(document), world, &Row::result);
}
Forms forms_of(StatusDocument document, World& world) {
  return forms(document, world, &Row::status);
}
Forms forms_of(FindingsDocument document, World& world) {
  return forms(std::move(document), world, &Row::findings);
}
Forms forms_of(ChallengesDocument document, World& world) {
  return forms(std::move(document), world, &Row::challenges);
}
Forms forms_of(report::Failure const& failure, World& world) {
  return forms(failure, world, &Row::failure);
}

std::string pretty(json::Document const& document) {
  std::string const plain = json::pretty(document) + '\n';
  std::string text;
  text.reserve(plain.size());
  for (std::size_t at = 0; at < plain.size(); ++at)
    if (plain.compare(at, 2, "##") == 0)
      text += "\\u0023";
    else
      text += plain[at];
  return text;
}

std::vector<report::RuleText> all_rules() {
  std::vector<report::RuleText> rules;
  for (auto const& rule : schema::rules()) rules.push_back({.id = rule.id, .demands = rule.demands});
  for (auto const& rule : manifest::rules())
    rules.push_back({.id = rule.id, .severity = rule.severity, .demands = rule.demands});
  return rules;
}

}  // namespace cpsctl::cli

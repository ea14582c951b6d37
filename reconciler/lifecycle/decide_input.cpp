#include "lifecycle/decide_input.hpp"

#include "base/text.hpp"
#include "lifecycle/pending.hpp"
#include "lifecycle/validation.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::lifecycle {
namespace {

constexpr std::size_t listed = 300;  // bytes of names in a text

std::string ack(AtInput const& at) {
  return fmt::format("cpsctl ack {}", at.seen.name);
}

/// Why the policy says nothing to a warning. What CPS warns of stands beside it, whole.
std::string words(AtInput const& at, Warning const& warning) {
  if (!warning.known()) return "a warning that cpsctl does not know is answered by hand alone";
  auto const ended = ended_answer(at.policy, warning, at.now);
  if (!ended) return fmt::format("{} is not answered", warning.id);
  return fmt::format("{} is not answered any more: its acknowledgement ended on {}", warning.id, day_text(*ended));
}

/// Each reason once: several warnings may have the same. None where a person answers whatever the policy says.
void add_reasons(AtInput const& at, std::vector<Warning> const& left, std::vector<std::string>& reasons) {
  if (at.by_hand_only()) return;
  for (Warning const& one : left)
    if (std::string reason = words(at, one); std::ranges::count(reasons, reason) == 0)
      reasons.push_back(std::move(reason));
}

/// The CSR for an algorithm. csr.v1 has one and does not say which it is for.
cps::Csr const* csr_for(cps::Csrs const& csrs, std::string_view algorithm, bool only_one) {
  auto const found = std::ranges::find_if(csrs.csrs, [&](cps::Csr const& one) {
    return one.key_algorithm == algorithm || (one.key_algorithm.empty() && only_one && csrs.csrs.size() == 1);
  });
  return found == csrs.csrs.end() ? nullptr : &*found;
}

/// What speaks against what is on staging, apart from warnings.
std::vector<std::string> objections(AtInput const& at, cps::PendingDeployment const& pending) {
  std::vector<std::string> all;
  for (cps::ValidationMessage const& error : pending.errors)
    all.push_back(fmt::format("CPS's validation failed: {}", text::excerpt(error.message, listed)));
  bool const shows = !pending.certificates.empty() || (pending.network && !pending.network->ObjectEmpty());
  if (!shows) all.emplace_back("CPS does not show what would go live");
  for (std::string const& difference : at.seen.differences.value_or(std::vector<std::string>()))
    all.push_back("it is not what the manifest wants: " + difference);
  return all;
}

}  // namespace

std::optional<std::string> AtInput::by_hand_only() const {
  if (owner == Owner::other)
    return "the manifest does not answer another party's changes: leave it to them, or answer by hand";
  switch (policy.standing) {
    case Standing::manifest: return std::nullopt;
    case Standing::orphan: return "no manifest wants the enrollment any more";
    case Standing::removal: return "a removal is answered by a person";
  }
  return "nobody wants it";
}

Missing AtInput::missing(std::string what) const {
  Missing made{.input = input, .what = std::move(what)};
  if (auto reason = by_hand_only()) made.because.push_back(std::move(*reason));
  return made;
}

std::vector<Warning> AtInput::left_of(std::vector<Warning> const& warnings) const {
  return by_hand_only() ? warnings : unanswered(policy, warnings, now);
}

Due decide_warnings(AtInput const& at, cps::WarningsText const& text) {
  auto warnings = read_warnings(text.warnings);
  auto left = at.left_of(warnings);
  if (!at.by_hand_only() && !warnings.empty() && left.empty())
    return Acknowledges{.input = at.input, .entries = std::move(warnings)};
  Missing missing = at.missing("the acknowledgement of warnings");
  missing.commands.push_back(ack(at));
  if (warnings.empty()) missing.because.emplace_back("CPS does not show their text");
  add_reasons(at, left, missing.because);
  bool const all_known = std::ranges::all_of(left, &Warning::known);
  if (!at.by_hand_only() && all_known && !left.empty())
    missing.yaml = "acknowledge:\n" + acknowledge_yaml(left, at.now);
  missing.unanswered = std::move(left);
  return missing;
}

Due decide_validation(AtInput const& at, cps::Challenges const& challenges) {
  std::vector<std::string> const names = awaited(challenges).names;
  if (names.empty()) {
    bool const all = !challenges.dv.empty() && std::ranges::all_of(challenges.dv, is_validated);
    if (all) return Waits{.who = Who::ca, .what = "the CA issues the certificate", .since = at.seen.since};
    return Waits{.what = "CPS asks the CA for challenges", .since = at.seen.since};
  }
  std::string const which = fmt::format("{}: {}", text::counted(names.size(), "name"),
                                        text::excerpt(fmt::format("{}", fmt::join(names, ", ")), listed));
  Tokens found = tokens(challenges);
  manifest::Validation const& by = at.policy.lifecycle.dv;
  bool const by_policy = !by.publisher.empty() && !found.tokens.empty() && !at.by_hand_only();
  if (by_policy && was_given(at.seen, at.input, challenges))
    return Waits{.who = Who::ca, .what = "the CA looks for the published tokens of " + which, .since = at.seen.since};
  if (by_policy) return Publishes{.input = at.input, .by = by, .tokens = std::move(found.tokens), .names = names};
  Missing missing = at.missing("the validation of " + which);
  missing.commands = {fmt::format("cpsctl challenges {}", at.seen.name), "publish what it prints, and " + ack(at)};
  missing.because.emplace_back("only names whose CNAMEs end at Akamai validate by themselves");
  missing.because.insert(missing.because.end(), found.odd.begin(), found.odd.end());
  if (!at.by_hand_only()) missing.because.emplace_back("the manifest names no publisher (cpsctl help dv)");
  return missing;
}

Due decide_certificate(AtInput const& at, cps::Csrs const& csrs) {
  manifest::CertificateSource const& source = at.policy.lifecycle.certificate;
  auto const algorithms = wanted_algorithms(at.policy);
  Uploads uploads{.input = at.input, .source = source};
  std::vector<std::string> lacking;
  for (std::string const& algorithm : algorithms) {
    cps::Csr const* const found = csr_for(csrs, algorithm, algorithms.size() == 1);
    if (found != nullptr)
      uploads.csrs.push_back(*found);
    else
      lacking.push_back(algorithm);
  }
  bool const has_source = !source.signer.empty() || !source.files.empty();
  bool const again = was_given(at.seen, at.input, csrs);
  auto const& offer = at.seen.offer;
  bool const offers = !offer || offer->upload;
  bool const by_policy = !at.by_hand_only() && has_source && lacking.empty() && !again && offers;
  if (by_policy && at.seen.signer_waits && *at.seen.signer_waits > Duration())
    return Waits{.who = Who::ca,
                 .what = fmt::format("the signer {} has not answered yet; it is asked again in {}", source.signer,
                                     duration_text(*at.seen.signer_waits)),
                 .since = at.seen.since};
  if (by_policy) return uploads;
  Missing missing = at.missing("the certificate for its CSR");
  std::string const upload = fmt::format("cpsctl upload {} FILE", at.seen.name);
  bool const in_files = !at.by_hand_only() && !source.files.empty();
  missing.commands = {fmt::format("cpsctl csr {}", at.seen.name),
                      in_files ? fmt::format("have it signed, and put the certificate and its chain into {}; or: {}",
                                             fmt::join(source.files, ", "), upload)
                               : upload};
  if (at.by_hand_only()) return missing;
  if (!lacking.empty())
    missing.because.push_back(fmt::format("the policy wants {}, and CPS has no CSR for that",
                                          text::excerpt(fmt::format("{}", fmt::join(lacking, " and ")), listed)));
  if (has_source && !offers) {
    missing.because.insert(missing.because.end(), offer->because.begin(), offer->because.end());
    missing.commands.insert(missing.commands.begin(), offer->next.begin(), offer->next.end());
  }
  if (again) missing.because.emplace_back("certificates for these CSRs were uploaded already, and CPS still asks");
  if (!has_source) {
    missing.because.emplace_back("the manifest names neither a signer nor files");
    missing.yaml = "certificate: { files: [FILE] }\n";
  }
  return missing;
}

Due decide_promotion(AtInput const& at, cps::PendingDeployment const& pending) {
  manifest::Promotion const& promotion = at.policy.lifecycle.promotion;
  auto left = at.left_of(validation_warnings(pending));
  auto reasons = objections(at, pending);
  bool const manual = promotion.mode == manifest::PromotionMode::manual;
  bool const by_policy = !manual && !at.by_hand_only();
  if (by_policy && !at.seen.differences) reasons.emplace_back("what would go live was not compared with the manifest");
  if (by_policy && reasons.empty() && left.empty()) {
    WallTime const due = at.seen.staging_since.value_or(at.now) + promotion.after;
    if (promotion.mode == manifest::PromotionMode::after && at.now < due)
      return Waits{
          .who = Who::policy,
          .what = fmt::format("it is approved {} after it was first seen on staging", duration_text(promotion.after)),
          .since = at.seen.staging_since,
          .until = due};
    return Approves{.input = at.input,
                    .validation_result_hash = pending.validation_result_hash,
                    .fingerprint = pending.fingerprint};
  }
  Missing missing = at.missing("the approval of what is on staging");
  bool const failed = !pending.errors.empty();  // nobody can approve that
  missing.commands.push_back(failed ? fmt::format("cpsctl cancel {}", at.seen.name)
                                    : fmt::format("{} --fingerprint {}", ack(at), pending.fingerprint));
  if (manual && !at.by_hand_only()) missing.because.emplace_back("promotion is manual");
  // The policy could say no more than yes to what is known and not to change any more.
  bool const would_do = reasons.empty() && std::ranges::all_of(left, &Warning::known);
  if (would_do && !at.by_hand_only()) {
    if (manual) missing.yaml = "promotion: auto\n";
    if (!left.empty()) missing.yaml += "acknowledge:\n" + acknowledge_yaml(left, at.now);
  }
  std::ranges::move(reasons, std::back_inserter(missing.because));
  add_reasons(at, left, missing.because);
  missing.unanswered = std::move(left);
  return missing;
}

}  // namespace cpsctl::lifecycle

#include "lifecycle/certificates.hpp"

#include "base/text.hpp"
#include "lifecycle/pending.hpp"
#include "pki/certificate.hpp"
#include "pki/csr.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace cpsctl::lifecycle {
namespace {

std::optional<pki::KeyAlgorithm> algorithm_named(std::string_view name) {
  pki::KeyAlgorithm found{};
  bool const known = boost::describe::enum_from_string(std::string(name).c_str(), found);
  return known ? std::optional(found) : std::nullopt;
}

std::string name_of(pki::KeyAlgorithm algorithm) {
  return boost::describe::enum_to_string(algorithm, "");
}

/// The CSRs as pki knows them; what cannot be read is told instead.
std::vector<pki::OpenCsr> open_csrs(Order const& order, std::vector<std::string>& unreadable) {
  std::vector<pki::OpenCsr> open;
  for (cps::Csr const& one : order.csrs) {
    auto csr = pki::read_csr(one.csr);
    if (!csr) unreadable.push_back("CPS's CSR cannot be used: " + csr.error().message);
    if (!csr) continue;
    auto const algorithm = csr->key.algorithm ? csr->key.algorithm : algorithm_named(one.key_algorithm);
    if (algorithm) open.push_back({.algorithm = *algorithm, .csr = std::move(*csr)});
  }
  return open;
}

cps::Upload upload_of(pki::Ready const& ready) {
  cps::Upload upload;
  for (pki::Upload const& one : ready.uploads)
    upload.certificates.push_back(
        {.key_algorithm = name_of(one.algorithm), .certificate = one.certificate, .trust_chain = one.trust_chain});
  return upload;
}

/// "CN=www.example.com" of a subject: who reads it knows the rest.
std::string_view common_name_of(std::string_view subject) {
  if (!subject.starts_with("CN=")) return subject;
  std::size_t end = subject.find(',');
  while (end != std::string_view::npos && subject[end - 1] == '\\') end = subject.find(',', end + 1);
  return subject.substr(0, end);
}

using pki::FindingCode;

/// Why there is none for a CSR: then that there is none goes without saying.
constexpr std::array explain_absence{FindingCode::private_key,       FindingCode::wrong_form, FindingCode::unreadable,
                                     FindingCode::no_certificate,    FindingCode::csr_older,  FindingCode::csr_void,
                                     FindingCode::key_matches_no_csr};
/// The CSR is to be signed: whoever asks knows the commands for that.
constexpr std::array ask_to_sign{FindingCode::certificate_missing, FindingCode::csr_older, FindingCode::csr_void,
                                 FindingCode::key_matches_no_csr};

bool is_one_of(std::span<FindingCode const> codes, FindingCode code) {
  return std::ranges::find(codes, code) != codes.end();
}

}  // namespace

std::string words(pki::Finding const& finding) {
  std::string where = finding.at.file;
  if (finding.at.line > 0) where += fmt::format(":{}", finding.at.line);
  std::string text = where.empty() ? std::string() : where + ": ";
  if (!finding.subject.empty()) text += text::excerpt(common_name_of(finding.subject), 120) + ": ";
  return text + finding.message;
}

Offer offer_of(Order const& order, std::span<pki::Source const> sources) {
  Offer offer;
  pki::Question question{.csrs = open_csrs(order, offer.because),
                         .former = order.former,
                         .required = {.names = order.names, .now = order.now}};
  for (std::string const& name : order.algorithms)
    if (auto const algorithm = algorithm_named(name)) question.wanted.push_back(*algorithm);
  if (!offer.because.empty()) return offer;
  pki::Match const match = pki::match(question, sources);
  bool const ready = std::holds_alternative<pki::Ready>(match.outcome);
  bool const explained = std::ranges::any_of(match.findings, [](pki::Finding const& finding) {
    return finding.level != pki::Level::warning && is_one_of(explain_absence, finding.code);
  });
  for (pki::Finding const& finding : match.findings) {
    bool const stops = finding.level != pki::Level::warning;
    if (explained && finding.code == FindingCode::certificate_missing) continue;
    offer.unknown_key = offer.unknown_key || (stops && finding.code == FindingCode::key_matches_no_csr);
    (stops && !ready ? offer.because : offer.notes).push_back(words(finding));
    if (!stops && finding.code == FindingCode::key_matches_no_csr) offer.strays.push_back(words(finding));
    bool const says_more = stops && !ready && !finding.next.empty() && !is_one_of(ask_to_sign, finding.code);
    if (says_more && std::ranges::count(offer.next, finding.next) == 0) offer.next.push_back(finding.next);
  }
  if (auto const* const done = std::get_if<pki::Ready>(&match.outcome)) {
    offer.upload = upload_of(*done);
    offer.digest = done->digest;
    offer.expires = done->earliest_expiry;
  } else if (offer.because.empty()) {
    offer.because.emplace_back("there is no certificate for its CSR yet");
  }
  return offer;
}

std::vector<std::string> differences(cps::PendingDeployment const& pending,
                                     std::vector<std::string> const& wanted_names, json::Value const& wanted_network) {
  std::vector<std::vector<std::string>> names;
  for (cps::PendingCertificate const& one : pending.certificates) {
    auto const certificate = pki::read_certificate(one.full_certificate);
    if (!certificate) return {"a pending certificate cannot be read: " + certificate.error().message};
    std::vector<std::string>& found = names.emplace_back();
    if (!certificate->common_name.empty()) found.push_back(certificate->common_name);
    for (pki::AlternativeName const& name : certificate->names)
      if (name.kind == pki::NameKind::dns) found.push_back(name.value);
  }
  return pending_differences(pending, names, wanted_names, wanted_network);
}

}  // namespace cpsctl::lifecycle

#include "base/text.hpp"
#include "fuzz/fuzz.hpp"
#include "pki/certificate.hpp"
#include "pki/csr.hpp"
#include "pki/match.hpp"
#include "pki/pile.hpp"

#include <algorithm>

#include <fmt/format.h>

using namespace cpsctl;

/// Any text as certificates with the CSRs that it has itself: what is read goes out as it came in, what is ready is
/// what was asked for, order says nothing, and a private key is refused wherever it stands.
namespace {

constexpr std::string_view secret = "c4naryc4naryc4nary";

void are_words(std::vector<pki::Finding> const& findings) {
  for (pki::Finding const& one : findings)
    for (std::string const& words : {one.message, one.next, one.subject, one.serial}) {
      fuzz::holds(fuzz::is_printable(words), "a finding is one line", words);
      fuzz::holds(words.size() < 8192, "a finding is short", words);
    }
}

/// The first CSR of each algorithm in the text; its names are those of the enrollment.
pki::Question question_of(std::string const& text) {
  pki::Question question;
  question.required.now = std::chrono::sys_days(std::chrono::year(2026) / 12 / 1);
  for (pki::Block const& block : pki::read_blocks({"text", text}).blocks) {
    auto const csr = block.kind == pki::BlockKind::csr ? pki::read_csr(pki::pem_text(block.kind, block.der))
                                                       : Result<pki::Csr>(Error());
    if (!csr || !csr->key.algorithm) continue;
    if (std::ranges::find(question.wanted, *csr->key.algorithm) != question.wanted.end()) continue;
    question.wanted.push_back(*csr->key.algorithm);
    question.csrs.push_back({.algorithm = *csr->key.algorithm, .csr = *csr});
    for (auto const& name : csr->names)
      if (name.kind == pki::NameKind::dns) question.required.names.push_back(name.value);
  }
  return question;
}

void is_what_was_asked_for(pki::Ready const& ready, pki::Question const& question) {
  fuzz::holds(!ready.uploads.empty() && ready.uploads.size() == question.wanted.size(), "all are ready or none is");
  for (pki::Upload const& one : ready.uploads) {
    auto const leaf = pki::read_certificate(one.certificate);
    auto const open = std::ranges::find(question.csrs, one.algorithm, &pki::OpenCsr::algorithm);
    fuzz::holds(leaf && leaf->key.digest == open->csr.key.digest, "a leaf has its CSR's key");
    fuzz::holds(!leaf->is_ca && pki::has_server_auth(*leaf), "a leaf is a server's");
    fuzz::holds(one.trust_chain.find(one.certificate) == std::string::npos, "a chain goes without its leaf");
    fuzz::holds(ready.earliest_expiry <= leaf->not_after, "the earliest expiry counts");
  }
  fuzz::holds(ready.digest == pki::upload_digest(ready.uploads), "the digest is that of the uploads");
}

/// The same certificates, each in a source of its own, the last one first.
std::vector<pki::Source> turned(pki::Pile const& pile) {
  std::vector<pki::Source> sources;
  for (auto one = pile.certificates.rbegin(); one != pile.certificates.rend(); ++one)
    sources.push_back({.name = fmt::format("{}", sources.size()), .text = pki::to_pem(one->certificate)});
  return sources;
}

bool has_error(std::vector<pki::Finding> const& findings) {
  return std::ranges::find(findings, pki::Level::error, &pki::Finding::level) != findings.end();
}

void is_matched(std::string const& text, pki::Pile const& pile) {
  auto const question = question_of(text);
  auto const match = pki::match(question, pile);
  are_words(match.findings);
  fuzz::holds(has_error(match.findings) == std::holds_alternative<pki::Refused>(match.outcome), "errors refuse");
  if (auto const* ready = std::get_if<pki::Ready>(&match.outcome)) is_what_was_asked_for(*ready, question);
  if (has_error(pile.findings) || text.size() % 4 != 0) return;  // OpenSSL takes its time for each certificate
  fuzz::holds(pki::match(question, turned(pile)).outcome == match.outcome, "order and sources say nothing");
}

void is_read(pki::Certificate const& certificate) {
  auto const again = pki::read_certificate(pki::to_pem(certificate));
  fuzz::holds(again && *again == certificate && again->fingerprint == certificate.fingerprint,
              "it goes out as it came");
  for (std::string const& words :
       {certificate.subject, certificate.issuer, certificate.serial, certificate.common_name})
    fuzz::holds(fuzz::is_printable(words), "what it says can be shown", words);
  for (auto const& name : certificate.names)
    fuzz::holds(fuzz::is_printable(name.value), "so can its names", name.value);
  for (auto const& usage : certificate.usages) fuzz::holds(fuzz::is_printable(usage), "so can its usages", usage);
}

void key_is_refused(std::string text) {
  if (text.find(secret) != std::string::npos) return;  // the fuzzer has learned it: it may be anywhere
  text += fmt::format("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n", secret);
  auto const read = pki::read_blocks({"text", text});
  auto const refused = std::ranges::find(read.findings, pki::FindingCode::private_key, &pki::Finding::code);
  fuzz::holds(refused != read.findings.end(), "a private key is refused", text);
  for (pki::Finding const& one : read.findings)
    fuzz::holds((one.message + one.next).find(secret) == std::string::npos, "and not printed", one.message);
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string const text(fuzz::text(bytes, size));
  if (text.starts_with('\x30')) {  // DER, which base64 hides from the fuzzer
    auto const certificate = pki::certificate_from(text);
    if (certificate) is_read(*certificate);
    auto const csr = pki::read_csr(pki::pem_text(pki::BlockKind::csr, text));
    if (csr) fuzz::holds(csr->key.digest.size() == 64, "a CSR has a key");
  }
  auto const pile = pki::read_pile(std::vector<pki::Source>{{"text", text}});
  are_words(pile.findings);
  if (text.size() % 4 == 1)
    for (pki::Given const& given : pile.certificates) is_read(given.certificate);
  is_matched(text, pile);
  key_is_refused(text);
  return 0;
}

#include "pki/match.hpp"

#include "base/text.hpp"
#include "pki/certificate.hpp"
#include "pki/chain.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::pki {
namespace {

constexpr std::string_view sign_this_one = "have the CSR of this change signed, cpsctl csr prints it";

std::string name_of(KeyAlgorithm algorithm) {
  return boost::describe::enum_to_string(algorithm, "");
}

bool has_errors(std::span<Finding const> findings) {
  return std::ranges::find(findings, Level::error, &Finding::level) != findings.end();
}

/// In two of them is usual: many CAs hand out the certificate alone and once more in front of its chain.
bool stands_twice_in_a_source(Given const& given) {
  return std::ranges::adjacent_find(given.places, {}, &Mark::file) != given.places.end();
}

/// A certificate for one of the CSRs, and what is wrong with it but for its chain.
struct Candidate {
  std::size_t at = 0;  ///< place in the pile
  std::vector<Finding> findings = {};
};

class Matcher {
 public:
  Matcher(Question const& question, Pile const& pile)
      : question_(question), wanted_(question.wanted.begin(), question.wanted.end()), pile_(pile) {}

  Match answer() {
    add(pile_.findings);
    if (wanted_.empty())
      find({.code = FindingCode::csr_missing,
            .message = "no key algorithm is wanted",
            .next = "name RSA or ECDSA in lifecycle.certificate.keyAlgorithms"});
    for (KeyAlgorithm const algorithm : wanted_) answer(algorithm);
    for (auto const& [at, end] : issuers_) add(check_issuer(pile_.certificates[at], end, question_.required.now));
    other_csrs();
    strays();
    // What a chain was to be made of is left over until there is one.
    if (missing_.empty() && !has_errors(findings_)) unrelated();
    sort_findings(findings_);
    return {.outcome = outcome(), .findings = std::move(findings_)};
  }

 private:
  void find(Finding finding) { findings_.push_back(std::move(finding)); }
  void find(std::size_t at, Level level, FindingCode code, std::string message, std::string_view next) {
    Given const& given = pile_.certificates[at];
    Finding finding = about(given.certificate, given.at(), level, code);
    finding.message = std::move(message);
    finding.next = next;
    find(std::move(finding));
  }
  void add(std::vector<Finding> const& findings) {
    findings_.insert(findings_.end(), findings.begin(), findings.end());
  }
  Certificate const& certificate(std::size_t at) const { return pile_.certificates[at].certificate; }

  Csr const* csr_for(KeyAlgorithm algorithm) const {
    auto const found = std::ranges::find(question_.csrs, algorithm, &OpenCsr::algorithm);
    return found == question_.csrs.end() ? nullptr : &found->csr;
  }

  /// Places of the certificates for a key; they are answers now, whatever becomes of them.
  std::vector<std::size_t> take_for(PublicKey const& key) {
    std::vector<std::size_t> found;
    for (std::size_t at = 0; at < pile_.certificates.size(); ++at)
      if (certificate(at).key.digest == key.digest) found.push_back(at);
    used_.insert(found.begin(), found.end());
    return found;
  }

  void answer(KeyAlgorithm algorithm) {
    Csr const* const csr = csr_for(algorithm);
    if (csr == nullptr)
      return find({.code = FindingCode::csr_missing,
                   .message = fmt::format("the change has no CSR for {}", name_of(algorithm)),
                   .next = "take it out of lifecycle.certificate.keyAlgorithms; an enrollment has CSRs for two "
                           "algorithms if its certificates are multi-stacked"});
    auto const found = take_for(csr->key);
    if (found.empty()) {
      missing_.push_back({.algorithm = algorithm});
      return find({.level = Level::wait,
                   .code = FindingCode::certificate_missing,
                   .message = fmt::format("there is no certificate for the {} CSR yet", name_of(algorithm)),
                   .next = std::string(sign_this_one)});
    }
    Candidate const leaf = best(found);
    add(leaf.findings);
    if (stands_twice_in_a_source(pile_.certificates[leaf.at]))
      find(leaf.at, Level::warning, FindingCode::leaf_repeated, "is there more than once; a chain goes without it",
           "take it out of the chain");
    upload(algorithm, leaf.at);
  }

  /// Of several certificates for the same CSR one without errors, and of those the one that lasts longest.
  Candidate best(std::vector<std::size_t> const& found) {
    auto const rank = [&](Candidate const& one) {
      Certificate const& leaf = certificate(one.at);
      return std::tuple(!has_errors(one.findings), leaf.not_after, leaf.not_before, one.at);
    };
    std::vector<Candidate> candidates;
    candidates.reserve(found.size());
    for (std::size_t const at : found)
      candidates.push_back({.at = at, .findings = check_leaf(pile_.certificates[at], question_.required)});
    auto const chosen =
        std::ranges::max_element(candidates, [&](Candidate const& a, Candidate const& b) { return rank(a) < rank(b); });
    for (Candidate const& one : candidates)
      if (one.at != chosen->at)
        find(one.at, Level::warning, FindingCode::not_chosen,
             fmt::format("is for the same CSR as {}, which is taken", certificate(chosen->at).serial), "take it out");
    return std::move(*chosen);
  }

  void upload(KeyAlgorithm algorithm, std::size_t leaf) {
    Chain const chain = find_chain(leaf, pile_.certificates, question_.required.now);
    used_.insert(chain.issuers.begin(), chain.issuers.end());
    faults(chain);
    order(leaf, chain);
    WallTime const end = certificate(leaf).not_after;
    Upload made{.algorithm = algorithm, .certificate = to_pem(certificate(leaf)), .not_after = end};
    for (std::size_t const at : chain.issuers) {
      auto const [last, first] = issuers_.try_emplace(at, end);
      if (!first) last->second = std::max(last->second, end);
      made.trust_chain += to_pem(certificate(at));
    }
    uploads_.push_back(std::move(made));
  }

  void faults(Chain const& chain) {
    std::string const& issuer = certificate(chain.faulty).issuer;
    switch (chain.fault) {
      case ChainFault::none: return;
      case ChainFault::incomplete:
        return find(chain.faulty, Level::error, FindingCode::chain_incomplete,
                    fmt::format("is issued by {}, whose certificate is not there", issuer),
                    "add the certificates of its issuers; the root's only if it is the issuer itself");
      case ChainFault::bad_signature:
        return find(chain.faulty, Level::error, FindingCode::bad_signature,
                    fmt::format("is not signed by the certificate that is there of its issuer, {}", issuer),
                    "get both again from the CA: one of them was altered, or belongs to another key of that CA");
      case ChainFault::invalid:
        return find(
            chain.faulty, Level::error, FindingCode::chain_invalid,
            fmt::format("cannot stand in this chain: {}", chain.reason),
            "have it issued anew: key usages, basic and name constraints, its own and its issuers', have to allow it");
    }
  }

  /// Says where a source had a chain in another order than that of its links.
  void order(std::size_t leaf, Chain const& chain) {
    std::map<std::string, int, std::less<>> lines{
        {pile_.certificates[leaf].at().file, pile_.certificates[leaf].at().line}};
    for (std::size_t const at : chain.issuers) {
      Mark const& mark = pile_.certificates[at].at();
      auto const [last, first] = lines.try_emplace(mark.file, mark.line);
      if (!first && mark.line < last->second)
        return find(at, Level::warning, FindingCode::order_repaired, "was not behind what it has issued; it is now",
                    "let each certificate stand behind the one that it has issued");
      last->second = mark.line;
    }
  }

  /// Certificates for CSRs that are not to be answered.
  void other_csrs() {
    for (OpenCsr const& open : question_.csrs) {
      if (wanted_.contains(open.algorithm)) continue;
      for (std::size_t const at : take_for(open.csr.key))
        find(at, Level::warning, FindingCode::algorithm_not_wanted,
             fmt::format("is for the {} CSR, which is not wanted", name_of(open.algorithm)),
             "take it out, or name the algorithm in lifecycle.certificate.keyAlgorithms");
    }
  }

  std::optional<Fate> fate_of(Certificate const& certificate) const {
    auto const found = std::ranges::find(question_.former, certificate.key.digest, &FormerCsr::key_digest);
    return found == question_.former.end() ? std::nullopt : std::optional(found->fate);
  }

  /// Certificates that are no CA's and have no CSR here. Where one is still missing they are what somebody meant to be
  /// it; where nothing is missing they are left over.
  void strays() {
    for (std::size_t at = 0; at < pile_.certificates.size(); ++at) {
      if (used_.contains(at) || certificate(at).is_ca) continue;
      used_.insert(at);
      auto const fate = fate_of(certificate(at));
      auto const meant = std::ranges::find_if(
          missing_, [&](Missing const& one) { return one.algorithm == certificate(at).key.algorithm; });
      bool const needed = meant != missing_.end();
      if (fate == Fate::older) {
        if (needed) meant->absence = Absence::for_older_csr;
        find(at, needed ? Level::wait : Level::warning, FindingCode::csr_older, "is for the CSR of an earlier change",
             needed ? sign_this_one : "take it out");
      } else if (fate == Fate::voided) {
        find(at, needed ? Level::error : Level::warning, FindingCode::csr_void,
             "is for a CSR that a cancel made void; it can never be used", needed ? sign_this_one : "take it out");
      } else {
        find(at, needed ? Level::error : Level::warning, FindingCode::key_matches_no_csr,
             fmt::format("has a key ({}) that belongs to no CSR of this change", certificate(at).key.text),
             needed ? sign_this_one : "take it out");
      }
    }
  }

  /// CAs that are no part of a chain, one finding for each source: it may be a bundle with all CAs of the world.
  void unrelated() {
    std::map<std::string, std::vector<std::size_t>> by_source;
    for (std::size_t at = 0; at < pile_.certificates.size(); ++at)
      if (!used_.contains(at)) by_source[pile_.certificates[at].at().file].push_back(at);
    for (auto const& [source, places] : by_source) {
      std::size_t const more = places.size() - 1;
      find(places.front(), Level::warning, FindingCode::unrelated,
           more == 0 ? "is no part of a chain" : fmt::format("and {} more of this source are no part of a chain", more),
           "take out what is not needed");
    }
  }

  std::variant<Ready, Waits, Refused> outcome() {
    if (has_errors(findings_)) return Refused();
    if (!missing_.empty()) return Waits{.missing = std::move(missing_)};
    Ready ready{.uploads = std::move(uploads_)};
    ready.earliest_expiry = std::ranges::min(ready.uploads, {}, &Upload::not_after).not_after;
    ready.digest = upload_digest(ready.uploads);
    return ready;
  }

  Question const& question_;
  std::set<KeyAlgorithm> wanted_;
  Pile const& pile_;
  std::set<std::size_t> used_ = {};               ///< those that are answers, part of a chain, or told of
  std::map<std::size_t, WallTime> issuers_ = {};  ///< with the end of the last leaf that stands on them
  std::vector<Missing> missing_ = {};
  std::vector<Upload> uploads_ = {};
  std::vector<Finding> findings_ = {};
};

}  // namespace

Match match(Question const& question, Pile const& pile) {
  return Matcher(question, pile).answer();
}

Match match(Question const& question, std::span<Source const> sources) {
  return match(question, read_pile(sources));
}

std::string upload_digest(std::span<Upload const> uploads) {
  std::string all;
  for (Upload const& one : uploads)
    all += fmt::format("{}\n{}\n{}\n{}{}", name_of(one.algorithm), one.certificate.size(), one.trust_chain.size(),
                       one.certificate, one.trust_chain);
  return "sha256:" + text::sha256_hex(all);
}

}  // namespace cpsctl::pki

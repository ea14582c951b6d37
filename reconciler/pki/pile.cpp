#include "pki/pile.hpp"

#include "pki/certificate.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace cpsctl::pki {
namespace {

class Heap {
 public:
  void add(Source const& source) {
    Blocks read = read_blocks(source);
    bool any = has_errors(read.findings);  // they say more than that there is no certificate
    findings_.insert(findings_.end(), read.findings.begin(), read.findings.end());
    for (Block const& block : read.blocks) {
      any |= block.kind == BlockKind::certificate;
      if (block.kind == BlockKind::certificate)
        certificate(block);
      else
        findings_.push_back({.level = Level::warning,
                             .code = FindingCode::other_block,
                             .at = block.at,
                             .message = "has a CSR, which is not used here",
                             .next = "take it out; the certificate that a CA makes of it is needed"});
    }
    if (!any)
      findings_.push_back({.code = FindingCode::no_certificate,
                           .at = {.file = source.name, .line = 0, .column = 0},
                           .message = "has no certificate in PEM form",
                           .next = "put the certificate and its chain there: blocks that begin with "
                                   "-----BEGIN CERTIFICATE-----"});
  }

  Pile take() {
    Pile pile{.findings = std::move(findings_)};
    for (auto& [fingerprint, given] : found_) {
      std::ranges::sort(given.places);
      pile.certificates.push_back(std::move(given));
    }
    return pile;
  }

 private:
  static bool has_errors(std::vector<Finding> const& findings) {
    return std::ranges::find(findings, Level::error, &Finding::level) != findings.end();
  }

  void certificate(Block const& block) {
    auto read = certificate_from(block.der);
    if (!read) {
      findings_.push_back({.code = FindingCode::unreadable,
                           .at = block.at,
                           .message = std::move(read.error().message),
                           .next = std::move(read.error().next)});
      return;
    }
    auto const known = found_.find(read->fingerprint);
    if (known != found_.end()) {
      known->second.places.push_back(block.at);
    } else if (found_.size() < most_certificates) {
      std::string const fingerprint = read->fingerprint;
      found_.emplace(fingerprint, Given{.certificate = std::move(*read), .places = {block.at}});
    } else if (!full_) {
      full_ = true;
      findings_.push_back({.code = FindingCode::too_large,
                           .at = {.file = block.at.file, .line = 0, .column = 0},
                           .message = fmt::format("brings the certificates to more than {}", most_certificates),
                           .next = "give the certificate and its chain alone"});
    }
  }

  std::map<std::string, Given> found_ = {};  ///< by fingerprint
  std::vector<Finding> findings_ = {};
  bool full_ = false;
};

}  // namespace

Pile read_pile(std::span<Source const> sources) {
  Heap heap;
  for (Source const& source : sources) heap.add(source);
  return heap.take();
}

}  // namespace cpsctl::pki

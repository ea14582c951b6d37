#pragma once
#include "base/clock.hpp"
#include "pki/finding.hpp"
#include "pki/leaf.hpp"
#include "pki/pem.hpp"
#include "pki/pile.hpp"
#include "pki/types.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace cpsctl::pki {

/// A CSR of the change that waits, under the algorithm that CPS names it by.
struct OpenCsr {
  KeyAlgorithm algorithm = KeyAlgorithm::RSA;
  Csr csr = {};
};

/// What became of a CSR of the past: a later change has another one, or a cancel made it void.
enum class Fate : std::uint8_t { older, voided };

struct FormerCsr {
  std::string key_digest = {};  ///< PublicKey::digest
  Fate fate = Fate::older;
};

struct Question {
  std::vector<OpenCsr> csrs = {};         ///< at most one of an algorithm
  std::vector<KeyAlgorithm> wanted = {};  ///< those to be uploaded; others may have CSRs as well (facts-2026.md A17b)
  std::vector<FormerCsr> former = {};     ///< as far as they are known: of earlier changes, of what is deployed
  Requirements required = {};
};

/// One of `certificatesAndTrustChains` (CPS v2, third-party-csr update, certificate-and-trust-chain.v2).
struct Upload {
  KeyAlgorithm algorithm = KeyAlgorithm::RSA;
  std::string certificate = {};  ///< PEM
  std::string trust_chain = {};  ///< PEM, the leaf's issuer first, without the leaf
  WallTime not_after = {};       ///< of the leaf

  bool operator==(Upload const&) const = default;
};

struct Ready {
  std::vector<Upload> uploads = {};  ///< one for each wanted algorithm, in the order of KeyAlgorithm
  WallTime earliest_expiry = {};
  std::string digest = {};  ///< upload_digest() of them

  bool operator==(Ready const&) const = default;
};

/// Why there is none: nobody has made it, or what is there is for an older CSR.
enum class Absence : std::uint8_t { not_given, for_older_csr };

struct Missing {
  KeyAlgorithm algorithm = KeyAlgorithm::RSA;
  Absence absence = Absence::not_given;

  bool operator==(Missing const&) const = default;
};

/// Nothing is wrong, something is still to come.
struct Waits {
  std::vector<Missing> missing = {};

  bool operator==(Waits const&) const = default;
};

/// The findings have at least one error.
struct Refused {
  bool operator==(Refused const&) const = default;
};

struct Match {
  std::variant<Ready, Waits, Refused> outcome = Refused();
  std::vector<Finding> findings = {};  ///< as sort_findings() has them
};

/// Which certificates of the sources answer the CSRs, all that are wanted or none. Leaves are known by their public
/// key, their chains are put in order from the rest. The same certificates give the same outcome, however they are
/// ordered, repeated and spread over sources.
Match match(Question const& question, Pile const& pile);
Match match(Question const& question, std::span<Source const> sources);

/// "sha256:…" of what would be uploaded, for the journal: the same bytes, the same digest.
std::string upload_digest(std::span<Upload const> uploads);

}  // namespace cpsctl::pki

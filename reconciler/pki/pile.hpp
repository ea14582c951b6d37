#pragma once
#include "base/result.hpp"
#include "pki/finding.hpp"
#include "pki/pem.hpp"
#include "pki/types.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace cpsctl::pki {

constexpr std::size_t most_certificates = 500;  ///< that differ; a CA bundle has some 150

/// A certificate, and where it was given: its places in order, at least one.
struct Given {
  Certificate certificate = {};
  std::vector<Mark> places = {};

  Mark const& at() const { return places.front(); }
};

/// The certificates of all sources, each once, by fingerprint: their order says nothing.
struct Pile {
  std::vector<Given> certificates = {};
  std::vector<Finding> findings = {};
};

/// Never fails: what is wrong with a source or a block is a finding.
Pile read_pile(std::span<Source const> sources);

}  // namespace cpsctl::pki

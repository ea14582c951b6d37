#pragma once
#include "base/clock.hpp"
#include "pki/finding.hpp"
#include "pki/pile.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace cpsctl::pki {

/// What a leaf has to meet, whatever its key.
struct Requirements {
  std::vector<std::string> names = {};  ///< of the enrollment, CN and SANs, in any spelling
  WallTime now = {};
  Duration soon = std::chrono::days(14);  ///< one that expires within it is reported
};

/// What is wrong with a certificate as the leaf of an enrollment: names, dates, usage. Its key and its chain are not
/// looked at.
std::vector<Finding> check_leaf(Given const& leaf, Requirements const& required);

/// What is wrong with a certificate's signature and dates as the issuer of a leaf that ends at `not_after`.
std::vector<Finding> check_issuer(Given const& issuer, WallTime not_after, WallTime now);

}  // namespace cpsctl::pki

#pragma once
#include "cli/lives.hpp"
#include "dns/name.hpp"
#include "plan/plan.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// Host names of DV enrollments, as manifests and CPS have them.
namespace cpsctl::cli {

struct DvName {
  std::string enrollment = {};  ///< its name in the manifests; of one that nobody manages here: "enrollment 10002"
  std::string account = {};
  std::string domain = {};           ///< "*.example.com" too
  dns::Name record = {};             ///< where its CA looks
  std::vector<std::string> by = {};  ///< the publishers that its manifest names
};

/// Of the enrollments that the selection takes, wanted and live, each once: by enrollment. What is no host name is left
/// out. Errors: internal.
Result<std::vector<DvName>> dv_names(plan::Inputs const& inputs, Lives const& lives);

/// Of every enrollment of the listed contracts with a pending change, whoever's it is: what CPS has of it, and what a
/// manifest wants. `shown`: names whose tokens were read, by change, which need no other.
Result<std::vector<DvName>> unread_names(plan::Inputs const& inputs,
                                         std::set<std::pair<std::int64_t, std::string>> const& shown);

}  // namespace cpsctl::cli

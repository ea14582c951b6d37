#pragma once
#include "base/clock.hpp"
#include "lifecycle/warnings.hpp"
#include "manifest/types.hpp"

#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

/// Standing answers: what the policy in git says to inputs that may come. Pure; `now` is the Date of CPS's answers.
namespace cpsctl::lifecycle {

// manifest: its answers are in force. orphan: the manifest is gone, and its answers with it. removal: the change takes
// the enrollment away; only a person answers that.
BOOST_DEFINE_ENUM_CLASS(Standing, manifest, orphan, removal)

struct Policy {
  Standing standing = Standing::manifest;
  manifest::Lifecycle lifecycle = {};
  bool multi_stacked = false;                   ///< the enrollment serves RSA and ECDSA certificates
  std::vector<std::string> removed_names = {};  ///< host names that this very plan takes out of the certificate
};

/// Is the entry answered in advance? Never one that is not known; one of the classes review and high only by its
/// digest; removed names also by a plan that removes exactly those.
bool is_answered(Policy const& policy, Warning const& warning, WallTime now);

/// Entries that are not answered.
std::vector<Warning> unanswered(Policy const& policy, std::vector<Warning> const& warnings, WallTime now);

/// The last day of an acknowledgement that would answer the entry, had it not ended; nothing: there is none.
std::optional<Day> ended_answer(Policy const& policy, Warning const& warning, WallTime now);

/// An answer that has ended, or ends within the next 14 days.
struct Ending {
  std::string warning = {};
  Day until = {};
  bool ended = false;
};
std::vector<Ending> ending_answers(manifest::Lifecycle const& lifecycle, WallTime now);

/// The list elements for spec.lifecycle.acknowledge that would answer these entries, one a line; `reason` is left for a
/// person to fill in. Entries that are not known have none.
std::string acknowledge_yaml(std::vector<Warning> const& warnings, WallTime now);

/// Key algorithms of which certificates are wanted: "RSA", "ECDSA".
std::vector<std::string> wanted_algorithms(Policy const& policy);

}  // namespace cpsctl::lifecycle

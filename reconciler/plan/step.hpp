#pragma once
#include "cps/types.hpp"
#include "manifest/types.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What carrying an item out does at CPS, request by request, in order.
namespace cpsctl::plan {

struct Post {};

/// The enrollment itself is read for what follows, as a list lags too far behind for that.
struct Get {
  std::int64_t id = 0;
};

/// The same of what the Post before it made.
struct GetCreated {};

/// A change is cancelled by its own id, so that nothing is given up that the plan did not show.
struct Cancel {
  std::int64_t id = 0;
  cps::PendingChange change = {};
};

struct Put {
  std::int64_t id = 0;
  std::vector<cps::PendingChange> cancels = {};  ///< by the write itself
  bool inside_renewal_window = false;            ///< CPS is told that this is known
};

/// The second write of a create; it cancels that create's own change.
struct PutCreated {
  std::string brings = {};  ///< the fields that a create cannot carry
};

struct Delete {
  std::int64_t id = 0;
  std::vector<cps::PendingChange> cancels = {};  ///< by the write itself
};

/// What a change waits for is answered; CPS is asked right before whether it still waits for that.
struct Input {
  std::int64_t id = 0;
  cps::PendingChange change = {};
  std::string segment = {};  ///< the last one of the input's `update` path
  std::string says = {};     ///< "acknowledges DNS_NAME_NOT_CNAMED"
};

/// A change that is under way gets other dates for its deployment; it is read right before.
struct Schedule {
  std::int64_t id = 0;
  cps::PendingChange change = {};
  manifest::DeployWindow deploy = {};
};

using Step = std::variant<Post, Get, GetCreated, Cancel, Put, PutCreated, Delete, Input, Schedule>;

/// "PUT /enrollments/10001; inside the renewal window": what documents, reports and fingerprints say of it.
std::string words(Step const& step);
std::vector<std::string> words(std::vector<Step> const& steps);
/// Of a step in words: does it only look?
bool only_looks(std::string_view words);

/// "not before 2026-12-01, not after 2027-01-31", "without dates".
std::string words(manifest::DeployWindow const& deploy);

/// "change 10002 (new-certificate)", "changes 10002, 10003".
std::string named(std::vector<cps::PendingChange> const& changes);

}  // namespace cpsctl::plan

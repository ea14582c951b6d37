#pragma once
#include "cps/types.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

/// What carrying an item out does at CPS, request by request, in order.
namespace cpsctl::plan {

struct Post {};

struct Get {
  std::int64_t id = 0;  ///< 0: of the enrollment that the Post before it made
};

/// A change is cancelled by its own id, so that nothing is given up that the plan did not show.
struct Cancel {
  std::int64_t id = 0;
  cps::PendingChange change = {};
};

struct Put {
  std::int64_t id = 0;      ///< 0: of the enrollment that the Post before it made; it cancels that create's own change
  std::string brings = {};  ///< of a second write: the fields that a create cannot carry
  std::vector<cps::PendingChange> cancels = {};  ///< by the write itself
  bool inside_renewal_window = false;            ///< CPS is told that this is known
};

struct Delete {
  std::int64_t id = 0;
  std::vector<cps::PendingChange> cancels = {};  ///< by the write itself
};

using Step = std::variant<Post, Get, Cancel, Put, Delete>;

/// "PUT /enrollments/10001; inside the renewal window": what documents, reports and fingerprints say of it.
std::string words(Step const& step);
std::vector<std::string> words(std::vector<Step> const& steps);

/// "change 10002 (new-certificate)", "changes 10002, 10003".
std::string named(std::vector<cps::PendingChange> const& changes);

}  // namespace cpsctl::plan

#pragma once
#include "plan/plan.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace cpsctl::cli {

/// What CPS has: as it is listed, else by the look-up that the list made necessary. The inputs outlive this.
class Lives {
 public:
  explicit Lives(plan::Inputs const& inputs);
  /// nullptr: CPS does not have it, or it was not asked.
  cps::Live const* find(std::string const& account, std::int64_t id) const;

 private:
  std::map<std::pair<std::string, std::int64_t>, cps::Live const*> all_ = {};
};

}  // namespace cpsctl::cli

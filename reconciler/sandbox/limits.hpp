#pragma once
#include "base/clock.hpp"

#include <vector>

namespace cpsctl::sandbox {

/// At most `requests` of one account in any `per`.
struct Limit {
  std::size_t requests = 0;
  Duration per = {};
};

/// CPS: 35 in 60 s and 20 in 2 s (cps-api.md §6.3).
std::vector<Limit> real_limits();

}  // namespace cpsctl::sandbox

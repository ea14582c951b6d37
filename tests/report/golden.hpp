#pragma once
#include "places.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

namespace cpsctl::report::testing {

/// Compares with tests/report/data/<name>; CPS_ACCEPT=1 rewrites the file and fails, so that it never passes for a run.
inline void golden(std::string const& name, std::string const& text) {
  std::string const path = places::data("report", name);
  if (std::getenv("CPS_ACCEPT") != nullptr) {
    std::ofstream(path) << text;
    FAIL_CHECK("accepted ", name);
    return;
  }
  std::ifstream file(path);
  std::ostringstream expect;
  expect << file.rdbuf();
  CHECK(text == expect.str());
}

}  // namespace cpsctl::report::testing

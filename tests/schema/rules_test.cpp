#include "places.hpp"
#include "schema/schema.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;

TEST_CASE("rules: the README lists those that the program describes, and no other") {
  std::ifstream in(places::source("schemas/README.md"));
  std::string const readme{std::istreambuf_iterator<char>(in), {}};
  std::size_t rows = 0;
  for (auto at = readme.find("\n| CPS"); at != std::string::npos; at = readme.find("\n| CPS", at + 1)) ++rows;
  CHECK(rows == schema::rules().size());
  CHECK(std::ranges::is_sorted(schema::rules(), {}, &schema::RuleInfo::id));
  for (auto const& rule : schema::rules()) {
    CAPTURE(std::string(rule.id));
    CHECK(readme.find(fmt::format("\n| {} | ", rule.id)) != std::string::npos);
    CHECK(rule.demands.ends_with('.'));
  }
}

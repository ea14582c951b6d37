#include "apply/spacing.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace std::chrono_literals;

namespace {

plan::Scope const scope{"", "1-A"};
plan::Scope const other{"", "1-B"};
WallTime const noon = WallTime(std::chrono::hours(500000));

}  // namespace

TEST_CASE("spacing: creates go at once until one meets a 409, then one at a time and apart") {
  apply::Spacing spacing(5min);
  spacing.begin(scope);
  CHECK(!spacing.holds(scope, noon));
  spacing.end(scope, noon, true);
  CHECK(!spacing.holds(scope, noon));

  spacing.conflict(scope, noon);
  CHECK(spacing.holds(scope, noon + 4min + 59s));
  CHECK(!spacing.holds(other, noon));
  CHECK(!spacing.holds(scope, noon + 5min));

  spacing.begin(scope);
  CHECK(spacing.holds(scope, noon + 5min));  // one is under way
  SUBCASE("what CPS took, or may have taken, counts") {
    spacing.end(scope, noon + 6min, true);
    CHECK(spacing.holds(scope, noon + 10min));
    CHECK(!spacing.holds(scope, noon + 11min));
  }
  SUBCASE("what CPS refused for another reason does not") {
    spacing.end(scope, noon + 6min, false);
    CHECK(!spacing.holds(scope, noon + 6min));
  }
}

TEST_CASE("spacing: who is held back learns its place in line") {
  apply::Spacing spacing(5min);
  spacing.conflict(scope, noon);
  CHECK(spacing.join(scope, noon + 1min).expected == noon + 5min);
  auto const third = [&] {
    spacing.join(scope, noon + 1min);
    return spacing.join(scope, noon + 1min);
  }();
  CHECK(third.in_line == 3);
  CHECK(third.next == noon + 5min);
  CHECK(third.expected == noon + 15min);
  spacing.clear_lines();
  CHECK(spacing.join(scope, noon + 5min).in_line == 1);
}

#include "counted.hpp"

using namespace program;

TEST_CASE("requests: a plan of 1,000 enrollments is one request") {
  Counted const counted;
  counted.sites(1000, "quicEnabled: false");
  CHECK(counted.cost({"apply", "--yes", "--quiet"}) == 1001);
  CHECK(counted.cost({"plan", "--detailed-exitcode"}) == 1);
}

TEST_CASE("requests: k changes cost k + 1, and 2 more for each create with client mutual authentication") {
  Counted const counted;
  counted.sites(20, "quicEnabled: false", 5);
  CHECK(counted.cost({"apply", "--yes"}) == 20 + 1 + 2 * 5);
  CHECK(counted.cost({"plan", "--detailed-exitcode"}) == 1);
  counted.sites(20, "quicEnabled: true", 5);
  CHECK(counted.cost({"apply", "--yes"}) == 20 + 1);
  CHECK(counted.cost({"apply", "--yes"}) == 1);
}

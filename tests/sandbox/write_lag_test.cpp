#include "support.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace cpsctl::sandbox::test {
namespace {

using namespace std::chrono_literals;

constexpr char cancelling[] = "allow-cancel-pending-changes=true";

Response remove(Bench& bench, std::int64_t id) {
  return bench.send(
      {.method = "DELETE", .target = fmt::format("{}?{}", enrollment_path(id), cancelling), .accept = "*/*"});
}

Response cancel(Bench& bench, std::int64_t id, std::int64_t change) {
  return bench.send({.method = "DELETE", .target = change_path(id, change), .accept = "*/*"});
}

/// The body with another organisational unit, as a PUT sends it.
Response put_unit(Bench& bench, std::string const& unit) {
  return bench.put(10001, with(bench.get(10001).body, "/csr/ou", "\"" + unit + "\""), cancelling);
}

std::string listed_unit(Bench& bench) {
  return at(bench.list().body, "/enrollments/0/csr/ou");
}

TEST_CASE("write lag: after a PUT the list shows the document and the pending changes from before, GET the new ones") {
  Bench bench({.write_lag = 30s});
  REQUIRE(bench.post(dv_body).status == 202);
  std::string const before = bench.list().body;
  REQUIRE(put_unit(bench, "one").status == 202);
  CHECK(bench.list().body == before);
  CHECK(at(bench.get(10001).body, "/csr/ou") == "\"one\"");
  CHECK(at(bench.get(10001).body, "/pendingChanges") != at(before, "/enrollments/0/pendingChanges"));
  bench.restart();
  bench.clock.pass(29999ms);
  CHECK(bench.list().body == before);
  bench.clock.pass(1ms);
  CHECK(at(bench.list().body, "/enrollments/0") == at(bench.get(10001).body, ""));
}

TEST_CASE("write lag: the list shows one write after the other") {
  Bench bench({.write_lag = 30s});
  REQUIRE(bench.post(dv_body).status == 202);
  std::string const first = listed_unit(bench);
  REQUIRE(put_unit(bench, "one").status == 202);
  bench.clock.pass(10s);
  REQUIRE(put_unit(bench, "two").status == 202);
  CHECK(listed_unit(bench) == first);
  bench.clock.pass(20s);
  CHECK(listed_unit(bench) == "\"one\"");
  REQUIRE(put_unit(bench, "three").status == 202);
  bench.clock.pass(10s);
  CHECK(listed_unit(bench) == "\"two\"");
  bench.clock.pass(20s);
  CHECK(listed_unit(bench) == "\"three\"");
}

TEST_CASE("write lag: what was removed is listed for a while, and nowhere else") {
  struct Case {
    char const* title;
    bool is_deployed;  ///< then it takes a change to remove it, which ends at once here
    bool by_change;    ///< by cancelling the change that creates it
  };
  Case const cases[] = {{"before it was deployed", false, false},
                        {"by cancelling its only change", false, true},
                        {"after it was deployed", true, false}};
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Bench bench;
      if (c.is_deployed)
        deployed(bench, dv_body);
      else
        REQUIRE(bench.post(dv_body).status == 202);
      bench.behaviour.write_lag = 30s;
      if (c.is_deployed) bench.behaviour.complete_after = Duration(0);
      bench.restart();
      std::string const before = bench.list().body;
      REQUIRE((c.by_change ? cancel(bench, 10001, 10001) : remove(bench, 10001)).status == (c.is_deployed ? 202 : 200));
      bench.restart();
      CHECK(bench.list().body == before);
      CHECK(bench.get(10001).status == 404);
      CHECK(remove(bench, 10001).status == 404);
      CHECK(at(bench.send({.target = "/cps/v2/active-certificates", .accept = "*/*"}).body, "/enrollments") == "[]");
      bench.clock.pass(10s);
      bench.behaviour.complete_after.reset();
      bench.restart();
      CHECK(bench.post(dv_body).status == 202);  // its name is free
      CHECK(at(bench.list().body, "/enrollments/1/id") == "10002");
      bench.clock.pass(20s);
      CHECK(at(bench.list().body, "/enrollments/0/id") == "10002");
      CHECK(at(bench.list().body, "/enrollments/1") == "(absent)");
      bench.restart();
      CHECK(bench.files.content["folder/enrollments.log"].find("10001,\"account") == std::string::npos);
    }
  }
}

TEST_CASE("write lag: a removal under way is listed without it first") {
  Bench bench;
  deployed(bench, dv_body);
  bench.behaviour.write_lag = 30s;
  bench.restart();
  REQUIRE(remove(bench, 10001).status == 202);
  CHECK(at(bench.list().body, "/enrollments/0/pendingChanges") == "[]");
  CHECK(at(bench.get(10001).body, "/pendingChanges") != "[]");
  bench.clock.pass(30s);
  CHECK(at(bench.list().body, "/enrollments/0/pendingChanges") != "[]");
}

TEST_CASE("write lag: with a lag of creates the later of both counts, with other shapes the same ones are shown") {
  Bench bench({.normalise_seed = 7, .list_lag = 20s, .write_lag = 30s});
  REQUIRE(bench.post(dv_body).status == 202);
  std::string const before = at(bench.get(10001).body, "");
  bench.clock.pass(10s);
  REQUIRE(put_unit(bench, "one").status == 202);
  CHECK(at(bench.list().body, "/enrollments") == "[]");
  bench.clock.pass(10s);
  CHECK(at(bench.list().body, "/enrollments/0") == before);
  bench.clock.pass(20s);
  CHECK(listed_unit(bench) == "\"one\"");

  REQUIRE(remove(bench, 10001).status == 200);
  REQUIRE(bench.post(dv_body).status == 202);
  REQUIRE(remove(bench, 10002).status == 200);
  CHECK(at(bench.list().body, "/enrollments/1") == "(absent)");
  bench.clock.pass(20s);
  CHECK(at(bench.list().body, "/enrollments/1/id") == "10002");
  bench.clock.pass(10s);
  CHECK(at(bench.list().body, "/enrollments") == "[]");
}

TEST_CASE("write lag: without it nothing is remembered, and the switch of the present start is the one that counts") {
  Bench bench;
  REQUIRE(bench.post(dv_body).status == 202);
  REQUIRE(put_unit(bench, "one").status == 202);
  CHECK(listed_unit(bench) == "\"one\"");
  CHECK(bench.files.content["folder/enrollments.log"].find("\"earlier\":[{") == std::string::npos);
  bench.behaviour.write_lag = 30s;
  bench.restart();
  REQUIRE(put_unit(bench, "two").status == 202);
  CHECK(listed_unit(bench) == "\"one\"");
  bench.behaviour.write_lag = Duration(0);
  bench.restart();
  CHECK(listed_unit(bench) == "\"two\"");
}

}  // namespace
}  // namespace cpsctl::sandbox::test

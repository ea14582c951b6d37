#include "sandbox/store.hpp"

#include "support.hpp"

#include <chrono>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace cpsctl::sandbox::test {
namespace {

constexpr char log_path[] = "folder/enrollments.log";

TEST_CASE("store: data survive a restart, ids are never given twice") {
  Bench bench;
  REQUIRE(bench.post(dv_body).status == 202);
  REQUIRE(bench.post(third_party_body).status == 202);
  std::string const before = bench.list().body;
  bench.restart();
  CHECK(bench.list().body == before);
  REQUIRE(bench
              .send({.method = "DELETE",
                     .target = enrollment_path(10002) + "?allow-cancel-pending-changes=true",
                     .accept = "*/*"})
              .status == 200);
  bench.restart();
  bench.restart();
  CHECK(bench.post(third_party_body).body ==
        R"({"enrollment":"/cps/v2/enrollments/10003","changes":["/cps/v2/enrollments/10003/changes/10003"]})");
}

TEST_CASE("store: a restart leaves one line for each enrollment") {
  Bench bench;
  REQUIRE(bench.post(third_party_body).status == 202);
  for (int i = 0; i < 5; ++i)
    REQUIRE(bench.put(10001, bench.get(10001).body, "allow-cancel-pending-changes=true").status == 202);
  std::string const& log = bench.files.content[log_path];
  CHECK(std::count(log.begin(), log.end(), '\n') == 7);
  bench.restart();
  CHECK(std::count(log.begin(), log.end(), '\n') == 2);
}

TEST_CASE("store: a line that a crash cut short is dropped, wherever it was cut") {
  Bench bench;
  REQUIRE(bench.post(dv_body).status == 202);
  std::string const before = bench.list().body;
  std::size_t const size = bench.files.content[log_path].size();
  REQUIRE(bench.post(third_party_body).status == 202);
  std::string const whole = bench.files.content[log_path];
  for (std::size_t cut = size; cut < whole.size(); cut += 97) {
    CAPTURE(cut);
    bench.files.content[log_path] = whole.substr(0, cut);
    bench.restart();
    CHECK(bench.list().body == before);
  }
}

TEST_CASE("store: a damaged line in the middle is told, with its number") {
  MemoryFiles files;
  files.content[log_path] = "{\"counters\":{}}\n{\"put\":7}\n";
  auto const opened = Store::open(files, "folder");
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == Errc::protocol);
  CHECK(describe(opened.error()).find("line 2") != std::string::npos);
}

TEST_CASE("store: a full disk refuses the write, and every one after it") {
  Bench bench;
  REQUIRE(bench.post(dv_body).status == 202);
  bench.files.writes_left = 0;
  CHECK(bench.post(third_party_body).status == 500);
  bench.files.writes_left = -1;
  CHECK(bench.post(third_party_body).status == 500);
  CHECK(bench.list().status == 200);
  bench.restart();
  CHECK(bench.post(third_party_body).status == 202);
}

TEST_CASE("store: ten thousand enrollments stay quick") {
  MemoryFiles files;
  auto store = Store::open(files, "folder");
  REQUIRE(store);
  for (std::int64_t id = 10001; id <= 20000; ++id) {
    Enrollment enrollment{
        .id = id, .account = "own", .contract = "C-1", .common_name = fmt::format("n{}.example.com", id)};
    enrollment.document = fmt::format(R"({{"id":{}}})", id);
    REQUIRE((*store)->put(std::move(enrollment)));
  }
  CHECK((*store)->list("own", "C-1").size() == 10000);
  CHECK((*store)->with_common_name("own", "C-1", "n15000.example.com")->id == 15000);
  CHECK((*store)->with_common_name("own", "C-2", "n15000.example.com") == nullptr);
  CHECK((*store)->next_enrollment_id() == 20001);
}

}  // namespace
}  // namespace cpsctl::sandbox::test

// apply --wait: what a poll that fails does to it.
#include "program.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

/// One enrollment to be created; its change ends at once unless the switches say otherwise.
struct Waits {
  Folder folder;

  explicit Waits(std::string const& lifecycle = "{}") {
    folder.write("manifests/www.yaml",
                 replaced(dv_manifest("www", "www.example.com"), "spec:\n", "spec:\n  lifecycle: " + lifecycle + "\n"));
  }
  Run run(std::vector<std::string> const& more) const {
    std::vector<std::string> arguments{"apply", "--yes", "--wait", "deployed",
                                       "--sandbox=" + (folder / "cps").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
  /// Its changes end at the next request. The first list is that of the plan, the others are the polls'.
  Run with_fault(std::string const& fault, std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--complete-after", "0s", "--fault", fault});
    return run(more);
  }
};

std::size_t times(std::string const& text, std::string const& words) {
  std::size_t count = 0;
  for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
  return count;
}

constexpr char const* goes_on = "the wait goes on, and CPS is asked again";

}  // namespace

TEST_CASE("wait: polls that fail do not end it; it is said once, and so is that CPS answers again") {
  Waits const project;
  Run run;
  SUBCASE("503, in two polls") {
    run = project.with_fault("GET /enrollments: status 503 empty from 2 times 8");
  }
  SUBCASE("lost connections") {
    run = project.with_fault("GET /enrollments: drop-before from 2 times 4");
  }
  SUBCASE("garbage") {
    run = project.with_fault("GET /enrollments: malformed from 2 times 2");
  }
  SUBCASE("no answer") {
    run = project.with_fault("GET /enrollments: delay 3s from 2 times 2", {"--timeout", "1s"});
  }
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(times(run.err, goes_on) == 1);
  CHECK(times(run.err, "CPS answers again") == 1);
}

TEST_CASE("wait: a 429 is a pause, and no failure of a poll") {
  Waits const project;
  Run const run = project.with_fault("GET /enrollments: limit 1s from 2 times 2");
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(times(run.err, goes_on) == 0);
}

TEST_CASE("wait: CPS is away until the deadline: out of time, and everything saved") {
  Waits const project;
  Run const run = project.with_fault("GET /enrollments: status 503 empty from 2", {"--deadline", "4s"});
  INFO(run.out, run.err);
  CHECK(run.exit == 75);
  CHECK(says(run.err, "Out of time: waiting for 1 change at CPS or a CA"));
  CHECK(project.run({"--complete-after", "0s"}).exit == 0);
}

TEST_CASE("wait: credentials that are refused meanwhile end it") {
  for (char const* const status : {"401", "403"}) {
    Waits const project;
    Run const run = project.with_fault(fmt::format("GET /enrollments: status {} from 2", status));
    INFO(run.out, run.err);
    CHECK(run.exit == 77);
    CHECK(times(run.err, goes_on) == 0);
  }
}

TEST_CASE("wait: a change that is not found a moment after it was listed has not reached anything yet") {
  Waits const project("{ acknowledge: [{ warning: DNS_NAME_NOT_CNAMED, reason: known, until: 2099-01-01 }] }");
  Run const run = project.run({"--complete-after", "0s", "--inputs", "wait", "--warning",
                               "before: DNS name www.example.com not CNAMEd to Akamai.", "--fault",
                               "GET /enrollments/*/changes/*: status 404 not-found first 1"});
  INFO(run.out, run.err);
  CHECK(run.exit == 3);  // its names are to be validated
  auto const sent = requests(project.folder / "cps");
  CHECK(std::ranges::count_if(sent, [](auto const& line) { return says(line, "/input/update/"); }) == 1);
}

TEST_CASE("wait: a change that cannot be read keeps no other from being answered") {
  Waits const project("{ acknowledge: [{ warning: DNS_NAME_NOT_CNAMED, reason: known, until: 2099-01-01 }] }");
  std::string const text = read(project.folder / "manifests/www.yaml");
  project.folder.write("manifests/api.yaml",
                       replaced(replaced(text, "name: www", "name: api"), "cn: www.", "cn: api."));
  Run const run = project.run({"--complete-after", "0s", "--inputs", "wait", "--warning",
                               "before: DNS name www.example.com not CNAMEd to Akamai.", "--fault",
                               "GET /enrollments/10001/changes/*: status 503 empty times 8"});
  INFO(run.out, run.err);
  CHECK(run.exit == 3);
  CHECK(times(run.err, goes_on) == 1);
  CHECK(times(run.err, "CPS answers again") == 1);
  // The other one was answered while this one could not be read.
  auto const sent = requests(project.folder / "cps");
  auto const first = [&](std::string const& words) {
    return std::ranges::find_if(sent, [&](auto const& line) { return line.starts_with("POST ") && says(line, words); });
  };
  REQUIRE(first("/enrollments/10001/changes/") != sent.end());
  CHECK(first("/enrollments/10002/changes/") < first("/enrollments/10001/changes/"));
}

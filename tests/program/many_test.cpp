// 200 enrollments whose changes are at all points of their ways: what plans cost, and that they say the same.
#include "program.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

constexpr int many = 200;  ///< a quarter of each kind

/// All kinds of enrollments, every second of each with change management, in four batches.
std::string manifest(int number) {
  std::string const name = fmt::format("n{}", number);
  std::string text = dv_manifest(name, name + ".example.com");
  text = replaced(text, "{ name: " + name + " }",
                  fmt::format("{{ name: {}, labels: {{ batch: \"{}\" }} }}", name, number * 4 / many));
  if ((number / 4) % 2 == 1) text = replaced(text, "changeManagement: false", "changeManagement: true");
  char const* const kinds[] = {"dv", "ov", "ev", "third-party"};
  std::string const kind = kinds[number % 4];
  if (kind == "dv") return text;
  text = replaced(text, "validationType: dv", "validationType: " + kind);
  text = replaced(text, "ra: lets-encrypt", kind == "third-party" ? "ra: third-party" : "ra: symantec");
  if (kind == "third-party")
    text =
        replaced(text, "certificateType: san", "certificateType: third-party\n    thirdParty: { excludeSans: false }");
  return text;
}

/// A CPS that takes as long as Akamai's for each step, and in which time is moved on.
struct Many {
  Folder folder;

  Many() {
    std::string text;
    for (int i = 0; i < many; ++i) text += "---\n" + manifest(i);
    folder.write("manifests/all.yaml", text);
  }
  Run run(std::vector<std::string> arguments, std::string const& later = "0s") const {
    return run_in(folder.path(), std::move(arguments), later);
  }
  /// A colleague, with manifests and a state of his own, changes what is deployed.
  Run colleague(int number) const {
    Folder const other;
    other.write("manifests/one.yaml", replaced(replaced(manifest(number), "quicEnabled: false", "quicEnabled: true"),
                                               "spec:\n", "spec:\n  lifecycle: { adopt: always }\n"));
    return run_in(other.path(), {"apply", "--yes", "--state", "own.json"}, "0s");
  }
  std::size_t sent(std::string const& method) const {
    auto const all = requests(folder / "cps");
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [&](auto const& line) { return line.starts_with(method); }));
  }
  std::size_t writes() const { return sent("POST ") + sent("PUT ") + sent("DELETE "); }

 private:
  Run run_in(std::filesystem::path const& place, std::vector<std::string> arguments, std::string const& later) const {
    arguments.insert(arguments.end(), {"--sandbox=" + (folder / "cps").string(), "--complete-after", "usual",
                                       "--inputs", "wait", "--settle", "0s", "--forward", later});
    return run_cpsctl(std::move(arguments), {.folder = place});
  }
};

}  // namespace

TEST_CASE("many: 200 enrollments in all states: the same plan twice, and each look at its time") {
  Many const project;
  for (auto const& [batch, later] : {std::pair("0", "0s"), {"1", "4d"}, {"2", "1d"}, {"3", "12h"}}) {
    Run const run = project.run({"apply", "--yes", "--quiet", "-l", fmt::format("batch={}", batch)}, later);
    INFO(run.out, run.err);
    REQUIRE(run.exit == 0);
  }
  CHECK(project.sent("POST ") == many);
  auto const apply = [&](std::string const& later, int exit) {
    Run const run = project.run({"apply", "--yes", "--quiet"}, later);
    INFO(run.out, run.err);
    REQUIRE(run.exit == exit);
  };
  // Everything is seen, and two hours later what has moved since.
  apply("10m", 0);
  apply("2h", 0);
  // Of what is deployed by then, without change management, a colleague changes some; that is seen twice, too.
  for (int const number : {1, 2, 9, 10}) {
    Run const run = project.colleague(number);
    INFO(run.out, run.err);
    REQUIRE(run.exit == 0);
  }
  CHECK(project.sent("PUT ") == 4);
  apply("0s", 4);
  apply("25m", 4);
  std::size_t const written = project.writes();
  std::size_t gets = project.sent("GET ");
  auto const cost = [&] { return project.sent("GET ") - std::exchange(gets, project.sent("GET ")); };

  Run const plan = project.run({"plan"});
  CHECK(cost() == 1);
  INFO(plan.out.substr(0, 2000), plan.err);
  CHECK(plan.exit == 0);
  for (char const* const words : {"as of ", "another party's", "waits for the approval of what is on staging",
                                  "the CA is to issue the certificate", "waits for the certificate for its CSR",
                                  "waits for the validation of 2 names", "expires "})
    CHECK(says(plan.out, words));
  Run const again = project.run({"plan"});
  CHECK(cost() == 1);
  CHECK(plan.out == again.out);
  CHECK(project.run({"plan", "-o", "json"}).out == project.run({"plan", "-o", "json"}).out);
  CHECK(cost() == 2);
  CHECK(project.run({"status"}).exit == 0);
  CHECK(cost() == 1);
  apply("0s", 4);
  CHECK(cost() == 1);
  // Who asks by name sees it as it is: the list, the change, and what it waits for.
  CHECK(project.run({"plan", "--name", "n0"}).exit == 0);
  CHECK(cost() == 3);

  // Names validate by themselves at any moment: these changes are looked at more often than what waits for persons.
  CHECK(project.run({"plan"}, "20m").exit == 0);
  CHECK(cost() == 1 + 2 * many / 4);
  CHECK(project.writes() == written);
}

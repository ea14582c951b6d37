#include "program/counted.hpp"

#include <algorithm>

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
  // Once a day one request more for each contract that serves something: until when its certificates are valid.
  CHECK(counted.cost({"apply", "--yes", "--settle", "0s"}) == 20 + 1 + 1);
  CHECK(counted.cost({"apply", "--yes"}) == 1);
  // The list may lag behind what was written a moment ago: each that differs is looked at, and nobody else.
  counted.sites(20, "quicEnabled: false", 5);
  CHECK(counted.cost({"apply", "--yes", "--name", "n1*"}) == 2 * 11 + 1);
  CHECK(counted.cost({"plan", "--detailed-exitcode", "--name", "n1*"}) == 1);
}

TEST_CASE(
    "requests: more contracts than connections, under faults: each is listed in its turn, each create sent once") {
  constexpr int contracts = 12;
  Folder const folder;
  folder.write("cpsctl.yaml",
               "apiVersion: cpsctl.dev/v1\nkind: Project\nspec:\n  manifests: [certs/]\n"
               "  api: { timeout: 1s, parallelism: 2 }\n");
  for (int i = 0; i < contracts; ++i) {
    std::string text = dv_manifest(fmt::format("www-{}", i), fmt::format("www{}.example.com", i));
    std::string const usual = "1-1TJZH5";
    text.replace(text.find(usual), usual.size(), fmt::format("C-{}", i));
    folder.write(fmt::format("certs/www-{}.yaml", i), text);
  }
  auto const run = [&](std::vector<std::string> arguments) {
    // Six turns of 400 ms each: who waits for a connection longer than a request may take has not begun.
    for (char const* const more :
         {"--complete-after", "0s", "--fault", "GET: delay 400ms first 12", "--fault", "GET: drop-before every 5"})
      arguments.emplace_back(more);
    arguments.push_back("--sandbox=" + (folder / "cps").string());
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  };
  auto const sent = [&](std::string_view method) {
    return std::ranges::count_if(requests(folder / "cps"), [&](auto const& line) { return line.starts_with(method); });
  };
  Run const plan = run({"plan", "--detailed-exitcode"});
  INFO(plan.out, plan.err);
  CHECK(plan.exit == 2);
  CHECK(plan.out.find("Plan: 12 to create") != std::string::npos);
  CHECK(sent("GET") >= contracts);
  CHECK(sent("GET") <= contracts + contracts / 4);
  Run const apply = run({"apply", "--yes"});
  INFO(apply.out, apply.err);
  CHECK(apply.exit == 0);
  CHECK(sent("POST") == contracts);
}

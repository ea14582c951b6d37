#include "program.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace program;

namespace {

struct Counted {
  Folder folder;

  Run run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--sandbox=" + (folder / "cps").string(), "--complete-after", "0s"});
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
  /// How many requests a call makes that succeeds.
  std::size_t cost(std::vector<std::string> arguments) const {
    std::size_t const before = requests(folder / "cps").size();
    Run const done = run(std::move(arguments));
    INFO(done.out, done.err);
    CHECK(done.exit == 0);
    return requests(folder / "cps").size() - before;
  }
  void sites(int count, std::string const& quic, int mutual = 0) const {
    std::string text;
    for (int i = 0; i < count; ++i) {
      std::string one = dv_manifest(fmt::format("n{}", i), fmt::format("n{}.example.com", i));
      std::string const usual = "quicEnabled: false";
      one.replace(one.find(usual), usual.size(),
                  quic + (i < mutual ? "\n      clientMutualAuthentication: { setId: S }" : ""));
      text += "---\n" + one;
    }
    folder.write("manifests/all.yaml", text);
  }
};

}  // namespace

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

// cpsctl ack and cancel: what a person answers, and what they show before.
#include "places.hpp"
#include "program/program.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace program;

namespace {

/// The examples, ordered: each change waits for somebody.
struct Ordered {
  Folder folder;
  Ordered() {
    std::filesystem::copy(places::source("manifests"), folder / "manifests");
    std::filesystem::remove(folder / "manifests/README.md");
    Run const applied = run({"apply", "--yes"});
    INFO(applied.out, applied.err);
    REQUIRE(applied.exit == 0);
  }
  Run run(std::vector<std::string> arguments) const {
    arguments.push_back("--sandbox=" + (folder / "sandbox").string());
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
};

}  // namespace

TEST_CASE(
    "cancel: what was given up is called cancelled, and the consent that is missing is said as it is to be typed") {
  Ordered const project;
  Run const refused = project.run({"cancel", "intranet-example-com", "--yes"});
  CHECK(refused.exit == 4);
  CHECK(says(refused.err, "cpsctl cancel intranet-example-com --confirm-delete intranet-example-com --sandbox="));
  Run const run = project.run({"cancel", "shop-example-com", "--confirm-delete", "shop-example-com", "--yes"});
  INFO(run.err);
  CHECK(run.exit == 0);
  CHECK(says(run.err, "gives up change "));
  CHECK(says(run.out, "Cancel: 1 cancelled ("));
}

TEST_CASE("ack: it says what it answers, has no digest to approve, and names the next step as it is to be typed") {
  Ordered const project;
  Run const run = project.run({"ack", "shop-example-com", "--yes"});
  INFO(run.err);
  CHECK(run.exit == 0);
  CHECK(says(run.err, "; says that the challenges are published"));
  CHECK(says(run.err, "For: sandbox."));
  CHECK_FALSE(says(run.err, "Digest:"));
  CHECK(says(run.out, "Acknowledge: 1 answered ("));
  Run const wrong = project.run({"ack", "api-example-com", "--yes"});
  CHECK(wrong.exit == 4);
  CHECK(says(wrong.err, "then cpsctl upload api-example-com FILE --sandbox="));
}

// cpsctl csr: what is to be signed outside CPS, and why there is none.
#include "pki/csr.hpp"

#include "base/fields.hpp"
#include "places.hpp"
#include "program/program.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

bool says(std::string const& text, std::string const& words) {
  return text.find(words) != std::string::npos;
}

/// The examples, ordered from a sandbox whose changes go on until somebody has to give them something.
struct Ordered {
  Folder folder;
  Ordered() {
    std::filesystem::copy(places::source("manifests"), folder / "manifests");
    std::filesystem::remove(folder / "manifests/README.md");
    Run const applied = run({"apply", "--yes"});
    INFO(applied.out, applied.err);
    REQUIRE(applied.exit == 0);
  }
  Run run(std::vector<std::string> arguments,
          std::vector<std::string> const& switches = {"--complete-after", "0s"}) const {
    arguments.insert(arguments.end(), {"--sandbox=" + (folder / "sandbox").string(), "--inputs", "wait"});
    arguments.insert(arguments.end(), switches.begin(), switches.end());
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
};

}  // namespace

TEST_CASE("csr: one is printed alone, as PEM that its own key has signed") {
  Ordered const project;
  Run const run = project.run({"csr", "api-example-com"});
  INFO(run.err);
  CHECK(run.exit == 0);
  CHECK(run.out.starts_with("-----BEGIN CERTIFICATE REQUEST-----\n"));
  auto const csr = pki::read_csr(run.out);
  REQUIRE(csr.has_value());
  CHECK(csr->common_name == "api.example.com");
  CHECK(std::ranges::count(csr->names, std::string("api-eu.example.com"), &pki::AlternativeName::value) == 1);
}

TEST_CASE("csr: several are told apart, as text, as files and as JSON") {
  Ordered const project;
  Run const all = project.run({"csr"});
  CHECK(all.exit == 0);
  CHECK(says(all.out, "# api-example-com RSA, change "));
  CHECK(says(all.out, "# www-example-com RSA, change "));
  CHECK_FALSE(says(all.out, "shop-example-com"));  // DV

  json::Document const document = project.run({"csr", "-o", "json"}).json();
  json::Value const& rows = *json::find(document, "csrs");
  REQUIRE(rows.Size() >= 2);
  CHECK(json::text_or(json::find(rows[0], "name"), "") == "api-example-com");
  CHECK(json::text_or(json::find(rows[0], "keyAlgorithm"), "") == "RSA");
  CHECK(json::find(rows[0], "dnsNames")->Size() == 3);
  CHECK(json::find(rows[0], "id")->GetInt64() > 0);

  Run const files = project.run({"csr", "--out-dir", "csrs"});
  CHECK(files.exit == 0);
  std::string const file = read(project.folder / "csrs/api-example-com-RSA.csr");
  CHECK(file == json::text_or(json::find(rows[0], "csr"), ""));
  CHECK(says(files.out, "csrs/api-example-com-RSA.csr"));
  CHECK_FALSE(says(files.out, "BEGIN"));
}

TEST_CASE("csr: it reads, and sends nothing else") {
  Ordered const project;
  auto const before = requests(project.folder / "sandbox").size();
  CHECK(project.run({"csr", "api-example-com"}).exit == 0);
  auto const lines = requests(project.folder / "sandbox");
  REQUIRE(lines.size() == before + 3);
  for (std::size_t i = before; i < lines.size(); ++i) CHECK(lines[i].starts_with("GET "));
}

TEST_CASE("csr: the state is lost, and CPS still waits") {
  Ordered const project;
  for (char const* const file : {"sandbox/state.json", "sandbox/state.json.journal"})
    std::filesystem::remove(project.folder / file);
  Run const run = project.run({"csr", "api-example-com"});
  CHECK(run.exit == 0);
  CHECK(pki::read_csr(run.out).has_value());
}

TEST_CASE("csr: what was asked for and has none says why") {
  Ordered const project;
  SUBCASE("its certificates are not signed outside CPS") {
    Run const run = project.run({"csr", "shop-example-com"});
    CHECK(run.exit == 1);
    CHECK(says(run.err, "shop-example-com: no CSR to sign: CPS itself has its certificates signed"));
    CHECK(run.out.empty());
  }
  SUBCASE("CPS has not made it yet") {
    Folder const other;
    std::filesystem::copy(project.folder / "manifests", other / "manifests");
    auto const early = [&](std::vector<std::string> arguments) {
      arguments.insert(arguments.end(), {"--sandbox=" + (other / "sandbox").string(), "--complete-after", "usual"});
      return run_cpsctl(std::move(arguments), {.folder = other.path()});
    };
    REQUIRE(early({"apply", "--yes"}).exit == 0);
    Run const run = early({"csr", "api-example-com"});
    CHECK(run.exit == 75);
    CHECK(says(run.err, "api-example-com: no CSR to sign: CPS works on it ("));
    CHECK(early({"csr"}).exit == 0);
  }
  SUBCASE("the change moves on between two answers") {
    Run const run = project.run({"csr", "api-example-com"},
                                {"--complete-after", "0s", "--fault",
                                 "GET /enrollments/*/changes/*/input/info/*: status 404 not-found first 1"});
    CHECK(run.exit == 75);
    CHECK(says(run.err, "moved on just now"));
  }
  SUBCASE("the change ends between list and look") {
    Run const run = project.run(
        {"csr", "api-example-com"},
        {"--complete-after", "0s", "--fault", "GET /enrollments/*/changes/*: status 404 not-found first 1"});
    CHECK(run.exit == 1);
    CHECK(says(run.err, "its change has ended meanwhile"));
  }
  SUBCASE("nobody knows the name") {
    Run const run = project.run({"csr", "api-exmple-com"});
    CHECK(run.exit == 64);
    CHECK(says(run.err, "did you mean api-example-com?"));
  }
}

TEST_CASE("csr: an answer that is no CSR is an error, with its enrollment, and nothing is printed") {
  Ordered const project;
  Run const run = project.run(
      {"csr"}, {"--complete-after", "0s", "--fault", "GET /enrollments/*/changes/*/input/info/*: malformed first 99"});
  CHECK(run.exit == 69);
  CHECK(says(run.err, "example-com"));
  CHECK(run.out.empty());
}

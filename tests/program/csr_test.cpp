// cpsctl csr: what is to be signed outside CPS, and why there is none.
#include "pki/csr.hpp"

#include "base/fields.hpp"
#include "places.hpp"
#include "program/program.hpp"
#include "schema/schema.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

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

TEST_CASE("csr: what matches a glob and has none is said, and no failure; what is named is one, once") {
  Ordered const project;
  Run const glob = project.run({"csr", "*-example-com", "--out-dir", "csrs"});
  INFO(glob.err);
  CHECK(glob.exit == 0);
  CHECK(says(glob.err, "info: shop-example-com: no CSR to sign: CPS itself has its certificates signed"));
  CHECK(std::filesystem::exists(project.folder / "csrs/api-example-com-RSA.csr"));
  Run const both = project.run({"csr", "api-example-com", "shop-example-com", "shop*"});
  CHECK(both.exit == 1);
  CHECK(says(both.out, "BEGIN CERTIFICATE REQUEST"));
  auto const said = both.err.find("shop-example-com: no CSR to sign");
  REQUIRE(said != std::string::npos);
  CHECK(both.err.find("shop-example-com: no CSR to sign", said + 1) == std::string::npos);
  CHECK(project.run({"csr", "shop*"}).exit == 1);
}

TEST_CASE("csr: what the rest of the selection leaves out is said to be so") {
  Ordered const project;
  Run const named = project.run({"csr", "api-example-com", "-l", "team=shop"});
  CHECK(named.exit == 1);
  CHECK(says(named.err, "api-example-com: no CSR to sign: -l team=shop leaves it out"));
  Run const all = project.run({"csr", "-l", "team=shop"});
  CHECK(all.exit == 0);
  CHECK(says(all.err, "no change of what -l team=shop selects waits for a certificate"));
}

TEST_CASE("csr: an empty --out-dir is no folder") {
  Folder const folder;
  Run const run = run_cpsctl({"csr", "--out-dir", ""}, {.folder = folder.path()});
  CHECK(run.exit == 64);
  CHECK(says(run.err, "is the variable set?"));
}

TEST_CASE("csr: one that no longer fits the manifest is given, and that is said") {
  Ordered const project;
  std::string const manifest = read(project.folder / "manifests/third-party.yaml");
  project.folder.write("manifests/third-party.yaml",
                       std::string(manifest).insert(manifest.find("api-eu"), "new.example.com, "));
  Run const run = project.run({"csr", "api-example-com", "-o", "json"});
  CHECK(run.exit == 0);
  CHECK(says(run.err, "api-example-com: its CSR no longer fits the manifest, which wants csr.sans + new.example.com"));
  json::Document const document = run.json();
  json::Value const& outdated = *json::find((*json::find(document, "csrs"))[0], "outdated");
  REQUIRE(outdated.Size() == 1);
  CHECK(json::view(outdated[0]) == "csr.sans + new.example.com");
  // Its phone number costs no certificate.
  project.folder.write("manifests/third-party.yaml", manifest);
  std::string const profiles = read(project.folder / "manifests/profiles.yaml");
  project.folder.write("manifests/profiles.yaml", std::string(profiles).replace(profiles.find("617-"), 4, "618-"));
  CHECK_FALSE(says(project.run({"csr", "api-example-com"}).err, "no longer fits"));
}

TEST_CASE("csr: one that cannot be read hides no other") {
  Ordered const project;
  Run const run = project.run(
      {"csr", "--parallelism", "1"},
      {"--complete-after", "0s", "--fault", "GET /enrollments/*/changes/*/input/info/*: status 400 odd first 1"});
  CHECK(run.exit == 1);
  CHECK(says(run.err, "error: api-example-com: GET "));
  auto const csr = pki::read_csr(run.out);
  REQUIRE(csr);
  CHECK(csr->common_name == "www.example.com");
}

TEST_CASE("csr: its document fits the schema that describes it, member by member") {
  Ordered const project;
  json::Document const document = project.run({"csr", "*", "-o", "json"}).json();
  auto const schema = schema::named("csr.v1").value();
  for (auto const& problem : schema::check(document, schema->root(), {.direction = schema::Direction::any}))
    FAIL_CHECK(problem.pointer, ": ", problem.message);
  for (char const* const list : {"csrs", "without"}) {
    CAPTURE(list);
    json::Value const& all = *json::find(document, list);
    REQUIRE_FALSE(all.Empty());
    schema::Field const& row = *schema->root().child(list)->items;
    for (auto const& member : all[0].GetObject())
      CHECK_MESSAGE(row.child(json::view(member.name)) != nullptr, json::view(member.name));
    CHECK(all[0].MemberCount() == row.properties.size());
  }
}

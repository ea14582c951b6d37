#include "program/project.hpp"
#include "program/wanted.hpp"

/// A contract whose manifests were written for two versions of the API: both are listed, looked up and written in the
/// higher one, and neither loses what the other version does not know.
namespace {

using namespace program;

struct TwoVersions {
  Folder folder;

  TwoVersions() {
    folder.write("cpsctl.yaml",
                 "apiVersion: cpsctl.dev/v1\nkind: Project\nspec:\n  manifests: [certs/]\n"
                 "  api: { settle: 1s, createSpacing: 1s, timeout: 2s }\n");
    for (std::string const name : {"old", "new"}) {
      std::string const manifest = dv_manifest(name, name + ".example.com");
      folder.write("certs/" + name + ".yaml", replaced(manifest, "spec:\n", "spec:\n  apiSchema: v12\n"));
      edit(name, "quicEnabled: false", "quicEnabled: false\n      fipsMode: true");
    }
    expect(run({"apply", "--yes"}), 0);
    // From now on one of the two speaks v11, and has no word for its fipsMode.
    edit("old", "  apiSchema: v12\n", "");
    edit("old", "\n      fipsMode: true", "");
    expect(run({"apply", "--yes"}), 0);
    expect_unchanged();
  }

  Run run(std::vector<std::string> arguments, std::vector<std::string> const& more = {}) const {
    arguments.insert(arguments.end(), {"--sandbox=" + (folder / "cps").string(), "--complete-after", "0s"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
  void edit(std::string const& name, std::string const& from, std::string const& to) const {
    folder.write("certs/" + name + ".yaml", replaced(read(folder / "certs" / (name + ".yaml")), from, to));
  }
  static void expect(Run const& run, int exit) {
    INFO(run.out, run.err);
    REQUIRE(run.exit == exit);
  }
  void expect_unchanged() const {
    Run const plan = run({"plan"});
    INFO(plan.out, plan.err);
    CHECK(plan.out.find("No changes: 2 unchanged.") != std::string::npos);
  }
  /// The member that v11 does not know is what it was: v12 says so.
  void expect_kept() const {
    edit("old", "spec:\n", "spec:\n  apiSchema: v12\n");
    edit("old", "quicEnabled: false", "quicEnabled: false\n      fipsMode: true");
    Run const plan = run({"plan"});
    INFO(plan.out, plan.err);
    CHECK(plan.out.find("nothing is sent") != std::string::npos);
    CHECK(plan.out.find("fipsMode") == std::string::npos);
  }
};

}  // namespace

TEST_CASE("versions: an update of the older one keeps what only the newer version knows") {
  TwoVersions const project;
  project.edit("old", "617-555-0102", "617-555-0109");
  TwoVersions::expect(project.run({"apply", "--yes"}), 0);
  project.expect_unchanged();
  project.expect_kept();
}

TEST_CASE("versions: a lost update of the older one is found out, whichever way it went") {
  TwoVersions const project;
  std::string phone = "617-555-0102";
  for (std::string const way : {"drop-before", "drop-after"}) {
    CAPTURE(way);
    std::string const next = way == "drop-before" ? "617-555-0103" : "617-555-0104";
    project.edit("old", phone, next);
    phone = next;
    TwoVersions::expect(project.run({"apply", "--yes"}, {"--fault", "PUT /enrollments/*: " + way + " times 1"}), 0);
    project.expect_unchanged();
  }
}

TEST_CASE("versions: a plan of both, and one of the older alone, are carried out as they were saved") {
  TwoVersions const project;
  project.edit("old", "617-555-0102", "617-555-0109");
  std::vector<std::string> more;
  SUBCASE("all of the contract") {}
  SUBCASE("one selected") {
    more = {"--name", "old"};
  }
  TwoVersions::expect(project.run({"plan", "--out", "json=plan.json"}, more), 0);
  cpsctl::json::Document const plan = cpsctl::json::parse(read(project.folder / "plan.json"), "plan").value();
  std::string const digest(cpsctl::json::text_or(cpsctl::json::find(plan, "digest"), ""));
  TwoVersions::expect(project.run({"apply", "--yes", "--plan", "plan.json", "--approved", digest}), 0);
  project.expect_unchanged();
  project.expect_kept();
}

TEST_CASE("versions: deletes in doubt of a contract in v12 are found out, too") {
  TwoVersions const project;
  project.edit("new", "spec:\n", "spec:\n  lifecycle: { deletion: delete }\n");
  TwoVersions::expect(project.run({"apply", "--yes"}), 0);
  std::filesystem::remove(project.folder / "certs/new.yaml");
  std::vector<std::string> const consent{"--allow-delete", "--max-deletes", "1", "--confirm-delete", "new"};
  std::vector<std::string> losing{"--fault", "DELETE /enrollments/*: drop-before times 1"};
  losing.insert(losing.end(), consent.begin(), consent.end());
  Run const run = project.run({"apply", "--yes"}, losing);
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(run.out.find("has changed since") == std::string::npos);
}

TEST_CASE("versions: what CPS does not serve is held back, and the rest of the contract is planned and applied") {
  Folder const folder;
  folder.write("certs/www.yaml", dv_manifest("www", "www.example.com"));
  folder.write("certs/fips.yaml",
               replaced(dv_manifest("fips", "fips.example.com"), "spec:\n", "spec:\n  apiSchema: v12\n"));
  auto const run = [&](std::vector<std::string> arguments, std::string const& newest = "v11") {
    arguments.insert(arguments.end(), {"--sandbox=" + (folder / "cps").string(), "--complete-after", "0s", "certs",
                                       "--newest-version", newest});
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  };
  Run const plan = run({"plan"});
  INFO(plan.out, plan.err);
  CHECK(plan.exit == 0);
  CHECK(plan.out.find("1 to create") != std::string::npos);
  CHECK(plan.out.find("1 blocked") != std::string::npos);
  CHECK(plan.out.find("CPS does not serve API version v12 for its contract, v11 at most") != std::string::npos);
  CHECK(plan.out.find("set spec.apiSchema: v11 in certs/fips.yaml") != std::string::npos);
  Run const saved = run({"plan", "--out", "json=plan.json"});
  CHECK(saved.exit == 0);

  Run const applied = run({"apply", "--yes"});
  INFO(applied.out, applied.err);
  CHECK(applied.exit == 4);
  CHECK(applied.out.find("1 created") != std::string::npos);
  Run const again = run({"plan"});
  INFO(again.out, again.err);
  CHECK(again.out.find("1 unchanged") != std::string::npos);

  // Once CPS serves it, the other one is created; and is held back, not changed, where CPS goes back.
  Run const served = run({"apply", "--yes"}, "v12");
  INFO(served.out, served.err);
  CHECK(served.exit == 0);
  Run const gone_back = run({"plan", "-o", "json"});
  INFO(gone_back.out, gone_back.err);
  CHECK(gone_back.out.find("\"wanted\": \"update\"") != std::string::npos);
  CHECK(run_cpsctl({"status", "--newest-version", "v11", "--sandbox=" + (folder / "cps").string()},
                   {.folder = folder.path()})
            .exit == 0);
}

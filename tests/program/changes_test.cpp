#include "program.hpp"
#include "schema/schema.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

/// A project with an embedded CPS whose changes end at once, so that what is created is deployed in production.
struct Project {
  Folder folder;
  std::vector<std::string> switches{"--complete-after", "0s"};

  Project() {
    for (char const* const name : {"www", "api"}) site(name);
    REQUIRE(apply().exit == 0);
    REQUIRE(plan().out.find("No changes: 2 unchanged.") != std::string::npos);
  }

  void site(std::string const& name, std::string const& more = {}) const {
    folder.write("manifests/" + name + ".yaml", dv_manifest(name, name + ".example.com") + more);
  }
  void edit(std::string const& name, std::string const& from, std::string const& to) const {
    std::string text = read(folder / "manifests/" / (name + ".yaml"));
    REQUIRE(text.find(from) != std::string::npos);
    text.replace(text.find(from), from.size(), to);
    folder.write("manifests/" + name + ".yaml", text);
  }
  void remove(std::string const& name) const { std::filesystem::remove(folder / "manifests" / (name + ".yaml")); }

  Run run(std::vector<std::string> arguments) const {
    arguments.push_back("--sandbox=" + (folder / "sandbox").string());
    arguments.insert(arguments.end(), switches.begin(), switches.end());
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
  Run plan(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), "plan");
    return run(std::move(more));
  }
  Run apply_saved(std::string const& digest, std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--plan", "plan.json", "--approved", digest});
    return apply(std::move(more));
  }
  Run apply(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"apply", "--yes"});
    return run(std::move(more));
  }

  std::ptrdiff_t sent(std::string const& method) const {
    return std::ranges::count_if(requests(folder / "sandbox"),
                                 [&](std::string const& line) { return line.starts_with(method + " "); });
  }
  std::string state() const { return read(folder / "sandbox/state.json"); }
};

char const* const deletable = "  lifecycle:\n    deletion: delete\n";

}  // namespace

TEST_CASE("an update: the plan shows field, values, effect; apply sends one PUT; the next plan is empty") {
  Project const project;
  project.edit("www", "quicEnabled: false", "quicEnabled: true");
  Run const plan = project.plan();
  INFO(plan.out, plan.err);
  CHECK(says(plan.out, "~ networkConfiguration.quicEnabled"));
  CHECK(says(plan.out, "false → true"));
  CHECK(says(plan.out, "deployment, same certificate"));
  CHECK(says(plan.out, "production"));
  CHECK(says(plan.out, "Plan: 1 to update, 1 unchanged."));
  CHECK(project.plan({"--detailed-exitcode"}).exit == 2);
  CHECK(project.sent("PUT") == 0);
  CHECK(project.apply().exit == 0);
  CHECK(project.sent("PUT") == 1);
  CHECK(says(project.plan().out, "No changes"));
}

TEST_CASE("a saved plan is taken by --plan alone, once approved, and brings no consent of its own") {
  Project const project;
  project.site("old", deletable);
  REQUIRE(project.apply().exit == 0);
  project.remove("old");
  auto const opened = std::vector<std::string>{"--allow-delete", "--max-deletes", "1", "--confirm-delete", "old",
                                               "--on-pending",   "cancel"};
  auto plan = opened;
  plan.insert(plan.end(), {"--out", "json=plan.json"});
  REQUIRE(project.plan(plan).exit == 0);
  auto const document = json::parse(read(project.folder / "plan.json"), "plan").value();
  std::string const digest(json::text_or(json::find(document, "digest"), ""));

  Run const path = project.apply({"plan.json"});
  CHECK(path.exit == 65);
  CHECK(says(path.err, "apply --plan FILE"));

  Run const nobody = project.apply({"--plan", "plan.json"});
  CHECK(nobody.exit == 64);
  CHECK(says(nobody.err, "--approved"));

  Run const bare = project.apply_saved(digest);
  CHECK(bare.exit == 4);
  CHECK(says(bare.err, "--allow-delete --max-deletes 1 --confirm-delete old --on-pending cancel"));
  CHECK(project.apply_saved(digest, {"--allow-delete", "--confirm-delete", "old", "--on-pending", "cancel"}).exit == 4);
  CHECK(project.apply_saved(digest, {"--allow-delete", "--max-deletes", "1", "--confirm-delete", "old"}).exit == 4);
  project.folder.write("cpsctl.yaml", "apiVersion: cpsctl.dev/v1\nkind: Project\nspec: { guard: { maxDeletes: 9 } }\n");
  CHECK(project.apply_saved(digest, {"--allow-delete", "--confirm-delete", "old", "--on-pending", "cancel"}).exit == 4);
  Run const too_many = project.apply_saved(digest, {"--allow-delete", "--max-deletes", "10"});
  CHECK(too_many.exit == 64);
  CHECK(says(too_many.err, "--max-deletes 10 is more than cpsctl.yaml allows: 9"));
  CHECK(project.sent("DELETE") == 0);

  Run const shown = run_cpsctl({"show", "plan.json"}, {.folder = project.folder.path()});
  CHECK(says(shown.out, "Consent: --allow-delete --max-deletes 1 --confirm-delete old --on-pending cancel\n"));
  CHECK(says(shown.out, "Digest: " + digest));

  Run const done = project.apply_saved(digest, opened);
  INFO(done.out, done.err);
  CHECK(done.exit == 0);
  CHECK(project.sent("DELETE") == 1);
}

TEST_CASE("a saved plan belongs to the account that its head names") {
  Project const project;
  project.site("new");
  project.edit("new", "contractId: 1-1TJZH5", "contractId: 1-2OTHER");  // of which the state knows nothing yet
  std::vector<std::string> const other{"--account-key", "1-5C0YLB:1-8BYUX"};
  auto plan = other;
  plan.insert(plan.end(), {"--name", "new", "--out", "json=plan.json"});
  Run const planned = project.plan(plan);
  INFO(planned.out, planned.err);
  REQUIRE(planned.exit == 0);
  CHECK(says(planned.out, "For: sandbox, account 1-5C0YLB:1-8BYUX."));
  CHECK_FALSE(says(planned.out, " · account "));  // once, where it is that of all
  auto const document = json::parse(read(project.folder / "plan.json"), "plan").value();
  std::string const digest(json::text_or(json::find(document, "digest"), ""));
  Run const own = project.apply_saved(digest);
  CHECK(own.exit == 65);
  CHECK(
      says(own.err, "the plan was made for account 1-5C0YLB:1-8BYUX, this run talks to the API client's own account"));
  CHECK(project.sent("POST") == 2);
  CHECK(project.apply_saved(digest, other).exit == 0);
  CHECK(project.sent("POST") == 3);
}

TEST_CASE("a saved plan of a sandbox says so where --sandbox was forgotten") {
  Project const project;
  project.edit("www", "617-555-0102", "617-555-0109");
  REQUIRE(project.plan({"--out", "json=plan.json"}).exit == 0);
  auto const document = json::parse(read(project.folder / "plan.json"), "plan").value();
  std::string const digest(json::text_or(json::find(document, "digest"), ""));
  Run const forgotten = run_cpsctl({"apply", "--yes", "--plan", "plan.json", "--approved", digest},
                                   {.folder = project.folder.path(), .environment = {{"HOME", "/nonexistent"}}});
  INFO(forgotten.out, forgotten.err);
  CHECK(forgotten.exit == 77);
  CHECK(says(forgotten.err, "the plan was made in a sandbox: add --sandbox=DIR"));
}

TEST_CASE("a plan tells when a certificate may be deployed, and that an enrollment goes with its manifest") {
  Project const project;
  project.edit("www", "sans: [", "sans: [more.example.com, ");
  project.edit("www", "spec:\n",
               "spec:\n  deploy: { notBefore: 2030-01-02, notAfter: 2030-02-03 }\n"
               "  lifecycle: { deletion: delete }\n");
  project.edit("api", "quicEnabled: false", "quicEnabled: true");
  project.edit("api", "spec:\n", "spec:\n  deploy: { notBefore: 2030-01-02 }\n");
  Run const plan = project.plan();
  INFO(plan.out, plan.err);
  auto const www = plan.out.find("~ www");
  REQUIRE(www != std::string::npos);
  for (char const* const part : {"deployed not before: 2030-01-02\n", "deployed not after: 2030-02-03\n",
                                 "if its manifest is removed: deleted\n"})
    CHECK(plan.out.find(part, www) != std::string::npos);
  // No certificate is ordered for the other one, so that its dates are not sent.
  CHECK(plan.out.substr(0, www).find("deployed") == std::string::npos);
}

TEST_CASE("drift is told from what the manifest changed, and is set back") {
  Project const project;
  {  // somebody else, with a state of his own, changes it at CPS
    Folder const other;
    std::string theirs = dv_manifest("www", "www.example.com");
    theirs.replace(theirs.find("quicEnabled: false"), 18, "quicEnabled: true");
    theirs += "  lifecycle:\n    adopt: always\n";
    other.write("manifests/www.yaml", theirs);
    Run const run = run_cpsctl({"apply", "--yes", "--sandbox=" + (project.folder / "sandbox").string(), "--state",
                                "own.json", "--complete-after", "0s"},
                               {.folder = other.path()});
    INFO(run.out, run.err);
    REQUIRE(run.exit == 0);
  }
  Run const plan = project.plan();
  INFO(plan.out, plan.err);
  CHECK(says(plan.out, "changed outside cpsctl, set back"));
  CHECK(project.apply().exit == 0);
  CHECK(says(project.plan().out, "No changes"));
}

TEST_CASE("a saved plan is carried out as it was seen, and what moved since is refused alone") {
  Project const project;
  project.edit("www", "quicEnabled: false", "quicEnabled: true");
  project.site("new");
  Run const plan = project.plan({"--out", "json=plan.json"});
  REQUIRE(plan.exit == 0);
  auto const document = json::parse(read(project.folder / "plan.json"), "plan").value();
  auto const schema = schema::named("plan.v1").value();
  CHECK(schema::check(document, schema->root(), {.direction = schema::Direction::any}).empty());
  CHECK(json::find(document, "items")->Size() == 2);
  std::string const digest(json::text_or(json::find(document, "digest"), ""));

  SUBCASE("show prints it, also without CPS") {
    Run const shown = run_cpsctl({"show", "plan.json"}, {.folder = project.folder.path()});
    CHECK(shown.exit == 0);
    CHECK(says(shown.out, "Plan: 1 to create, 1 to update, 1 unchanged."));
    CHECK(says(plan.out, shown.out.substr(0, shown.out.find("Digest"))));
  }
  SUBCASE("nothing moved: all of it; twice: nothing is left") {
    project.edit("www", "quicEnabled: true", "quicEnabled: false");  // what was reviewed counts, not the files
    CHECK(project.apply_saved(digest).exit == 0);
    CHECK(project.sent("PUT") == 1);
    Run const again = project.apply_saved(digest);
    INFO(again.out, again.err);
    CHECK(again.exit == 0);
    CHECK(project.sent("PUT") == 1);
    CHECK(project.sent("POST") == 3);
  }
  SUBCASE("one enrollment moved: it is refused, the other is created") {
    project.edit("www", "quicEnabled: true", "quicEnabled: false");
    project.edit("www", "changeManagement: false", "changeManagement: true");
    REQUIRE(project.apply({"--name", "www"}).exit == 0);
    Run const run = project.apply_saved(digest, {"-o", "json"});
    INFO(run.out, run.err);
    CHECK(run.exit == 4);
    CHECK(json::text_or(json::at(run.json(), "/items/0/outcome"), "") == "done");
    CHECK(json::text_or(json::at(run.json(), "/items/1/outcome"), "") == "stale");
    CHECK(project.sent("POST") == 3);
    CHECK(project.sent("PUT") == 1);
  }
  SUBCASE("a plan that somebody touched is refused") {
    std::string text = read(project.folder / "plan.json");
    text.replace(text.find("new.example.com"), 15, "own.example.com");
    project.folder.write("plan.json", text);
    Run const run = project.apply_saved(digest);
    CHECK(run.exit == 65);
    CHECK(says(run.err, "its digest does not fit"));
    CHECK(project.sent("POST") == 2);
  }
  SUBCASE("a selection of its own and PATHs are refused") {
    CHECK(project.apply_saved(digest, {"--name", "www"}).exit == 64);
    CHECK(project.apply_saved(digest, {"manifests"}).exit == 64);
  }
  SUBCASE("--approved: the same plan goes on, another does not") {
    CHECK(project.apply({"--approved", std::string(64, '0')}).exit == 4);
    CHECK(project.sent("PUT") == 0);
    CHECK(project.run({"apply", "--approved", digest, "--yes"}).exit == 0);
    CHECK(project.sent("PUT") == 1);
  }
}

TEST_CASE("a certificate that serves in production is deleted only when everybody agrees") {
  Project const project;
  project.edit("www", "  enrollment:", std::string(deletable) + "  enrollment:");
  CHECK(project.apply().exit == 0);  // the policy is recorded, nothing is sent
  CHECK(project.sent("PUT") == 0);
  project.remove("www");

  struct Case {
    std::vector<std::string> flags;
    char const* words;
  };
  Case const refused[] = {
      {{}, "run with --allow-delete --max-deletes 1 --confirm-delete www"},
      {{"--allow-delete", "--max-deletes", "1"}, "--confirm-delete www"},
      {{"--confirm-delete", "www", "--max-deletes", "1"}, "--allow-delete"},
      {{"--allow-delete", "--confirm-delete", "www"}, "--max-deletes 1"},
      {{"--allow-delete", "--confirm-delete", "www", "--max-deletes", "1", "--max-changes", "0"}, "--max-changes 1"}};
  for (Case const& c : refused) {
    Run const run = project.apply(c.flags);
    INFO(run.out, run.err);
    CHECK(run.exit == 4);
    CHECK(says(run.out + run.err, c.words));
    CHECK(project.sent("DELETE") == 0);
  }
  Run const run = project.apply({"--allow-delete", "--max-deletes", "1", "--confirm-delete", "www"});
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(project.sent("DELETE") == 1);
  CHECK(project.apply().exit == 0);
  CHECK_FALSE(says(project.state(), "www.example.com"));
  CHECK(says(project.plan().out, "No changes: 1 unchanged."));
}

TEST_CASE("leaving a manifest out is not a wish to delete") {
  Project const project;
  project.remove("www");
  Run const plan = project.plan();
  INFO(plan.out);
  CHECK(says(plan.out, "the enrollment is kept"));
  CHECK(says(plan.out, "cpsctl state forget www"));
  Run const consented = project.apply({"--allow-delete", "--max-deletes", "9", "--confirm-delete", "www"});
  CHECK(consented.exit == 0);
  CHECK(says(consented.err, "kept, in spite of --confirm-delete: its last applied policy was deletion: orphan"));
  CHECK(says(consented.err, "put the manifest back with lifecycle.deletion: delete, apply, and remove it again"));
  CHECK(project.sent("DELETE") == 0);
  CHECK(project.run({"state", "forget", "www"}).exit == 0);
  CHECK(says(project.plan().out, "No changes: 1 unchanged."));
  Run const unmanaged = project.run({"status", "--unmanaged"});
  CHECK(says(unmanaged.out, "www.example.com"));
}

TEST_CASE("moves: a rename, another contract, two manifests for one enrollment, deleted outside") {
  Project const project;
  SUBCASE("a renamed manifest is not a new certificate") {
    project.remove("www");
    project.folder.write("manifests/shop.yaml", dv_manifest("shop", "www.example.com"));
    Run const plan = project.plan();
    INFO(plan.out);
    CHECK(says(plan.out, "cpsctl state mv www shop"));
    CHECK(says(plan.out, "next: see shop\n"));  // one way on, not two
    CHECK_FALSE(says(plan.out, "state forget"));
    CHECK(project.apply().exit == 4);
    CHECK(project.run({"state", "mv", "www", "shop"}).exit == 0);
    CHECK(project.apply().exit == 0);  // its file is recorded
    CHECK(says(project.plan().out, "No changes: 2 unchanged."));
    CHECK(project.sent("POST") == 2);
  }
  SUBCASE("a contract cannot be changed in place") {
    project.edit("www", "contractId: ", "contractId: 9-");
    CHECK(says(project.plan().out, "its contract cannot be changed in place"));
    CHECK(project.apply().exit == 4);
    CHECK(project.sent("POST") == 2);
  }
  SUBCASE("two manifests for one enrollment are both blocked") {
    std::filesystem::remove(project.folder / "sandbox/state.json");
    std::filesystem::remove(project.folder / "sandbox/state.json.journal");
    project.folder.write("manifests/twin.yaml",
                         dv_manifest("twin", "www.example.com") + "  lifecycle:\n    allowDuplicateCn: true\n");
    Run const plan = project.plan();
    INFO(plan.out, plan.err);
    CHECK(says(plan.out, "several manifests match enrollment"));
    CHECK(project.sent("POST") == 2);
  }
  SUBCASE("deleted outside: not created again without consent") {
    Folder const other;
    other.write("manifests/www.yaml", dv_manifest("www", "www.example.com") + deletable);
    other.write("manifests/keep.yaml", dv_manifest("keep", "keep.example.com"));
    auto const elsewhere = [&](std::vector<std::string> arguments) {
      arguments.insert(arguments.end(), {"--sandbox=" + (project.folder / "sandbox").string(), "--state", "own.json",
                                         "--complete-after", "0s"});
      return run_cpsctl(arguments, {.folder = other.path()});
    };
    REQUIRE(elsewhere({"apply", "--yes"}).exit == 0);
    std::filesystem::remove(other / "manifests/www.yaml");
    REQUIRE(elsewhere({"apply", "--yes", "--allow-delete", "--max-deletes", "1", "--confirm-delete", "www"}).exit == 0);
    Run const plan = project.plan();
    INFO(plan.out, plan.err);
    CHECK(says(plan.out, "deleted outside cpsctl"));
    CHECK(project.apply().exit == 4);
    CHECK(project.apply({"--recreate", "www"}).exit == 0);
    CHECK(says(project.plan().out, "No changes: 2 unchanged."));
  }
}

TEST_CASE("a part of the project: what was left out is reported, and left alone") {
  Project const project;
  project.edit("www", "quicEnabled: false", "quicEnabled: true");
  project.edit("api", "quicEnabled: false", "quicEnabled: true");
  Run const plan = project.plan({"--name", "w*"});
  INFO(plan.out);
  CHECK(says(plan.out, "Partial: only --name w* was looked at; 1 enrollment was left out."));
  CHECK(project.apply({"--name", "w*"}).exit == 0);
  CHECK(project.sent("PUT") == 1);
}

TEST_CASE("inside the renewal window nothing is changed without consent") {
  Project project;
  project.switches = {"--complete-after", "0s", "--certificate-age", "80d"};
  project.site("old");
  CHECK(project.apply().exit == 0);
  project.edit("old", "quicEnabled: false", "quicEnabled: true");
  Run const plan = project.plan();
  INFO(plan.out);
  CHECK(says(plan.out, "--override-renewal-window old"));
  CHECK(project.apply().exit == 4);
  CHECK(project.sent("PUT") == 0);
  CHECK(project.apply({"--override-renewal-window", "old"}).exit == 0);
  CHECK(project.sent("PUT") == 1);
}

namespace {

/// An enrollment that is deployed, with a change of a colleague's pending; the manifest wants something else.
struct Contested : Project {
  Contested() { colleague({"apply", "--yes"}, "quicEnabled: true"); }
  std::string folder_of_cps() const { return "--sandbox=" + (folder / "sandbox").string(); }
  void colleague(std::vector<std::string> arguments, std::string const& wants) const {
    Folder const other;
    std::string theirs = dv_manifest("www", "www.example.com");
    theirs.replace(theirs.find("quicEnabled: false"), 18, wants);
    other.write("manifests/www.yaml", theirs + "  lifecycle: { adopt: always }\n");
    arguments.insert(arguments.end(), {folder_of_cps(), "--state", "own.json", "--on-pending", "cancel"});
    Run const run = run_cpsctl(std::move(arguments), {.folder = other.path()});
    INFO(run.out, run.err);
    REQUIRE(run.exit == 0);
  }
  std::vector<std::string> cancelling(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {folder_of_cps(), "--on-pending", "cancel"});
    return arguments;
  }
};

}  // namespace

TEST_CASE("a cancel names its victim: the change that the plan showed, and then the write without a flag") {
  Contested const project;
  Run const plan = run_cpsctl(project.cancelling({"plan"}), {.folder = project.folder.path()});
  INFO(plan.out, plan.err);
  CHECK(says(plan.out, "DELETE /enrollments/10002/changes/"));
  auto const before = project.sent("PUT");
  Run const run = run_cpsctl(project.cancelling({"apply", "--yes"}), {.folder = project.folder.path()});
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(project.sent("PUT") == before + 1);
  CHECK(project.sent("DELETE") == 1);
  for (std::string const& line : requests(project.folder / "sandbox"))
    CHECK_FALSE(says(line, "allow-cancel-pending-changes"));
}

TEST_CASE("a cancel names its victim: what was started since is not touched") {
  Contested const project;
  auto const saved = project.cancelling({"plan", "--out", "json=plan.json"});
  REQUIRE(run_cpsctl(saved, {.folder = project.folder.path()}).exit == 0);
  project.colleague({"apply", "--yes"}, "quicEnabled: true\n      ocspStapling: \"off\"");
  auto const deletes = project.sent("DELETE");
  auto const document = json::parse(read(project.folder / "plan.json"), "plan").value();
  std::string const digest(json::text_or(json::find(document, "digest"), ""));
  Run const run = run_cpsctl(project.cancelling({"apply", "--yes", "--plan", "plan.json", "--approved", digest}),
                             {.folder = project.folder.path()});
  INFO(run.out, run.err);
  CHECK(run.exit == 4);
  CHECK(project.sent("DELETE") == deletes);
}

TEST_CASE("a cancel names its victim: an answer that was lost is found out, and the write follows") {
  for (char const* const fault : {"drop-after", "drop-before", "status 409 cannot-cancel-pending-change"}) {
    CAPTURE(fault);
    Contested const project;
    auto const applied = [&](std::vector<std::string> more) {
      more.insert(more.begin(), {"apply", "--yes", "--timeout", "1s", "--deadline", "900ms"});
      return run_cpsctl(project.cancelling(std::move(more)), {.folder = project.folder.path()});
    };
    Run run = applied({"--fault", fmt::format("DELETE /enrollments/*/changes/*: {} times 1", fault)});
    INFO(run.out, run.err);
    CHECK(run.exit == 75);
    for (int tries = 0; tries < 50 && run.exit == 75; ++tries) run = applied({});
    CHECK(run.exit == 0);
    CHECK_FALSE(says(project.run({"state", "list"}).out, "in doubt"));
  }
}

#include "base/json.hpp"
#include "program/project.hpp"

/// What people type and what their editors write: taken, or told from success.
namespace {

using namespace program;
namespace json = cpsctl::json;

/// Two enrollments that serve in production, in a sandbox of the folder.
struct Managed {
  Folder folder;

  Managed() {
    for (std::string const name : {"shop", "pay"}) {
      std::string text = dv_manifest(name, name + ".example.com");
      folder.write("manifests/" + name + ".yaml",
                   replaced(text, "{ name: " + name + " }", "{ name: " + name + ", labels: { team: web } }"));
    }
    REQUIRE(run({"apply", "--yes"}).exit == 0);
  }
  Run run(std::vector<std::string> arguments,
          std::vector<std::string> const& sandbox = {"--complete-after", "0s"}) const {
    arguments.push_back("--sandbox=" + (folder / "cps").string());
    arguments.insert(arguments.end(), sandbox.begin(), sandbox.end());
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
  std::size_t requests_sent() const { return requests(folder / "cps").size(); }
};

json::Value const& row(json::Document const& status, rapidjson::SizeType index) {
  return (*json::find(status, "enrollments"))[index];
}

}  // namespace

TEST_CASE("words: status says of what is in sync what CPS says of it") {
  Managed const managed;
  json::Document const status = managed.run({"status", "-o", "json"}).json();
  REQUIRE(json::find(status, "enrollments")->Size() == 2);
  CHECK(json::text_or(json::find(row(status, 0), "kind"), "") == "dv");
  CHECK(json::find(row(status, 0), "production")->IsTrue());
  std::filesystem::remove_all(managed.folder / "manifests");
  json::Document const alone = managed.run({"status", "-o", "json"}).json();
  CHECK(json::text_or(json::find(row(alone, 1), "kind"), "") == "dv");
  CHECK(json::find(row(alone, 1), "production")->IsTrue());
}

TEST_CASE("words: what a contract holds can be asked before anything of it is managed") {
  Managed const managed;
  REQUIRE(managed.run({"state", "forget", "shop", "pay"}).exit == 0);
  std::filesystem::remove_all(managed.folder / "manifests");
  Run const named = managed.run({"status", "--unmanaged", "--contract", "1-1TJZH5"});
  INFO(named.out, named.err);
  CHECK(named.exit == 0);
  CHECK(named.out.find("shop.example.com") != std::string::npos);
  Run const nameless = managed.run({"status", "--unmanaged"});
  CHECK(nameless.exit == 64);
  contains(nameless, "name one: cpsctl status --unmanaged --contract ID");
}

TEST_CASE("words: a name, contract or label that fits nothing is an error that says what is near") {
  Managed const managed;
  struct Case {
    std::vector<std::string> arguments;
    char const* says;
  };
  std::size_t const before = managed.requests_sent();
  for (Case const& one : {Case{{"status", "shop.example.com"}, "shop.example.com is the common name of shop"},
                          Case{{"status", "nosuch"}, "the name nosuch matches nothing"},
                          Case{{"plan", "--name", "shopp"}, "did you mean shop?"},
                          Case{{"apply", "--yes", "--name", "shop-exampel"}, "matches nothing"},
                          Case{{"plan", "--contract", "1-1tjzh5"}, "did you mean 1-1TJZH5?"},
                          Case{{"plan", "-l", "team=nosuch"}, "known here: team=web"}}) {
    CAPTURE(one.says);
    Run const run = managed.run(one.arguments);
    INFO(run.out, run.err);
    CHECK(run.exit == 64);
    contains(run, one.says);
  }
  CHECK(managed.requests_sent() == before);
  CHECK(managed.run({"plan", "--name", "sh*"}).exit == 0);
  // A consent may be for what an earlier run has done: it is told, and nothing more.
  Run const repeated = managed.run({"apply", "--yes", "--allow-delete", "--confirm-delete", "nosuch"});
  CHECK(repeated.exit == 0);
  contains(repeated, "--confirm-delete nosuch matches nothing");
}

TEST_CASE("words: a manifest is one whatever its extension's letters") {
  Managed const managed;
  std::filesystem::rename(managed.folder / "manifests/pay.yaml", managed.folder / "manifests/PAY.YAML");
  Run const run = managed.run({"plan"});
  INFO(run.out, run.err);
  CHECK(run.out.find("2 unchanged") == std::string::npos);  // the state records another file
  CHECK(run.out.find("its file") != std::string::npos);
  CHECK(run.out.find("orphan") == std::string::npos);
}

TEST_CASE("words: a path that is not there is told as that, however it is written") {
  Folder const folder;
  folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  for (std::string const path :
       {"nosuch.yaml", "./nosuch.yaml", "nosuch/x.yaml", "manifests/nosuch.yaml", "../nosuch"}) {
    CAPTURE(path);
    Run const run = run_cpsctl({"validate", path}, {.folder = folder.path()});
    INFO(run.out, run.err);
    CHECK(run.exit == 65);
    CHECK(run.out.find("there is no such file or folder") != std::string::npos);
  }
}

TEST_CASE("words: an unresolved merge is called by its name, once") {
  Folder const folder;
  std::string text = dv_manifest("www", "www.example.com");
  folder.write("www.yaml",
               replaced(text, "    ra:", "<<<<<<< HEAD\n    ra: symantec\n=======\n    ra:") + ">>>>>>> other\n");
  Run const run = run_cpsctl({"validate", "www.yaml"}, {.folder = folder.path()});
  INFO(run.out, run.err);
  CHECK(run.exit == 65);
  CHECK(run.out.find("www.yaml:7:1: error [CPS012]: a merge conflict of git begins here") != std::string::npos);
  CHECK(run.out.find("1 error in 1 file") != std::string::npos);
}

TEST_CASE("words: an enrollment's id is taken as CPS and Terraform write it, and no number becomes another") {
  Managed const managed;
  REQUIRE(managed.run({"state", "forget", "shop", "pay"}).exit == 0);
  std::filesystem::remove_all(managed.folder / "manifests");
  auto const import = [&](std::string const& id, std::string const& contract = "1-1TJZH5") {
    return managed.run({"import", "mine", "--contract", contract, "--id", id, "--out-dir", "mine"});
  };
  std::size_t const before = managed.requests_sent();
  struct Case {
    char const *id, *says;
  };
  for (Case const& one : {Case{"shop.example.com", "shown by: cpsctl status --unmanaged --contract 1-1TJZH5"},
                          Case{"99999999999999999999", "--id 99999999999999999999 is out of range"},
                          Case{"9223372036854775808", "is out of range"},
                          Case{"10001,ctr_C-2", "write --id 10001 --contract C-2"}, Case{"-1", "is not a number"},
                          Case{"10001,", "is not a number"}, Case{"", "is not a number"}, Case{"0", "out of range"}}) {
    CAPTURE(one.id);
    Run const run = import(one.id);
    CHECK(run.exit == 64);
    contains(run, one.says);
  }
  contains(managed.run({"state", "settle", "shop", "--as", "99999999999999999999"}), "out of range");
  CHECK(managed.requests_sent() == before);
  for (char const* const id :
       {"10001", "10001,ctr_1-1TJZH5", "10001,1-1TJZH5", "/cps/v2/enrollments/10001",
        "/cps/v2/enrollments/10001/changes/10002", "https://example.com/cps/v2/enrollments/10001?contractId=1"}) {
    CAPTURE(id);
    Run const run = import(id, "ctr_1-1TJZH5");
    INFO(run.out, run.err);
    CHECK(run.exit == 0);
    CHECK(std::filesystem::exists(managed.folder / "mine/mine.yaml"));
    std::filesystem::remove_all(managed.folder / "mine");
    CHECK(managed.run({"state", "forget", "mine"}).exit == 0);
  }
  Run const other = import("4711");
  CHECK(other.exit == 64);
  contains(other, "see: cpsctl status --unmanaged --contract 1-1TJZH5");
}

TEST_CASE("words: a next step can be copied: it has the flags that say where the run looked") {
  Managed const managed;
  std::string const flag = " --sandbox=" + (managed.folder / "cps").string();
  managed.folder.write("manifests/shop.yaml",
                       replaced(read(managed.folder / "manifests/shop.yaml"), "name: shop,", "name: store,"));
  Run const plan = managed.run({"plan"});
  INFO(plan.out, plan.err);
  CHECK(plan.out.find("cpsctl state mv shop store" + flag + "\n") != std::string::npos);
  Run const json = managed.run({"plan", "-o", "json"});
  CHECK(json.out.find("cpsctl state mv shop store\"") != std::string::npos);  // a document is the same everywhere
  managed.folder.write("it's/cpsctl.yaml", "apiVersion: cpsctl.dev/v1\nkind: Project\nspec: {}\n");
  Run const quoted =
      run_cpsctl({"status", "--unmanaged", "-C", "it's", "--sandbox"}, {.folder = managed.folder.path()});
  contains(quoted, "cpsctl status --unmanaged --contract ID -C 'it'\\''s' --sandbox=.cpsctl/sandbox\n");
}

TEST_CASE("words: all consents to a delete are named at once, with the numbers of the plan, and can be followed") {
  Managed const managed;
  managed.folder.write("manifests/stays.yaml", dv_manifest("stays", "stays.example.com"));
  for (char const* const name : {"shop", "pay"}) {
    std::string const file = fmt::format("manifests/{}.yaml", name);
    managed.folder.write(
        file, replaced(read(managed.folder / file), "spec:\n", "spec:\n  lifecycle: { deletion: delete }\n"));
  }
  REQUIRE(managed.run({"apply", "--yes"}).exit == 0);
  for (char const* const name : {"shop", "pay"})
    std::filesystem::remove(managed.folder / fmt::format("manifests/{}.yaml", name));
  std::string const flags = "--allow-delete --max-deletes 2 --confirm-delete pay --confirm-delete shop";
  for (std::vector<std::string> const& given : std::vector<std::vector<std::string>>{
           {},
           {"--allow-delete"},
           {"--allow-delete", "--max-deletes", "1", "--confirm-delete", "pay", "--confirm-delete", "shop"}}) {
    std::vector<std::string> arguments{"plan"};
    arguments.insert(arguments.end(), given.begin(), given.end());
    Run const plan = managed.run(arguments);
    INFO(plan.out, plan.err);
    CHECK(plan.out.find("run with " + flags) != std::string::npos);
  }
  Run const done = managed.run({"apply", "--yes", "--allow-delete", "--max-deletes", "2", "--confirm-delete", "pay",
                                "--confirm-delete", "shop"});
  INFO(done.out, done.err);
  CHECK(done.exit == 0);
  CHECK(done.out.find("2 deleted") != std::string::npos);
}

TEST_CASE("words: exit 2 says that work goes on at CPS, whoever began it; -q prints no plan") {
  Folder const folder;
  folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  auto const run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--detailed-exitcode", "--sandbox=" + (folder / "cps").string()});
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  };
  auto const apply = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"apply", "--yes"});
    return run(std::move(arguments));
  };
  // With these times CPS is at work; without them it is a person's turn at once.
  Run const first = apply({"-q", "--complete-after", "usual"});
  CHECK(first.exit == 2);
  CHECK(first.err.empty());
  CHECK(apply({"--complete-after", "usual"}).exit == 2);  // it is pending still
  CHECK(apply({"--forward", "1m"}).exit == 3);            // its turn has come: the names are to be validated
  CHECK(run({"status"}).exit == 3);                       // for the names to be validated
  CHECK(run({"status", "--complete-after", "0s"}).exit == 0);
  CHECK(apply({"--complete-after", "0s"}).exit == 0);
}

TEST_CASE("words: status exits with 2 while CPS is at work, and with 3 once others are") {
  Folder const folder;
  folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  auto const run = [&](std::vector<std::string> arguments, std::string const& sandbox) {
    arguments.insert(arguments.end(), {"--sandbox=" + (folder / sandbox).string(), "--complete-after", "usual"});
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  };
  REQUIRE(run({"apply", "--yes"}, "cps").exit == 0);
  Run const works = run({"status", "--detailed-exitcode"}, "cps");
  CHECK(works.exit == 2);
  CHECK(works.out.find("change 10001 (new-certificate), ours: CPS works on it (") != std::string::npos);
  CHECK(works.out.find("in progress at CPS") == std::string::npos);  // said once
}

TEST_CASE("words: --approved of what is done already is done; what is no digest is said before any request") {
  Folder const folder;
  folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  auto const run = [&](std::vector<std::string> arguments) {
    arguments.push_back("--sandbox=" + (folder / "cps").string());
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  };
  cpsctl::json::Document const plan = run({"plan", "-o", "json"}).json();
  std::string const digest(json::text_or(json::find(plan, "digest"), ""));
  std::size_t const before = requests(folder / "cps").size();
  for (std::string const& wrong : {std::string("1234"), digest + "0", std::string(64, 'g')}) {
    Run const refused = run({"apply", "--yes", "--approved", wrong});
    CHECK(refused.exit == 64);
    contains(refused, "a digest has 64 hex digits");
  }
  CHECK(requests(folder / "cps").size() == before);
  CHECK(run({"apply", "--yes", "--approved", std::string(64, '0')}).exit == 4);
  CHECK(run({"apply", "--yes", "--approved", digest}).exit == 0);
  Run const again = run({"apply", "--yes", "--approved", digest});
  CHECK(again.exit == 0);
  contains(again, "nothing is left to do");
}

TEST_CASE("words: a part of few enrollments is one at least, and more are held back") {
  Managed const managed;
  auto const edit = [&](std::string const& name) {
    std::string const file = "manifests/" + name + ".yaml";
    managed.folder.write(file, replaced(read(managed.folder / file), "617-555-0102", "617-555-0109"));
  };
  edit("shop");
  CHECK(managed.run({"plan", "--max-changes", "0%"}).out.find("1 blocked") != std::string::npos);
  CHECK(managed.run({"plan", "--max-changes", "20%"}).out.find("1 to update") != std::string::npos);
  edit("pay");
  Run const both = managed.run({"plan", "--max-changes", "20%"});
  CHECK(both.out.find("2 enrollments would be changed or deleted, at most 1 may be") != std::string::npos);
  CHECK(both.out.find("2 blocked") != std::string::npos);
}

TEST_CASE("words: what only the state learns is no update, and what waits for CPS is not blocked") {
  Managed const managed;
  std::string const shop = read(managed.folder / "manifests/shop.yaml");
  managed.folder.write("manifests/shop.yaml", replaced(shop, "team: web", "team: sales"));
  managed.folder.write("manifests/new.yaml", dv_manifest("new", "new.example.com"));
  REQUIRE(managed.run({"apply", "--yes", "--name", "new"}, {}).exit == 0);  // pending from now on
  managed.folder.write("manifests/new.yaml", replaced(dv_manifest("new", "new.example.com"), "spec:\n",
                                                      "spec:\n  lifecycle: { onPendingChange: wait }\n"));
  managed.folder.write("manifests/new.yaml",
                       replaced(read(managed.folder / "manifests/new.yaml"), "alt.new", "alternative.new"));
  Run const plan = managed.run({"plan"}, {});
  INFO(plan.out, plan.err);
  CHECK(plan.out.find("Plan: 1 to record, 2 waiting for you, 1 waiting for CPS, 1 unchanged.") != std::string::npos);
}

TEST_CASE(
    "words: what the plan says of a blocked item is said once where the plan is shown, and in the result if not") {
  Managed const managed;
  managed.folder.write("manifests/new.yaml", dv_manifest("new", "new.example.com"));
  REQUIRE(managed.run({"apply", "--yes", "--name", "new"}, {}).exit == 0);  // pending from now on
  managed.folder.write("manifests/new.yaml", replaced(dv_manifest("new", "new.example.com"), "alt.new", "other.new"));
  auto const times = [](std::string const& all, std::string const& words) {
    std::size_t count = 0;
    for (auto at = all.find(words); at != std::string::npos; at = all.find(words, at + 1)) ++count;
    return count;
  };
  auto const apply = [&](bool one_stream, std::vector<std::string> const& more = {}) {
    std::vector<std::string> arguments{"apply", "--yes", "--sandbox=" + (managed.folder / "cps").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Run run = run_cpsctl(std::move(arguments), {.folder = managed.folder.path(), .one_stream = one_stream});
    CHECK(run.exit == 4);
    return run;
  };
  std::string const whole = "is pending at CPS\n    next: wait until";
  Run const both = apply(true, {"--out", "text=result.txt"});
  INFO(both.out);
  CHECK(both.err.empty());
  CHECK(times(both.out, "is pending at CPS") == 1);
  CHECK(times(both.out, "next: wait until") == 1);
  CHECK(both.out.find("! new blocked: see the plan above\n? new waiting for you: see the plan above\n") !=
        std::string::npos);
  CHECK(read(managed.folder / "result.txt").find(whole) != std::string::npos);
  // Two pipes may have a reader each, and with --quiet there is no plan above.
  for (Run const& alone : {apply(false), apply(false, {"--quiet"}), apply(true, {"--quiet"})}) {
    INFO(alone.out);
    CHECK(times(alone.out, whole) == 1);
    CHECK(times(alone.out, "see the plan above") == 0);
  }
}

TEST_CASE("words: what only the state learns is recorded, and a rebuild is called one") {
  Managed const managed;
  std::string const shop = read(managed.folder / "manifests/shop.yaml");
  managed.folder.write("manifests/shop.yaml", replaced(shop, "team: web", "team: sales"));
  Run const applied = managed.run({"apply", "--yes"});
  contains(applied, "~ shop recorded: id ");
  // It learns until when certificates are valid, too.
  CHECK(applied.out.find("Apply: 1 recorded (2 requests).") != std::string::npos);
  for (char const* const file : {"state.json", "state.json.bak", "state.json.journal"})
    std::filesystem::remove(managed.folder / "cps" / file);
  CHECK(managed.run({"state", "rebuild"}).out.find("Rebuild: 2 adopted (1 request).") != std::string::npos);
}

TEST_CASE("words: status says where an enrollment is deployed, and which account it is of where there are several") {
  Managed const managed;
  json::Document const status = managed.run({"status", "-o", "json"}).json();
  json::Value const* const slots = json::find(row(status, 0), "productionSlots");
  REQUIRE((slots != nullptr && slots->IsArray() && slots->Size() == 1));
  std::string const slot = std::to_string((*slots)[0].GetInt64());
  Run const one = managed.run({"status"});
  INFO(one.out, one.err);
  CHECK(one.out.find("pay.example.com  (production: slot " + slot) != std::string::npos);
  CHECK(one.out.find("ACCOUNT") == std::string::npos);
  managed.folder.write("manifests/other.yaml", replaced(dv_manifest("other", "other.example.com"), "spec:\n",
                                                        "spec:\n  accountSwitchKey: 1-5C0YLB:1-8BYUX\n"));
  Run const two = managed.run({"status"});
  INFO(two.out, two.err);
  CHECK(two.out.find("  ACCOUNT           CONDITION") != std::string::npos);
  CHECK(two.out.find("  1-5C0YLB:1-8BYUX  missing") != std::string::npos);
  Run const failed = managed.run({"plan", "--timeout", "5s"}, {"--fault", "GET: status 403"});
  INFO(failed.out, failed.err);
  CHECK(failed.err.find("listing contract 1-1TJZH5)") != std::string::npos);
  CHECK(failed.err.find("listing contract 1-1TJZH5 of account 1-5C0YLB:1-8BYUX)") != std::string::npos);
}

TEST_CASE("words: a plan of other paths says what the state has, and a missing file what to check") {
  Managed const managed;
  managed.folder.write("other/profile.yaml",
                       "apiVersion: cpsctl.dev/v1\nkind: Profile\nmetadata: { name: p }\nspec: { contractId: 1-A }\n");
  Run const other = managed.run({"plan", "other"});
  INFO(other.out, other.err);
  CHECK(other.out.find("The state has 2 enrollments from manifests outside the paths of this run (other), such as "
                       "manifests/pay.yaml.\n  next: add their path") != std::string::npos);
  contains(managed.run({"plan", "--config", "nope.yaml"}), "next: check --config and CPSCTL_CONFIG");
  contains(managed.run({"apply", "--yes", "--approved", std::string(64, '0'), "--plan", "nope.json"}),
           "next: check the path, or save a plan there: cpsctl plan --out json=nope.json --sandbox=");
}

TEST_CASE("words: what the state knows of a removal and of what is still to be sent is said in words") {
  Managed const managed;
  std::string const shop = read(managed.folder / "manifests/shop.yaml");
  managed.folder.write("manifests/shop.yaml", replaced(shop, "spec:\n", "spec:\n  lifecycle: { deletion: delete }\n"));
  REQUIRE(managed.run({"apply", "--yes"}).exit == 0);
  std::filesystem::remove(managed.folder / "manifests/shop.yaml");
  REQUIRE(
      managed.run({"apply", "--yes", "--allow-delete", "--max-deletes", "1", "--confirm-delete", "shop"}, {}).exit ==
      0);
  Run const list = managed.run({"state", "list"});
  INFO(list.out, list.err);
  CHECK(list.out.find("shop.example.com  (removal sent to CPS)\n") != std::string::npos);
  CHECK(list.out.find("pay.example.com\n") != std::string::npos);
  Run const show = managed.run({"state", "show", "shop"});
  INFO(show.out);
  CHECK(show.out.find("\nremoved by change ") != std::string::npos);
  CHECK(show.out.find("removal") == std::string::npos);
  CHECK(show.out.find("openSteps") == std::string::npos);
}

TEST_CASE("words: after a lost state, what differs names the way back to it") {
  Managed const managed;
  for (char const* const file : {"state.json", "state.json.bak", "state.json.journal"})
    std::filesystem::remove(managed.folder / "cps" / file);
  std::string const file = "manifests/shop.yaml";
  managed.folder.write(file, replaced(read(managed.folder / file), "617-555-0102", "617-555-0109"));
  Run const plan = managed.run({"plan"});
  INFO(plan.out, plan.err);
  CHECK(plan.out.find("if the state was lost: cpsctl state rebuild --sandbox=") != std::string::npos);
  CHECK(managed.run({"state", "rebuild"}).exit == 0);
  CHECK(managed.run({"plan"}).out.find("1 to update") != std::string::npos);
}

TEST_CASE("words: the report of a run that failed says where the first mistake is") {
  Folder const folder;
  std::string text = dv_manifest("www", "www.example.com");
  text.replace(text.find("cn:"), 3, "cnn:");
  folder.write("manifests/www.yaml", text);
  for (std::string const format : {"md", "junit", "json"}) {
    CAPTURE(format);
    Run const run =
        run_cpsctl({"plan", "-o", format, "--sandbox=" + (folder / "cps").string()}, {.folder = folder.path()});
    INFO(run.out, run.err);
    CHECK(run.exit == 65);
    CHECK(run.out.find("www.yaml:") != std::string::npos);
    CHECK(run.out.find("unknown field") != std::string::npos);
    CHECK(run.err.find("is missing") == std::string::npos);  // one mistake is one finding
  }
}

TEST_CASE("words: a state in a folder of manifests is called so") {
  Folder const folder;
  folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  REQUIRE(run_cpsctl({"apply", "--yes", "--sandbox=" + (folder / "cps").string()}, {.folder = folder.path()}).exit ==
          0);
  std::filesystem::copy_file(folder / "cps/state.json", folder / "manifests/state.json");
  Run const run = run_cpsctl({"validate", "manifests"}, {.folder = folder.path()});
  INFO(run.out, run.err);
  CHECK(run.exit == 65);
  CHECK(run.out.find("this is a state of cpsctl") != std::string::npos);
}

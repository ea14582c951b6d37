#include "attack/attack.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"
#include "plan/document.hpp"

#include <filesystem>

/// Files that a cache or an artefact store brings: state, journal, lock, saved plan.
namespace {

using namespace attack;
namespace fs = std::filesystem;
namespace json = cpsctl::json;

struct Applied : Job {
  Applied() {
    std::string const text = dv_manifest("www", "www.example.com");
    write("manifests/www.yaml", with_policy(text));
    REQUIRE(run({"apply", "--yes"}).exit == 0);
  }
  static std::string with_policy(std::string text) {
    auto const at = text.find("spec:\n");
    return text.insert(at + 6, "  lifecycle: { deletion: delete }\n");
  }
  std::string state() const { return program::read(repo() / ".cpsctl/state.json"); }
  void state(std::string const& text) const {
    write(".cpsctl/state.json", text);
    fs::remove(repo() / ".cpsctl/state.json.journal");
  }
  /// Member `name` of the only entry, or of the state itself.
  void set(std::string const& pointer, json::Value value) const {
    json::Document document = json::parse(state(), "state").value();
    auto const slash = pointer.rfind('/');
    json::Value* around = const_cast<json::Value*>(json::at(document, pointer.substr(0, slash)));
    REQUIRE(around != nullptr);
    json::set(*around, pointer.substr(slash + 1), std::move(value), document.GetAllocator());
    state(json::compact(document));
  }
};

std::vector<std::string> const deleting{"apply", "--yes",        "--allow-delete", "--max-deletes",
                                        "1",     "--on-pending", "cancel"};

}  // namespace

TEST_CASE("artefacts: a delete is approved by CPS's name, and blocked where the state means another enrollment") {
  Applied const job;
  job.set("/enrollments/0/commonName", json::Value("obsolete.example.com"));
  fs::remove(job.repo() / "manifests/www.yaml");
  job.write("manifests/other.yaml", dv_manifest("other", "other.example.com"));
  Run const run = job.run(deleting);
  INFO(run.out, run.err);
  CHECK(run.exit == 4);
  CHECK(says(run, "www.example.com"));
  for (std::string const& request : job.requests()) CHECK_FALSE(request.starts_with("DELETE"));
}

TEST_CASE("artefacts: a state that git tracks is not believed") {
  Applied const job;
  std::string const git = "cd '" + job.repo().string() + "' && git init -q . && git add -f .cpsctl/state.json";
  REQUIRE(std::system(git.c_str()) == 0);
  for (char const* const index : {"--index-version 2", "--index-version 3", "--index-version 4", "--split-index"}) {
    CAPTURE(index);
    REQUIRE(std::system(("cd '" + job.repo().string() + "' && git update-index " + index).c_str()) == 0);
    for (std::vector<std::string> const& command :
         std::initializer_list<std::vector<std::string>>{{"plan"}, {"apply", "--yes"}, {"state", "list"}, {"status"}}) {
      Run const run = job.run(command);
      INFO(run.out, run.err);
      CHECK(run.exit == 74);
      CHECK(says(run, "git tracks .cpsctl/state.json"));
      CHECK(says(run, "git rm --cached"));
    }
  }
  job.write(".git/index.kept", program::read(job.repo() / ".git/index"));
  job.write(".git/index", "DIRC, and then something else");
  Run const damaged = job.run({"plan"});
  CHECK(damaged.exit == 74);
  CHECK(says(damaged, "nobody can tell whether git tracks the state"));
  fs::rename(job.repo() / ".git/index.kept", job.repo() / ".git/index");
  // A checkout with other files tracked is none of that.
  REQUIRE(std::system(("cd '" + job.repo().string() + "' && git rm -q --cached .cpsctl/state.json && git add manifests")
                          .c_str()) == 0);
  CHECK(job.run({"plan"}).exit == 0);
  // A lease or a journal of theirs would stop every run, or tell of writes that nobody sent.
  for (std::string const suffix : {".lock", ".journal"}) {
    CAPTURE(suffix);
    std::string const in_repo = "cd '" + job.repo().string() + "' && touch .cpsctl/state.json" + suffix + " && git ";
    REQUIRE(std::system((in_repo + "add -f .cpsctl/state.json" + suffix).c_str()) == 0);
    Run const run = job.run({"apply", "--yes"});
    INFO(run.out, run.err);
    CHECK(run.exit == 74);
    CHECK(says(run, "git tracks .cpsctl/state.json" + suffix));
    REQUIRE(std::system((in_repo + "rm -q --cached .cpsctl/state.json" + suffix).c_str()) == 0);
  }
}

TEST_CASE("artefacts: a state whose names are commands, or whose version is a header, is not believed") {
  Applied const job;
  std::string const good = job.state();
  for (auto const& [pointer, value] :
       {std::pair{"/enrollments/0/name", "a; touch PWNED; $(touch P2)"}, std::pair{"/enrollments/0/name", "-rf"},
        std::pair{"/enrollments/0/apiSchema", "v11+json\r\nX-Evil: 1"}}) {
    CAPTURE(value);
    job.state(good);
    job.set(pointer, json::Value(rapidjson::StringRef(value)));
    for (char const* const command : {"plan", "status"}) {
      Run const run = job.run({command});
      INFO(run.out, run.err);
      CHECK(run.exit == 74);
      CHECK(says(run, "no usable name, id or API version"));
    }
  }
}

TEST_CASE("artefacts: a file in a manifest folder's place is not an approval") {
  Applied const job;
  REQUIRE(job.run({"plan", "--out", "json=p.json", "--recreate", "www"}).exit == 0);
  fs::remove_all(job.repo() / "manifests");
  fs::rename(job.repo() / "p.json", job.repo() / "manifests");
  auto const before = job.writes();
  Run const run = job.run({"apply", "--yes", "--no-input", "manifests"});
  INFO(run.out, run.err);
  CHECK(run.exit == 65);
  Run const unapproved = job.run({"apply", "--plan", "manifests", "--yes", "--no-input"});
  CHECK(unapproved.exit == 64);
  CHECK(says(unapproved, "--approved"));
  CHECK(job.writes() == before);
}

TEST_CASE("artefacts: a lease of another host is printed inert") {
  Applied const job;
  job.write(".cpsctl/state.json.lock",
            R"({"owner":"root\u001b[31m\n::error::x","host":"o\u001b]0;pwn\u0007","machine":"","boot":"zz","pid":1,)"
            R"("run":"r","command":"c\u001b[2J","since":"2026-11-26T16:00:00Z","heartbeat":"2026-11-26T16:00:00Z"})");
  Run const run = job.run({"state", "unlock", "--force"});
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
}

namespace {

/// A plan of one create, to forge.
struct Forge : Job {
  Forge() { REQUIRE(run({"plan", "--out", "json=plan.json"}).exit == 0); }

  /// Changes the document, gives it a digest that fits, and applies it as if that had been approved.
  template <class Change>
  Run apply(Change change) const {
    json::Document document = json::parse(program::read(repo() / "plan.json"), "plan").value();
    auto& pool = document.GetAllocator();
    json::Value& item = (*json::find(document, "items"))[0];
    change(document, item, pool);
    std::string const digest = cpsctl::plan::digest(document);
    json::set(document, "digest", json::string(digest, pool), pool);
    write("forged.json", json::compact(document));
    Run const shown = run({"show", "forged.json"});
    INFO(shown.out, shown.err);
    CHECK(shown.exit != 70);
    return run({"apply", "--yes", "--plan", "forged.json", "--approved", digest});
  }
};

}  // namespace

TEST_CASE("artefacts: a saved plan whose members do not fit together is refused, by show and by apply") {
  using Pool = json::Pool;
  struct Case {
    char const* title;
    void (*change)(json::Value& document, json::Value& item, Pool& pool);
  };
  auto const set = [](json::Value& object, char const* name, char const* text, Pool& pool) {
    json::set(object, name, json::string(text, pool), pool);
  };
  static auto const put = set;
  Case const cases[] = {
      {"it does nothing, says its action",
       [](json::Value&, json::Value& item, Pool& pool) { put(item, "action", "none", pool); }},
      {"an orphan that acts", [](json::Value&, json::Value& item, Pool& pool) { put(item, "action", "orphan", pool); }},
      {"no steps, but a fingerprint",
       [](json::Value&, json::Value& item, Pool&) { json::find(item, "steps")->Clear(); }},
      {"another common name is shown",
       [](json::Value&, json::Value& item, Pool& pool) { put(item, "commonName", "nice.example.com", pool); }},
      {"another contract is wanted",
       [](json::Value&, json::Value& item, Pool& pool) { put(*json::find(item, "desired"), "contract", "1-9", pool); }},
      {"the summary is quiet",
       [](json::Value& document, json::Value&, Pool& pool) {
         json::set(*json::find(document, "summary"), "create", json::Value(0), pool);
       }},
      {"a name that is none",
       [](json::Value&, json::Value& item, Pool& pool) {
         put(item, "name", "../x\x1b[31m\n::error::y", pool);
         put(*json::find(item, "desired"), "name", "../x\x1b[31m\n::error::y", pool);
       }},
      {"an api schema that is none",
       [](json::Value&, json::Value& item, Pool& pool) {
         put(*json::find(item, "desired"), "apiSchema", "v11+json\r\nX-Evil: 1", pool);
       }},
      {"an api schema for the list that is none",
       [](json::Value&, json::Value& item, Pool& pool) { put(item, "apiSchema", "v11+json\r\nX-Evil: 1", pool); }},
      {"it does not say what it wants",
       [](json::Value&, json::Value& item, Pool&) { json::find(item, "desired")->SetNull(); }},
      {"the head tells another account",
       [](json::Value& document, json::Value&, Pool& pool) { put(document, "account", "1-5C0YLB:1-8BYUX", pool); }},
      {"a member that CPS does not know",
       [](json::Value&, json::Value& item, Pool& pool) {
         put(*json::find(*json::find(item, "desired"), "enrollment"), "zzUnknown", "1", pool);
       }},
      {"a member of CPS's own",
       [](json::Value&, json::Value& item, Pool& pool) {
         json::set(*json::find(*json::find(item, "desired"), "enrollment"), "id", json::Value(1), pool);
       }},
      {"an enrollment that is a list", [](json::Value&, json::Value& item, Pool& pool) {
         json::set(*json::find(item, "desired"), "enrollment", json::Value(rapidjson::kArrayType), pool);
       }}};
  for (Case const& one : cases) {
    SUBCASE(one.title) {
      Forge const forge;
      Run const run = forge.apply(one.change);
      INFO(run.out, run.err);
      CHECK(run.exit == 65);
      CHECK(forge.writes() == 0);
    }
  }
}

TEST_CASE("artefacts: a saved plan that shows another story than the present one is stale, whatever its fingerprint") {
  using Pool = json::Pool;
  struct Case {
    char const* title;
    void (*change)(json::Value& item, Pool& pool);
  };
  static auto const put = [](json::Value& object, char const* name, char const* text, Pool& pool) {
    json::set(object, name, json::string(text, pool), pool);
  };
  Case const cases[] = {
      {"the reason", [](json::Value& item, Pool& pool) { put(item, "reason", "approved by the CISO", pool); }},
      {"the next step", [](json::Value& item, Pool& pool) { put(item, "next", "go on", pool); }},
      {"the steps",
       [](json::Value& item, Pool& pool) {
         json::Value& steps = *json::find(item, "steps");
         steps.Clear();
         steps.PushBack(json::string("GET /enrollments", pool), pool);
       }},
      {"a note", [](json::Value& item,
                    Pool& pool) { json::find(item, "notes")->PushBack(json::string("harmless", pool), pool); }},
      {"the kind", [](json::Value& item, Pool& pool) { put(item, "validationType", "third-party", pool); }},
      {"that it serves",
       [](json::Value& item, Pool& pool) { json::set(item, "production", json::Value(true), pool); }}};
  for (Case const& one : cases) {
    SUBCASE(one.title) {
      Forge const forge;
      Run const run = forge.apply([&](json::Value&, json::Value& item, Pool& pool) { one.change(item, pool); });
      INFO(run.out, run.err);
      CHECK(run.exit == 4);
      CHECK(forge.writes() == 0);
    }
  }
  Forge const honest;
  CHECK(honest.apply([](json::Value&, json::Value&, Pool&) {}).exit == 0);
  CHECK(honest.writes() == 1);
}

TEST_CASE("artefacts: a plan shows what it orders, of whom, and in whose account") {
  Job const job;
  std::string text = dv_manifest("www", "p\u0430ypal.example.com");  // a Cyrillic letter
  auto const with = [&text](std::string const& from, std::string const& to) {
    auto const at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
  };
  std::string const longest = "login.example.com." + std::string(60, 'a') + "." + std::string(60, 'b') + "." +
                              std::string(60, 'c') + ".attacker.net";
  with("sans: [", "sans: [evil.attacker.net, " + longest + ", ");
  with("o: Example Inc }", "o: \"Example Corporation of Cambridge Massachusetts (Attacker Ltd)\" }");
  with("spec:\n",
       "spec:\n  accountSwitchKey: 1-5C0YLB:1-8BYUX\n  deploy: { notBefore: 2030-01-02 }\n"
       "  lifecycle: { allowDuplicateCn: true }\n");
  job.write("manifests/www.yaml", text);
  Run const plan = job.run({"plan", "--out", "md=plan.md"});
  INFO(plan.out, plan.err);
  REQUIRE(plan.exit == 0);
  for (std::string const& report : {plan.out, program::read(job.repo() / "plan.md")}) {
    INFO(report);
    for (std::string const& part :
         {std::string("evil.attacker.net"), longest, std::string("Attacker Ltd)"), std::string("1-5C0YLB:1-8BYUX"),
          std::string("2030-01-02"), std::string("although the common name exists"),
          std::string("xn--pypal-4ve.example.com")})
      CHECK_MESSAGE(report.find(part) != std::string::npos, part);
  }
  CHECK(says(plan, "For: sandbox, by "));
  CHECK(says(plan, "section [default]"));
}

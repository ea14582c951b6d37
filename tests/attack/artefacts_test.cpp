#include "attack/attack.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"

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
  for (std::vector<std::string> const& command :
       std::initializer_list<std::vector<std::string>>{{"plan"}, {"apply", "--yes"}, {"state", "list"}, {"status"}}) {
    Run const run = job.run(command);
    INFO(run.out, run.err);
    CHECK(run.exit == 74);
    CHECK(says(run, "git tracks .cpsctl/state.json"));
    CHECK(says(run, "git rm --cached"));
  }
  // A checkout with other files tracked is none of that.
  REQUIRE(std::system(("cd '" + job.repo().string() + "' && git rm -q --cached .cpsctl/state.json && git add manifests")
                          .c_str()) == 0);
  CHECK(job.run({"plan"}).exit == 0);
}

TEST_CASE("artefacts: a file in a manifest folder's place is no approval") {
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

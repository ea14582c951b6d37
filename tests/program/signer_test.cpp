// From a manifest to production with a signer, and how long a run waits for that.
#include "base/json.hpp"
#include "places.hpp"
#include "program/program.hpp"

#include <algorithm>
#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

namespace fs = std::filesystem;

/// A project whose certificates are signed by deploy/hooks/openssl-ca.sh, or by a script that comes before it.
struct Signed {
  Folder folder;

  explicit Signed(std::string const& promotion = "auto") {
    folder.write("cpsctl.yaml",
                 "apiVersion: cpsctl.dev/v1\nkind: Project\nspec:\n  manifests: [manifests]\n"
                 "  signers:\n    own-ca: { exec: [./sign.sh], config: { folder: ca } }\n");
    fs::copy_file(places::source("deploy/hooks/openssl-ca.sh"), folder / "openssl-ca.sh");
    signer("exec ./openssl-ca.sh");
    std::string text = dv_manifest("api", "api.example.com");
    text = replaced(text, "ra: lets-encrypt", "ra: third-party");
    text = replaced(text, "validationType: dv", "validationType: third-party");
    text =
        replaced(text, "certificateType: san", "certificateType: third-party\n    thirdParty: { excludeSans: false }");
    text = replaced(text, "changeManagement: false", "changeManagement: true");
    folder.write("manifests/api.yaml",
                 replaced(text, "spec:\n",
                          fmt::format("spec:\n  lifecycle: {{ promotion: {}, certificate: {{ signer: own-ca }} }}\n",
                                      promotion)));
  }
  void signer(std::string const& body) const {
    folder.write("sign.sh", "#!/bin/sh\necho asked >>asked.txt\n" + body + "\n");
    fs::permissions(folder / "sign.sh", fs::perms::owner_all);
  }
  Run apply(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"apply", "--yes"});
    return run(std::move(more));
  }
  Run run(std::vector<std::string> arguments) const {
    arguments.push_back("--sandbox=" + (folder / "cps").string());
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
  std::size_t asked() const {
    std::string const text = fs::exists(folder / "asked.txt") ? read(folder / "asked.txt") : std::string();
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }
  std::ptrdiff_t uploads() const {
    return std::ranges::count_if(requests(folder / "cps"), [](std::string const& line) {
      return line.starts_with("POST ") && says(line, "third-party-cert-and-trust-chain");
    });
  }
};

}  // namespace

TEST_CASE("signer: one apply that waits goes from the manifest to production; validate and plan run no signer") {
  Signed const project;
  CHECK(project.run({"validate"}).exit == 0);
  REQUIRE(project.apply().exit == 0);
  Run const plan = project.run({"plan"});
  INFO(plan.out);
  CHECK(says(plan.out, "the signer own-ca makes it"));
  CHECK(project.asked() == 0);

  Run const run = project.apply({"--wait", "deployed"});
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(says(run.err, "uploads the signed certificate of the signer own-ca"));
  CHECK(says(run.err, "approves what is on staging"));
  CHECK(project.asked() == 1);
  CHECK(project.uploads() == 1);
  CHECK(says(project.run({"plan"}).out, "No changes: 1 unchanged."));
  CHECK(says(project.run({"state", "log"}).out, "approves what is on staging"));
}

TEST_CASE("wait: 3 as soon as only a person is due, whatever the deadline; 0 once the target is there") {
  Signed const project("manual");
  Run const issued = project.apply({"--wait", "issued"});
  INFO(issued.out, issued.err);
  CHECK(issued.exit == 0);
  Run const deployed = project.apply({"--wait", "deployed"});
  INFO(deployed.out, deployed.err);
  CHECK(deployed.exit == 3);
  CHECK(says(deployed.out, "api waiting for you: "));
  CHECK(says(deployed.out, "cpsctl ack api --fingerprint sha256:"));
  CHECK(project.apply({"--wait", "validated"}).exit == 0);
}

TEST_CASE("wait: out of time is 75, everything is saved, and the next run goes on") {
  Signed const project;
  Run const first = project.apply({"--wait", "deployed", "--complete-after", "usual", "--deadline", "3s"});
  INFO(first.out, first.err);
  CHECK(first.exit == 75);
  CHECK(says(first.err, "Out of time: waiting for 1 change at CPS or a CA."));
  CHECK(project.apply({"--wait", "deployed"}).exit == 0);
  CHECK(project.uploads() == 1);
}

TEST_CASE("signer: one that says \"later\" is left in peace for so long, and gets its reference back") {
  Signed const project;
  project.signer(
      "question=$(cat)\n"
      "printf %s \"$question\" | jq -r .reference >>references.txt\n"
      "if [ $(wc -l <references.txt) -lt 3 ]; then\n"
      "  printf %s \"$question\" | jq '{request, reference: \"ticket-7\", retryAfter: \"1s\"}'; exit 75\n"
      "fi\n"
      "printf %s \"$question\" | ./openssl-ca.sh");
  REQUIRE(project.apply().exit == 0);
  Run const later = project.apply({"--detailed-exitcode"});
  INFO(later.out, later.err);
  CHECK(later.exit == 2);
  CHECK(says(later.out, "the signer own-ca has not answered yet"));
  Run const run = project.apply({"--wait", "deployed"});
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(read(project.folder / "references.txt") == "null\nticket-7\nticket-7\n");
  CHECK(project.uploads() == 1);
}

TEST_CASE("signer: what fails is said with its last words, nothing is uploaded, and the next run asks again") {
  struct Case {
    char const* title;
    char const* script;
    char const* says;
  };
  Case const cases[] = {
      {"an exit code", "echo 'the HSM is locked' >&2; exit 4", "the HSM is locked"},
      {"no certificate", "cat >/dev/null; echo '{}'", "own-ca"},
      {"another request's answer", "cat >/dev/null; echo '{\"request\":\"0\",\"certificates\":[]}'", "request"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Signed const project;
      REQUIRE(project.apply().exit == 0);
      project.signer(c.script);
      Run const failed = project.apply();
      INFO(failed.out, failed.err);
      CHECK(failed.exit == 1);
      CHECK(says(failed.out, "the signer own-ca has failed"));
      CHECK(says(failed.out, c.says));
      CHECK(project.uploads() == 0);
      project.signer("exec ./openssl-ca.sh");
      CHECK(project.apply({"--wait", "deployed"}).exit == 0);
    }
  }
}

TEST_CASE("signer: a program that was changed after the plan was approved is not run") {
  Signed const project;
  REQUIRE(project.apply().exit == 0);
  REQUIRE(project.run({"plan", "--out", "json=plan.json"}).exit == 0);
  json::Document const plan = json::parse(read(project.folder / "plan.json"), "plan").value();
  std::string const digest(json::text_or(json::find(plan, "digest"), ""));
  project.signer("exec ./openssl-ca.sh # of somebody else");
  Run const refused = project.run({"apply", "--yes", "--plan", "plan.json", "--approved", digest});
  INFO(refused.out, refused.err);
  CHECK(refused.exit == 4);
  CHECK(project.asked() == 0);
  CHECK(project.uploads() == 0);
}

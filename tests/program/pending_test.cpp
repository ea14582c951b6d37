// Pending changes are answered: by plan and apply as the manifest says, by hand with ack, upload and cancel.
#include "base/clock.hpp"
#include "base/json.hpp"
#include "pki/authority.hpp"
#include "places.hpp"
#include "program/program.hpp"

#include <algorithm>
#include <fcntl.h>
#include <regex>
#include <sys/file.h>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

using namespace cpsctl;
using namespace program;

namespace {

/// A CA that one runs oneself.
struct OwnCa {
  authority::Authority root = authority::Authority::root();
  authority::Authority issuing = root.intermediate();

  /// The certificate and its chain.
  std::string sign(std::string const& csr, std::string const& name) const {
    WallTime const now = system_clock().wall();
    return issuing.issue(csr, {.common_name = name + ".example.com",
                               .names = fmt::format("DNS:{0}.example.com,DNS:alt.{0}.example.com", name),
                               .not_before = now - std::chrono::hours(24),
                               .not_after = now + std::chrono::hours(24 * 150)}) +
           issuing.pem();
  }
};

/// A project with an embedded CPS that waits for persons, and takes no time for all else.
struct Project {
  Folder folder;
  std::vector<std::string> switches{"--complete-after", "0s", "--inputs", "wait"};

  void dv(std::string const& name, std::string const& lifecycle = "") const {
    write(name, dv_manifest(name, name + ".example.com"), lifecycle);
  }
  void third_party(std::string const& name, std::string const& lifecycle = "", bool management = false) const {
    std::string text = dv_manifest(name, name + ".example.com");
    text = replaced(text, "ra: lets-encrypt", "ra: third-party");
    text = replaced(text, "validationType: dv", "validationType: third-party");
    text =
        replaced(text, "certificateType: san", "certificateType: third-party\n    thirdParty: { excludeSans: false }");
    if (management) text = replaced(text, "changeManagement: false", "changeManagement: true");
    write(name, text, lifecycle);
  }
  void write(std::string const& name, std::string const& text, std::string const& lifecycle = "") const {
    folder.write("manifests/" + name + ".yaml",
                 lifecycle.empty() ? text : replaced(text, "spec:\n", "spec:\n  lifecycle: " + lifecycle + "\n"));
  }
  void edit(std::string const& name, std::string const& from, std::string const& to) const {
    write(name, replaced(read(folder / ("manifests/" + name + ".yaml")), from, to));
  }

  Run run(std::vector<std::string> arguments) const {
    arguments.push_back("--sandbox=" + (folder / "sandbox").string());
    arguments.insert(arguments.end(), switches.begin(), switches.end());
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
  Run plan(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), "plan");
    return run(std::move(more));
  }
  Run apply(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"apply", "--yes"});
    return run(std::move(more));
  }
  /// A run that has to go well.
  Run fine(std::vector<std::string> arguments) const {
    Run result = run(std::move(arguments));
    INFO(result.out, result.err);
    REQUIRE(result.exit == 0);
    return result;
  }
  /// Everything is as wanted, and nothing is pending.
  void is_done(std::size_t enrollments = 1) const {
    Run const run = plan();
    INFO(run.out, run.err);
    CHECK(says(run.out, fmt::format("No changes: {} unchanged.", enrollments)));
    CHECK_FALSE(says(run.out, "in progress"));
  }
  std::ptrdiff_t sent(std::string const& method, std::string const& part = "") const {
    return std::ranges::count_if(requests(folder / "sandbox"), [&](std::string const& line) {
      return line.starts_with(method + " ") && says(line, part);
    });
  }
  std::ptrdiff_t answers() const { return sent("POST", "/input/update/"); }
  std::string fingerprint(std::string const& name) const {
    std::string const out = run({"status", name}).out;
    std::smatch found;
    REQUIRE(std::regex_search(out, found, std::regex("--fingerprint (sha256:[0-9a-f]+)")));
    return found[1];
  }
  std::string csr(std::string const& name) const { return fine({"csr", name}).out; }
};

}  // namespace

TEST_CASE("pending: a third-party certificate from a file, and its approval by hand") {
  Project const project;
  OwnCa const ca;
  project.third_party("api", "{ certificate: { files: [certs/api.pem] } }", true);
  project.fine({"apply", "--yes"});
  Run const waits = project.plan();
  INFO(waits.out);
  CHECK(says(waits.out, "waits for the certificate for its CSR"));
  CHECK(says(waits.out, "certs/api.pem is not there yet"));
  CHECK(project.apply({"--detailed-exitcode"}).exit == 3);

  project.folder.write("certs/api.pem", ca.sign(project.csr("api"), "api"));
  CHECK(says(project.plan().out, "the files of the manifest have it"));
  CHECK(project.answers() == 0);
  project.fine({"apply", "--yes"});
  CHECK(project.answers() == 1);

  Run const staged = project.plan();
  INFO(staged.out);
  CHECK(says(staged.out, "waits for the approval of what is on staging"));
  CHECK(says(staged.out, "promotion is manual"));
  Run const blind = project.run({"ack", "api", "--yes"});
  CHECK(blind.exit == 4);
  CHECK(says(blind.err, "the fingerprint of what is on staging"));
  Run const other = project.run({"ack", "api", "--yes", "--fingerprint", "sha256:0000"});
  CHECK(other.exit == 4);
  CHECK(says(other.err, "is not what sha256:0000 was approved for"));
  CHECK(project.answers() == 1);
  project.fine({"ack", "api", "--yes", "--fingerprint", project.fingerprint("api")});
  CHECK(project.answers() == 2);
  project.is_done();
  CHECK(says(project.run({"state", "log"}).out, "answered"));
}

TEST_CASE("pending: promotion auto goes from the upload to production") {
  Project const project;
  OwnCa const ca;
  project.third_party("api", "{ certificate: { files: [certs/api.pem] }, promotion: auto }", true);
  project.fine({"apply", "--yes"});
  project.folder.write("certs/api.pem", ca.sign(project.csr("api"), "api"));
  project.fine({"apply", "--yes"});
  CHECK(says(project.plan().out, "the policy gives it, and it goes to production"));
  project.fine({"apply", "--yes"});
  CHECK(project.answers() == 2);
  project.is_done();
}

TEST_CASE("pending: two keys are uploaded together, or not at all") {
  Project const project;
  OwnCa const ca;
  project.third_party("api", "{ certificate: { files: [certs/rsa.pem, certs/ecdsa.pem] } }");
  project.edit("api", "enableMultiStackedCertificates: false", "enableMultiStackedCertificates: true");
  project.fine({"apply", "--yes"});
  project.fine({"csr", "api", "--out-dir", "csrs"});
  auto const sign = [&](char const* algorithm) {
    return ca.sign(read(project.folder / fmt::format("csrs/api-{}.csr", algorithm)), "api");
  };
  project.folder.write("certs/rsa.pem", sign("RSA"));
  Run const half = project.apply();
  INFO(half.out, half.err);
  CHECK(half.exit == 0);
  CHECK(project.answers() == 0);
  CHECK(says(half.err, "there is no certificate for the ECDSA CSR yet"));
  project.folder.write("certs/ecdsa.pem", sign("ECDSA"));
  project.fine({"apply", "--yes"});
  CHECK(project.answers() == 1);
  project.is_done();
}

TEST_CASE("pending: warnings are acknowledged as far as the manifest allows each of them") {
  std::string const harmless = "DNS name www.example.com not CNAMEd to Akamai.";
  std::string const named = "{ warning: DNS_NAME_NOT_CNAMED, reason: known, until: 2099-01-01 }";
  struct Case {
    char const* title;
    std::string text;
    std::string allows;
    bool answered;
    char const* says;
  };
  Case const cases[] = {
      {"allowed", harmless, named, true, "the policy gives it (1 warning)"},
      {"no answer", harmless, "", false, "DNS_NAME_NOT_CNAMED is not answered"},
      {"an answer that has ended", harmless, "{ warning: DNS_NAME_NOT_CNAMED, reason: known, until: 2020-01-01 }",
       false, "DNS_NAME_NOT_CNAMED is not answered"},
      {"an unknown line behind an allowed one", harmless + "\nThe moon is full.", named, false, "The moon is full."},
      {"all that are low", harmless, "{ warning: \"*\", class: low, reason: known, until: 2099-01-01 }", true,
       "the policy gives it"},
      {"all that are low, and it is not", "This certificate has expired",
       "{ warning: \"*\", class: low, reason: known, until: 2099-01-01 }", false, "is not answered"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Project project;
      project.switches.insert(project.switches.end(), {"--warning", "before: " + c.text});
      project.dv("www", c.allows.empty() ? "" : "{ acknowledge: [" + c.allows + "] }");
      project.fine({"apply", "--yes"});
      Run const plan = project.plan();
      INFO(plan.out, plan.err);
      CHECK(says(plan.out, c.says));
      project.fine({"apply", "--yes"});
      CHECK(project.answers() == (c.answered ? 1 : 0));
      if (!c.answered) project.fine({"ack", "www", "--yes"});
      CHECK(project.answers() == 1);
      CHECK(says(project.plan().out, "the validation of 2 names"));
    }
  }
}

TEST_CASE("pending: names that a plan removes pass without an answer, and no others") {
  Project project;
  project.switches = {"--complete-after", "0s"};
  project.dv("www");
  project.fine({"apply", "--yes"});
  project.is_done();
  project.switches = {"--complete-after", "0s", "--inputs", "wait"};
  bool exactly = true;
  SUBCASE("exactly those") {}
  SUBCASE("another one, too") {
    exactly = false;
    project.switches.insert(project.switches.end(),
                            {"--warning", "after: The SANs [other.example.com] are scheduled for removal."});
  }
  project.edit("www", "sans: [alt.www.example.com]", "sans: []");
  project.fine({"apply", "--yes"});
  project.fine({"ack", "www", "--yes"});  // the challenges of the name that is left
  Run const plan = project.plan();
  INFO(plan.out);
  CHECK(says(plan.out, "The SANs [alt.www.example.com] are scheduled"));
  CHECK(says(plan.out, exactly ? "the policy gives it" : "SANS_REMOVED_REQUIRE_ACKNOWLEDGEMENT is not answered"));
  project.fine({"apply", "--yes"});
  CHECK(project.answers() == (exactly ? 2 : 1));
}

TEST_CASE("pending: a colleague's change is shown, and left alone by all but a person") {
  Project project;
  project.switches = {"--complete-after", "0s"};
  project.dv("www");
  project.fine({"apply", "--yes"});
  project.is_done();
  project.switches = {"--complete-after", "0s",
                      "--inputs",         "wait",
                      "--warning",        "before: DNS name www.example.com not CNAMEd to Akamai."};
  std::string const manifest = read(project.folder / "manifests/www.yaml");
  project.folder.write("elsewhere/www.yaml", replaced(replaced(manifest, "sans: [", "sans: [new.www.example.com, "),
                                                      "spec:\n", "spec:\n  lifecycle: { adopt: always }\n"));
  project.fine({"apply", "--yes", "--state", "elsewhere/state.json", "elsewhere"});
  auto const puts = project.sent("PUT");
  REQUIRE(puts == 1);
  project.write("www", manifest,
                "{ acknowledge: [{ warning: DNS_NAME_NOT_CNAMED, reason: known, until: 2099-01-01 }] }");
  Run const plan = project.plan();
  INFO(plan.out);
  CHECK(says(plan.out, "another party's"));
  for (int i = 0; i < 2; ++i) project.apply();
  CHECK(project.answers() == 0);
  CHECK(project.sent("PUT") == puts);
  CHECK(project.sent("DELETE") == 0);
  project.fine({"ack", "www", "--yes"});
  CHECK(project.answers() == 1);
}

TEST_CASE("pending: upload finds the enrollments that wait for what a file has") {
  Project const project;
  OwnCa const ca;
  project.third_party("api");
  project.third_party("shop");
  project.third_party("pay");
  project.fine({"apply", "--yes"});
  project.folder.write("signed.pem", ca.sign(project.csr("api"), "api") + ca.sign(project.csr("shop"), "shop"));
  project.folder.write("other.pem", ca.sign(authority::csr(authority::Key::ecdsa(), "other.example.com"), "other"));
  Run const run = project.fine({"upload", "signed.pem", "other.pem", "--yes"});
  INFO(run.out, run.err);
  CHECK(project.answers() == 2);
  CHECK(says(run.err,
             "other.pem:1: CN=other.example.com: has a key (ECDSA P-256) that belongs to no CSR of this change, "
             "nor to any other that is answered here: left out"));
  CHECK_FALSE(says(run.err, "signed.pem"));
  Run const status = project.plan();
  CHECK(says(status.out, "pay"));
  CHECK_FALSE(says(status.out, "? api"));
  Run const again = project.run({"upload", "signed.pem", "--yes"});
  CHECK(again.exit == 4);
  CHECK(says(again.err, "no change waits for one of these"));
  CHECK(project.answers() == 2);
}

TEST_CASE("pending: what is no certificate for a CSR is refused, and a private key is never printed") {
  Project const project;
  OwnCa const ca;
  project.third_party("api", "{ certificate: { files: [certs/api.pem] } }");
  project.fine({"apply", "--yes"});
  SUBCASE("another key's") {
    std::string const other = authority::csr(authority::Key::ecdsa(), "api.example.com");
    project.folder.write("certs/api.pem", ca.sign(other, "api"));
    CHECK(project.run({"upload", "api", "certs/api.pem", "--yes"}).exit == 4);
  }
  SUBCASE("with its private key") {
    std::string const key = authority::Key::ecdsa().pem();
    project.folder.write("certs/api.pem", ca.sign(project.csr("api"), "api") + key);
    std::string const secret = key.substr(key.find('\n') + 1, 40);
    std::vector<std::vector<std::string>> const calls = {{"upload", "api", "certs/api.pem", "--yes"},
                                                         {"upload", "certs/api.pem", "--yes"},
                                                         {"plan"},
                                                         {"apply", "--yes"},
                                                         {"status"},
                                                         {"plan", "-o", "json"}};
    for (auto const& call : calls) {
      Run const run = project.run(call);
      INFO(run.out, run.err);
      CHECK_FALSE(says(run.out + run.err, secret));
      CHECK(says(run.out + run.err, "private key"));
    }
  }
  SUBCASE("no PEM") {
    project.folder.write("certs/api.pem", "hello");
    CHECK(project.run({"upload", "api", "certs/api.pem", "--yes"}).exit == 4);
  }
  project.fine({"apply", "--yes"});
  CHECK(project.answers() == 0);
}

TEST_CASE("pending: a certificate for the CSR of an earlier change, and one for a CSR that a cancel made void") {
  Project const project;
  OwnCa const ca;
  project.third_party("api", "{ certificate: { files: [certs/api.pem] } }");
  project.fine({"apply", "--yes"});
  project.folder.write("certs/api.pem", ca.sign(project.csr("api"), "api"));
  project.fine({"apply", "--yes"});
  project.is_done();
  CHECK(project.sent("GET", "/history/") == 0);

  project.edit("api", "sans: [alt.api.example.com]", "sans: [alt.api.example.com, new.api.example.com]");
  project.fine({"apply", "--yes"});
  std::ptrdiff_t const before = project.sent("GET", "/history/");
  Run const older = project.plan();
  INFO(older.out);
  CHECK(says(older.out, "is for the CSR of an earlier change"));
  CHECK(project.sent("GET", "/history/") == before + 1);
  CHECK(says(project.run({"status", "api"}).out, "is for the CSR of an earlier change"));

  std::string const given_up = ca.sign(project.csr("api"), "api");
  project.fine({"cancel", "api", "--yes"});
  project.edit("api", "new.api.example.com", "newer.api.example.com");
  project.fine({"apply", "--yes"});
  project.folder.write("certs/api.pem", given_up);
  for (auto const& call : {std::vector<std::string>{"plan"}, {"upload", "api", "certs/api.pem", "--yes"}}) {
    Run const run = project.run(call);
    INFO(run.out, run.err);
    CHECK(says(run.out + run.err, "is for a CSR that a cancel made void; it can never be used"));
    CHECK(run.exit == (call.front() == "plan" ? 0 : 4));
  }
  CHECK(project.answers() == 1);
}

TEST_CASE("pending: cancel of what was never deployed takes it away, and the next plan creates it anew") {
  Project const project;
  project.dv("www");
  project.fine({"apply", "--yes"});
  Run const refused = project.run({"cancel", "www", "--yes"});
  CHECK(refused.exit == 4);
  CHECK(says(refused.err, "cpsctl cancel www --confirm-delete www"));
  CHECK(project.sent("DELETE") == 0);
  project.fine({"cancel", "www", "--confirm-delete", "www", "--yes"});
  CHECK(project.sent("DELETE") == 1);
  Run const plan = project.plan();
  INFO(plan.out);
  CHECK(says(plan.out, "1 to create"));
  project.fine({"apply", "--yes"});
  CHECK(project.sent("POST", "/enrollments?") == 2);
}

TEST_CASE("pending: cancel of a change of what is deployed leaves the enrollment") {
  Project project;
  project.switches = {"--complete-after", "0s"};
  project.dv("www");
  project.fine({"apply", "--yes"});
  project.is_done();
  project.switches = {"--complete-after", "0s", "--inputs", "wait"};
  project.edit("www", "sans: [", "sans: [new.www.example.com, ");
  project.fine({"apply", "--yes"});
  project.fine({"cancel", "www", "--yes"});
  CHECK(project.sent("DELETE", "/changes/") == 1);
  CHECK(says(project.run({"state", "list"}).out, "www"));
  Run const none = project.run({"cancel", "www", "--yes"});
  CHECK(none.exit == 4);
  CHECK(says(none.err, "www has no pending change"));
}

TEST_CASE("pending: a removal that stops on a warning goes on by hand alone") {
  Project project;
  project.switches = {"--complete-after", "0s"};
  project.dv("www",
             "{ deletion: delete, acknowledge: [{ warning: DNS_NAME_NOT_CNAMED, reason: known, until: "
             "2099-01-01 }] }");
  project.fine({"apply", "--yes"});
  project.dv("other");
  project.fine({"apply", "--yes"});
  project.is_done(2);
  project.switches = {"--complete-after", "0s",
                      "--inputs",         "wait",
                      "--warning",        "removal: DNS name www.example.com not CNAMEd to Akamai."};
  std::filesystem::remove(project.folder / "manifests/www.yaml");
  std::vector<std::string> const remove{"apply", "--yes", "--allow-delete", "--max-deletes", "1", "--confirm-delete",
                                        "www"};
  project.fine(remove);
  Run const plan = project.plan();
  INFO(plan.out);
  CHECK(says(plan.out, "a removal is answered by a person"));
  project.run(remove);
  CHECK(project.answers() == 0);
  project.fine({"ack", "www", "--yes"});
  CHECK(project.answers() == 1);
  project.run(remove);
  project.is_done();
}

TEST_CASE("pending: a hold stops what the policy would answer") {
  Project project;
  project.switches.insert(project.switches.end(),
                          {"--warning", "before: DNS name www.example.com not CNAMEd to Akamai."});
  std::string const answer = "acknowledge: [{ warning: DNS_NAME_NOT_CNAMED, reason: known, until: 2099-01-01 }]";
  project.dv("www", "{ " + answer + " }");
  project.fine({"apply", "--yes"});
  project.dv("www", "{ hold: the auditors are here, " + answer + " }");
  CHECK(says(project.plan().out, "on hold: the auditors are here"));
  project.fine({"apply", "--yes"});
  CHECK(project.answers() == 0);
  project.dv("www", "{ " + answer + " }");
  project.fine({"apply", "--yes"});
  CHECK(project.answers() == 1);
}

TEST_CASE("pending: an answered input that CPS goes on showing is not answered again") {
  Project project;
  project.switches.insert(project.switches.end(), {"--input-echo", "2"});
  OwnCa const ca;
  project.third_party("api", "{ certificate: { files: [certs/api.pem] } }");
  project.fine({"apply", "--yes"});
  project.folder.write("certs/api.pem", ca.sign(project.csr("api"), "api"));
  project.fine({"apply", "--yes"});
  for (int i = 0; i < 3; ++i) project.fine({"apply", "--yes"});
  CHECK(project.answers() == 1);
  project.is_done();
}

TEST_CASE("pending: the reply to an answer is lost: it is in doubt, and the next run knows what became of it") {
  Project project;
  OwnCa const ca;
  project.third_party("api", "{ certificate: { files: [certs/api.pem] } }", true);
  project.fine({"apply", "--yes"});
  project.folder.write("certs/api.pem", ca.sign(project.csr("api"), "api"));
  auto const usual = project.switches;
  project.switches.insert(project.switches.end(),
                          {"--fault", "POST /enrollments/*/changes/*/input/update/*: drop-after"});
  Run const lost = project.apply();
  INFO(lost.out, lost.err);
  CHECK(lost.exit == 75);
  CHECK(says(lost.out, "in doubt"));
  CHECK(project.answers() == 1);
  project.switches = usual;
  Run const next = project.fine({"apply", "--yes"});
  CHECK(project.answers() == 1);
  CHECK(says(next.out, "the approval of what is on staging"));
  CHECK(says(project.run({"state", "log"}).out, "answered"));
}

TEST_CASE("pending: a person may say that an answer in doubt was not given, and it made no enrollment") {
  Project project;
  auto const usual = project.switches;
  project.switches.insert(project.switches.end(),
                          {"--warning", "before: DNS name www.example.com not CNAMEd to Akamai."});
  project.dv("www", "{ acknowledge: [{ warning: DNS_NAME_NOT_CNAMED, reason: known, until: 2099-01-01 }] }");
  project.fine({"apply", "--yes"});
  project.switches.insert(project.switches.end(),
                          {"--fault", "POST /enrollments/*/changes/*/input/update/*: drop-before"});
  CHECK(project.apply().exit == 75);
  project.switches = usual;
  Run const early = project.run({"state", "settle", "www", "--not-done"});
  CHECK(early.exit == 4);
  CHECK(says(early.err, "may still be under way"));
  auto const settle = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"state", "settle", "www"});
    arguments.push_back("--sandbox=" + (project.folder / "sandbox").string());
    return run_cpsctl(
        std::move(arguments),
        {.folder = project.folder.path(), .environment = {{"LD_PRELOAD", places::kill_at()}, {"CLOCK_AHEAD", "120"}}});
  };
  Run const made = settle({"--as", "10001"});
  CHECK(made.exit == 4);
  CHECK(says(made.err, "the write in doubt is an answer, which made no enrollment"));
  Run const settled = settle({"--not-done"});
  INFO(settled.out, settled.err);
  CHECK(settled.exit == 0);
  project.fine({"apply", "--yes"});
  CHECK(says(project.plan().out, "the validation of 2 names"));
}

TEST_CASE("pending: an approved plan holds at whatever point of the way its change is") {
  Project const project;
  OwnCa const ca;
  project.third_party("api", "{ certificate: { files: [certs/api.pem] }, promotion: auto }", true);
  project.fine({"apply", "--yes"});
  project.folder.write("certs/api.pem", ca.sign(project.csr("api"), "api"));
  project.fine({"plan", "--out", "json=plan.json"});
  json::Document const saved = json::parse(read(project.folder / "plan.json"), "plan").value();
  std::string const digest(json::text_or(json::find(saved, "digest"), ""));
  REQUIRE(digest.size() == 64);
  std::vector<std::string> const carry{"apply", "--yes", "--plan", "plan.json", "--approved", digest};
  SUBCASE("the upload and the approval by the same digest") {
    project.fine(carry);
    CHECK(project.answers() == 1);
    project.fine(carry);
    CHECK(project.answers() == 2);
    project.is_done();
    project.fine(carry);
    CHECK(project.answers() == 2);
  }
  SUBCASE("without the file the digest is that of a new plan, too") {
    project.fine({"apply", "--yes", "--approved", digest});
    project.fine({"apply", "--yes", "--approved", digest});
    CHECK(project.answers() == 2);
    project.is_done();
  }
  SUBCASE("other answers are another plan") {
    project.third_party("api", "{ certificate: { files: [certs/api.pem] } }", true);
    Run const run = project.apply({"--approved", digest});
    CHECK(run.exit == 4);
    CHECK(project.answers() == 0);
  }
}

TEST_CASE("pending: a command for one enrollment waits for the lock, for so long") {
  Project project;
  project.switches.insert(project.switches.end(), {"--warning", "before: Unsorted trust chain found"});
  project.dv("www");
  project.fine({"apply", "--yes"});
  auto const lock = project.folder / "sandbox/state.json.lock";
  int const fd = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(fd >= 0);
  REQUIRE(::flock(fd, LOCK_EX) == 0);
  Run const busy = project.run({"ack", "www", "--yes", "--lock-timeout", "0s"});
  CHECK(busy.exit == 5);
  CHECK(says(busy.err, "another run holds"));
  std::vector<std::string> arguments{
      "ack", "www", "--yes", "--lock-timeout", "1m", "--sandbox=" + (project.folder / "sandbox").string()};
  arguments.insert(arguments.end(), project.switches.begin(), project.switches.end());
  Background waiting(arguments, {.folder = project.folder.path(), .one_stream = true});
  waiting.await("waiting up to 1 min for its end");
  ::close(fd);
  Run const run = waiting.finish();
  INFO(run.out);
  CHECK(run.exit == 0);
  CHECK(project.answers() == 1);
}

TEST_CASE("pending: after a lost state an adoption takes over what is pending, and answers it in the same run") {
  Project project;
  project.switches.insert(project.switches.end(),
                          {"--warning", "before: DNS name www.example.com not CNAMEd to Akamai."});
  project.dv("www", "{ acknowledge: [{ warning: DNS_NAME_NOT_CNAMED, reason: known, until: 2099-01-01 }] }");
  project.fine({"apply", "--yes"});
  for (char const* const file : {"sandbox/state.json", "sandbox/state.json.journal"})
    std::filesystem::remove(project.folder / file);
  Run const plan = project.plan();
  INFO(plan.out);
  CHECK(says(plan.out, "is taken over with it"));
  CHECK(says(plan.out, "the policy gives it"));
  project.fine({"apply", "--yes"});
  CHECK(project.answers() == 1);
  CHECK(says(project.plan().out, "ours: waits for the validation of 2 names"));
}

TEST_CASE("pending: what nobody manages here is answered by its id") {
  Project project;
  project.switches.insert(project.switches.end(), {"--warning", "before: The moon is full."});
  project.dv("www");
  project.fine({"apply", "--yes"});
  std::filesystem::remove(project.folder / "manifests/www.yaml");
  project.fine({"state", "forget", "www"});
  project.fine({"ack", "--id", "10001", "--yes"});
  CHECK(project.answers() == 1);
  project.fine({"cancel", "--id", "10001", "--confirm-delete", "enrollment-10001", "--yes"});
  CHECK(project.sent("DELETE", "/changes/") == 1);
  CHECK(says(project.run({"state", "list"}).out, "0 enrollments"));
}

TEST_CASE(
    "pending: the reply to an answer for what nobody manages is lost: the same command finds out, and answers once") {
  Project project;
  project.switches.insert(project.switches.end(), {"--warning", "before: The moon is full."});
  project.dv("www");
  project.fine({"apply", "--yes"});
  std::filesystem::remove(project.folder / "manifests/www.yaml");
  project.fine({"state", "forget", "www"});
  auto const usual = project.switches;
  auto const lose = [&](char const* what) {
    project.switches = usual;
    project.switches.insert(project.switches.end(), {"--fault", what});
  };
  std::vector<std::string> const ack{"ack", "--id", "10001", "--yes"};
  std::vector<std::string> const cancel{"cancel", "--id", "10001", "--confirm-delete", "enrollment-10001", "--yes"};

  SUBCASE("it was done") {
    lose("POST /enrollments/*/changes/*/input/update/*: drop-after");
    Run const lost = project.run(ack);
    INFO(lost.out, lost.err);
    CHECK(lost.exit == 75);
    CHECK(says(lost.out, "cpsctl ack --id 10001"));
    project.switches = usual;
    Run const again = project.run(ack);  // CPS asks for the next thing by now, which is a person's as well
    INFO(again.out, again.err);
    CHECK(says(again.err, "an answer that was sent before, and got no reply, was done"));
    CHECK(says(project.run({"state", "list"}).out, "0 enrollments"));
    CHECK_FALSE(says(project.run({"state", "list"}).out, "in doubt"));
  }
  SUBCASE("it was not done, or is still under way: nothing is sent twice") {
    lose("POST /enrollments/*/changes/*/input/update/*: drop-before");
    CHECK(project.run(ack).exit == 75);
    std::ptrdiff_t const sent = project.answers();
    project.switches = usual;
    Run const early = project.run(ack);
    INFO(early.out, early.err);
    CHECK(early.exit == 75);
    CHECK(says(early.err, "CPS may still take it"));
    CHECK(says(early.err, "run it again after 20"));
    CHECK(project.answers() == sent);
  }
  SUBCASE("a cancel took the enrollment along") {
    lose("DELETE: drop-after");
    Run const lost = project.run(cancel);
    INFO(lost.out, lost.err);
    CHECK(lost.exit == 75);
    CHECK(says(lost.out, "run cpsctl cancel --id 10001"));
    project.switches = usual;
    Run const again = project.run(cancel);
    INFO(again.out, again.err);
    CHECK(says(again.err, "a cancel that was sent before, and got no reply, was done"));
    CHECK(project.sent("DELETE", "/changes/") == 1);
    CHECK_FALSE(says(project.run({"state", "list"}).out, "in doubt"));
  }
}

TEST_CASE("pending: a saved plan looks at the changes of what it is about, and at no others") {
  Project project;
  project.switches.insert(project.switches.end(),
                          {"--warning", "before: DNS name www.example.com not CNAMEd to Akamai."});
  for (char const* const name : {"www", "api", "pay"})
    project.dv(name, "{ acknowledge: [{ warning: DNS_NAME_NOT_CNAMED, reason: known, until: 2099-01-01 }] }");
  project.fine({"apply", "--yes"});
  auto const before = project.sent("GET", "/changes/");
  project.fine({"plan", "--name", "www", "--out", "json=plan.json"});
  CHECK(project.sent("GET", "/changes/") == before + 2);
  json::Document const saved = json::parse(read(project.folder / "plan.json"), "plan").value();
  project.fine({"apply", "--yes", "--plan", "plan.json", "--approved",
                std::string(json::text_or(json::find(saved, "digest"), ""))});
  CHECK(project.answers() == 1);
  CHECK(project.sent("GET", "/changes/") == before + 5);  // and once more right before the answer
}

TEST_CASE("pending: the reply to a cancel is lost, and the next run knows what became of it") {
  Project project;
  auto const usual = project.switches;
  project.dv("www");
  project.fine({"apply", "--yes"});
  project.switches.insert(project.switches.end(), {"--fault", "DELETE: drop-after"});
  Run const lost = project.run({"cancel", "www", "--confirm-delete", "www", "--yes"});
  INFO(lost.out, lost.err);
  CHECK(lost.exit == 75);
  project.switches = usual;
  Run const plan = project.plan();
  INFO(plan.out);
  Run const next = project.apply();
  INFO(next.out, next.err);
  CHECK(says(plan.out, "enrollment 10001 was deleted"));
  CHECK_FALSE(says(plan.out, "outside"));
  CHECK(next.exit == 0);
  CHECK(project.sent("DELETE") == 1);
  CHECK(project.sent("POST", "/enrollments?") == 2);
}

TEST_CASE(
    "pending: an organisation-validated certificate: days at the CA, an approval by hand, and another name later") {
  Project project;
  project.switches = {"--complete-after", "usual", "--inputs", "wait"};
  std::string text = dv_manifest("shop", "shop.example.com");
  text = replaced(text, "ra: lets-encrypt", "ra: symantec");
  text = replaced(text, "validationType: dv", "validationType: ov");
  text = replaced(text, "changeManagement: false", "changeManagement: true");
  project.write("shop", text);
  project.fine({"apply", "--yes"});
  auto const after = [&](std::string const& time) {
    project.switches = {"--complete-after", "usual", "--inputs", "wait", "--forward", time};
  };

  for (int round = 0; round < 2; ++round) {
    CAPTURE(round);
    after("2h");
    Run const at_ca = project.plan();
    INFO(at_ca.out);
    CHECK(says(at_ca.out, "the CA is to issue the certificate (check-for-cert)"));
    CHECK(says(at_ca.out, "No changes: 1 unchanged."));
    Run const waited = project.run({"apply", "--yes", "--wait", "deployed", "--deadline", "2s"});
    CHECK(waited.exit == 75);
    INFO(waited.out);
    CHECK(says(waited.out, "Apply: 1 under way"));
    CHECK(says(waited.out, "CPS or a CA is at work on its change"));
    after("4d");
    Run const staged = project.plan();
    INFO(staged.out);
    CHECK(says(staged.out, "waits for the approval of what is on staging"));
    CHECK(project.run({"apply", "--yes", "--wait", "deployed"}).exit == 3);
    std::string const fingerprint = project.fingerprint("shop");
    project.fine({"ack", "shop", "--yes", "--fingerprint", fingerprint});
    after("1d");
    project.is_done();
    if (round == 0) {
      project.edit("shop", "sans: [alt.shop.example.com]", "sans: [alt.shop.example.com, new.shop.example.com]");
      project.switches = {"--complete-after", "usual", "--inputs", "wait"};
      project.fine({"apply", "--yes"});
    }
  }
  CHECK(project.sent("PUT", "/enrollments/") == 1);
  CHECK(project.answers() == 2);
}

TEST_CASE("pending: a name added to a deployed third-party certificate, and taken from it again") {
  Project const project;
  OwnCa const ca;
  project.third_party("api", "{ promotion: auto, certificate: { files: [certs/api.pem] } }", true);
  for (std::string const names : {"", ", new.api.example.com", ""}) {
    CAPTURE(names);
    std::string const text = read(project.folder / "manifests/api.yaml");
    std::size_t const sans = text.find("sans: [");
    std::size_t const end = text.find(']', sans);
    project.write("api", text.substr(0, sans) + "sans: [alt.api.example.com" + names + text.substr(end));
    project.fine({"apply", "--yes"});
    // What the last round brought is for another key by now: it is not uploaded again.
    Run const owed = project.plan();
    INFO(owed.out);
    CHECK(says(owed.out, "waits for the certificate for its CSR"));
    CHECK_FALSE(says(owed.out, "the files of the manifest have it"));
    std::ptrdiff_t const before = project.sent("POST", "third-party-cert-and-trust-chain");
    project.fine({"apply", "--yes"});
    CHECK(project.sent("POST", "third-party-cert-and-trust-chain") == before);
    WallTime const now = system_clock().wall();
    project.folder.write(
        "certs/api.pem",
        ca.issuing.issue(project.csr("api"), {.common_name = "api.example.com",
                                              .names = "DNS:api.example.com,DNS:alt.api.example.com" +
                                                       (names.empty() ? "" : std::string(",DNS:new.api.example.com")),
                                              .not_before = now - std::chrono::hours(24),
                                              .not_after = now + std::chrono::hours(24 * 150)}) +
            ca.issuing.pem());
    bool const removes = names.empty() && project.sent("PUT", "/enrollments/") > 0;
    if (removes) {
      // CPS warns of a name that is served still, which no manifest answers in advance without its text.
      CHECK(project.apply({"--wait", "deployed"}).exit == 3);
      CHECK(says(project.plan().out, "SAN name [new.api.example.com] removed from certificate is still live"));
      project.fine({"ack", "api", "--yes"});
      // Nor does the policy approve what it did not allow.
      CHECK(project.apply({"--wait", "deployed"}).exit == 3);
      project.fine({"ack", "api", "--yes", "--fingerprint", project.fingerprint("api")});
    }
    project.fine({"apply", "--yes", "--wait", "deployed"});
    CHECK(project.sent("POST", "third-party-cert-and-trust-chain") == before + 1);
    project.is_done();
  }
  CHECK(project.sent("PUT", "/enrollments/") == 2);
}

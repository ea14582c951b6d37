// cpsctl challenges: what is to be published, and what name servers say of it.
#include "dns/names.hpp"
#include "program/project.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

/// A DV enrollment of a zone that a real name server has, ordered from a sandbox whose changes wait for somebody.
struct Waiting {
  Folder folder;
  explicit Waiting(std::string const& host = "h0.example.com") {
    folder.write("manifests/www.yaml", dv_manifest("www", host));
    Run const applied = run({"apply", "--yes"});
    INFO(applied.out, applied.err);
    REQUIRE(applied.exit == 0);
  }
  Run run(std::vector<std::string> arguments, std::vector<std::string> const& switches = {}) const {
    arguments.insert(arguments.end(),
                     {"--sandbox=" + (folder / "sandbox").string(), "--inputs", "wait", "--complete-after", "0s"});
    arguments.insert(arguments.end(), switches.begin(), switches.end());
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
  Run check() const { return look({"www", "--check"}); }
  /// A publisher that writes acme.test; what it needs is granted by nobody, as only apply needs it.
  void publisher() const {
    folder.write("cpsctl.yaml",
                 "apiVersion: cpsctl.dev/v1\nkind: Project\nspec:\n  publishers:\n    corp-dns: { zones: [acme.test], "
                 "rfc2136: { server: ns1.example.test, key: env:TSIG_KEY } }\n");
  }
  /// `challenges`, by the name servers of the tests.
  Run look(std::vector<std::string> more, std::vector<std::string> const& switches = {}) const {
    more.insert(more.begin(), "challenges");
    more.insert(more.end(), {"--dns-resolver", names::servers().resolver().text(), "--dns-port",
                             std::to_string(names::servers().port())});
    return run(std::move(more), switches);
  }
  /// The value of its TXT record.
  std::string value() const {
    json::Document const document = run({"challenges", "www", "-o", "json"}).json();
    for (json::Value const& one : json::find(document, "challenges")->GetArray())
      if (json::text_or(json::find(one, "type"), "") == "dns")
        return std::string(json::text_or(json::find(one, "value"), ""));
    FAIL("no TXT record is asked for");
    return {};
  }
};

}  // namespace

TEST_CASE("challenges: what to publish, in the forms of those who do it") {
  Waiting const project;
  std::string const value = project.value();
  std::string const record = "_acme-challenge.h0.example.com.";
  Run const text = project.run({"challenges"});
  CHECK(text.exit == 0);
  CHECK(says(text.out, fmt::format("TXT   {}  \"{}\"", record, value)));
  CHECK(says(text.out, "file  http://h0.example.com/.well-known/acme-challenge/"));
  CHECK(says(project.run({"challenges", "-o", "zone"}).out, fmt::format("{} 120 IN TXT \"{}\"\n", record, value)));
  CHECK(says(project.run({"challenges", "-o", "nsupdate"}).out,
             fmt::format("update add {} 120 TXT \"{}\"\n", record, value)));
  Run const octo = project.run({"challenges", "-o", "octodns", "--zone", "example.com."});
  CHECK(says(octo.out, fmt::format("_acme-challenge.h0:\n  type: TXT\n  ttl: 120\n  values:\n    - '{}'\n", value)));
  CHECK(says(octo.out, "_acme-challenge.alt.h0:\n"));
  Run const no_zone = project.run({"challenges", "-o", "octodns"});
  CHECK(no_zone.exit == 64);
  CHECK(says(no_zone.err, "next: say which: --zone example.com"));
  CHECK(says(no_zone.out, "# cpsctl challenges failed: "));
}

TEST_CASE("challenges: it reads, and sends nothing else") {
  Waiting const project;
  auto const before = requests(project.folder / "sandbox").size();
  CHECK(project.run({"challenges"}).exit == 0);
  auto const lines = requests(project.folder / "sandbox");
  REQUIRE(lines.size() == before + 3);
  for (std::size_t i = before; i < lines.size(); ++i) CHECK(lines[i].starts_with("GET "));
}

TEST_CASE("challenges: a name without a token says why") {
  Waiting const project;
  SUBCASE("all are validated") {
    REQUIRE(project.run({"ack", "www", "--yes"}).exit == 0);
    Run const run = project.run({"challenges", "www"});
    CHECK(run.exit == 1);
    CHECK(says(run.err, "www: no token to publish: "));
    CHECK(run.out.empty());
  }
  SUBCASE("the answer is none") {
    Run const run =
        project.run({"challenges"}, {"--fault", "GET /enrollments/*/changes/*/input/info/*: malformed first 99"});
    CHECK(run.exit == 69);
    CHECK(says(run.err, "www: "));
  }
  SUBCASE("nobody knows it") {
    CHECK(project.run({"challenges", "wwww"}).exit == 64);
  }
}

TEST_CASE("challenges --check: what each authoritative server has") {
  Waiting const project;
  names::Bench bench;
  std::string const owner = "h0.acme.test";
  std::string const value = project.value();

  Run const before = project.check();
  INFO(before.out, before.err);
  CHECK(before.exit == 0);
  CHECK(says(before.out, "not published yet: "));

  REQUIRE(bench.add(owner, value));
  Run const lagging = project.check();
  INFO(lagging.out, lagging.err);
  CHECK(says(lagging.out, "not published yet: "));
  CHECK(says(lagging.out, "ns2.example.test (127.0.0.2)"));

  names::servers().transfer(names::name(owner), value);
  Run const after = project.check();
  INFO(after.out, after.err);
  CHECK(says(after.out, "      published\n"));
  REQUIRE(bench.remove(owner, value));
}

TEST_CASE("challenges --check: CNAMEs are followed, and what cannot be found is said") {
  SUBCASE("a delegated name") {
    Waiting const project;
    Run const run = project.check();
    INFO(run.out, run.err);
    CHECK(says(run.out, "follows _acme-challenge.h0.example.com to h0.acme.test."));
  }
  SUBCASE("a circle") {
    Waiting const project("loop.example.com");
    Run const run = project.check();
    CHECK(run.exit == 0);
    CHECK(says(run.out, "failed: the CNAMEs go in a circle"));
  }
  SUBCASE("no such resolver") {
    Waiting const project;
    Run const run = project.run({"challenges", "--check", "--dns-resolver", "ns1.example.test"});
    CHECK(run.exit == 64);
  }
}

TEST_CASE("challenges --delegations: what is right, what is to be set, and where else a CNAME leads") {
  Waiting const project;
  project.folder.write("manifests/new.yaml", dv_manifest("new", "new.example.com"));
  project.folder.write("manifests/loop.yaml", dv_manifest("loop", "loop.example.com"));
  Run const nowhere = project.look({"--delegations"});
  CHECK(nowhere.exit == 64);
  CHECK(says(nowhere.err, "next: add one under spec.publishers"));

  project.publisher();
  Run const text = project.look({"--delegations"});
  INFO(text.out, text.err);
  CHECK(text.exit == 0);
  CHECK(says(text.out,
             "_acme-challenge.h0.example.com.  www\n    right: it ends at h0.acme.test., in acme.test, which "
             "corp-dns writes\n"));
  CHECK(says(text.out,
             "_acme-challenge.new.example.com.  new\n    missing: no CNAME is there\n    set once: "
             "_acme-challenge.new.example.com. CNAME new.example.com.acme.test.\n"));
  CHECK(says(text.out, "unknown: "));
  CHECK(says(text.out, "the CNAMEs go in a circle"));
  Run const update = project.look({"new", "--delegations", "-o", "nsupdate"});
  CHECK(says(update.out, "update add _acme-challenge.new.example.com. 3600 CNAME new.example.com.acme.test.\nsend\n"));
  CHECK_FALSE(says(update.out, "h0."));
  Run const octo = project.look({"--delegations", "-o", "octodns", "--zone", "example.com"});
  CHECK(says(octo.out, "_acme-challenge.new:\n  type: CNAME\n  ttl: 3600\n  value: new.example.com.acme.test.\n"));
  Run const other = project.look({"--delegations", "--zone", "example.org"});
  CHECK(other.exit == 0);
  CHECK(other.out.empty());
}

TEST_CASE("challenges --leftovers: what stands there and nobody needs, and never what somebody may need") {
  Waiting const project("h9.example.com");
  names::Bench bench;
  std::string const owner = "h9.acme.test";
  std::string const stray = "stray-stray-stray-stray-stray-stray-stray-0";
  REQUIRE(stray.size() == 43);
  std::string const wanted = project.value();
  for (std::string const& value : {stray, wanted, std::string("a colleague's")}) REQUIRE(bench.add(owner, value));

  Run const found = project.look({"--leftovers"});
  INFO(found.out, found.err);
  CHECK(found.exit == 0);
  CHECK(
      says(found.out, "h9.acme.test.\n    TXT   \"" + stray + "\"\n    found where the challenges of h9.example.com"));
  CHECK_FALSE(says(found.out, wanted));
  CHECK_FALSE(says(found.out, "colleague"));
  project.publisher();
  Run const update = project.look({"--leftovers", "-o", "nsupdate"});
  CHECK(says(update.out, "corp-dns writes there\nupdate delete h9.acme.test. TXT \"" + stray + "\"\nsend\n"));
  CHECK(says(bench.values(owner), stray));  // nothing was removed

  SUBCASE("a change that cannot be read may need it") {
    Run const run =
        project.look({"--leftovers"}, {"--fault", "GET /enrollments/*/changes/*/input/info/*: malformed first 99"});
    CHECK(run.exit == 69);
    CHECK_FALSE(says(run.out, stray));
    CHECK(says(run.err, "www: not looked up: its pending change may need any value at the record of h9.example.com"));
  }
  SUBCASE("a lost state changes nothing of what is needed") {
    for (auto const& one : std::filesystem::directory_iterator(project.folder.path()))
      if (one.path().filename().string().find("state") != std::string::npos) std::filesystem::remove_all(one.path());
    Run const run = project.look({"--leftovers"});
    INFO(run.out, run.err);
    CHECK(says(run.out, stray));
    CHECK_FALSE(says(run.out, wanted));
  }
  for (std::string const& value : {stray, wanted, std::string("a colleague's")}) REQUIRE(bench.remove(owner, value));
}

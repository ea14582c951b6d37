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
  Run check() const {
    return run({"challenges", "www", "--check", "--dns-resolver", names::servers().resolver().text(), "--dns-port",
                std::to_string(names::servers().port())});
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

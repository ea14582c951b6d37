// cpsctl status: what pending changes wait for, and whose turn it is.
#include "base/clock.hpp"
#include "places.hpp"
#include "program/program.hpp"
#include "sandbox/server.hpp"

#include <algorithm>
#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

/// The examples, with a policy, ordered from a sandbox whose changes go on until somebody has to give them something.
struct Ordered {
  Folder folder;
  explicit Ordered(std::string const& lifecycle = "", std::vector<std::string> const& switches = {}) {
    std::filesystem::copy(places::source("manifests"), folder / "manifests");
    std::filesystem::remove(folder / "manifests/README.md");
    if (!lifecycle.empty()) allow(lifecycle);
    std::vector<std::string> apply{"apply", "--yes"};
    apply.insert(apply.end(), switches.begin(), switches.end());
    Run const applied = run(apply);
    INFO(applied.out, applied.err);
    REQUIRE(applied.exit == 0);
  }
  /// Of the certificate of one's own CA.
  void allow(std::string const& lifecycle) const {
    std::string manifest = read(folder / "manifests/third-party.yaml");
    folder.write("manifests/third-party.yaml",
                 manifest.insert(manifest.find("  enrollment:"), "  lifecycle: " + lifecycle + "\n"));
  }
  Run run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--sandbox=" + (folder / "sandbox").string(), "--inputs", "wait"});
    if (std::ranges::count(arguments, "--complete-after") == 0)
      arguments.insert(arguments.end(), {"--complete-after", "0s"});
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  }
  /// The only change of the enrollment in the document.
  json::Document change_of(std::string const& name, std::vector<std::string> const& more = {}) const {
    std::vector<std::string> arguments{"status", name, "-o", "json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Run const status = run(arguments);
    INFO(status.err);
    json::Document const document = status.json();
    REQUIRE(json::find(document, "enrollments") != nullptr);
    json::Value const& rows = *json::find(document, "enrollments");
    REQUIRE(rows.Size() == 1);
    json::Value const& changes = *json::find(rows[0], "changes");
    REQUIRE(changes.Size() == 1);
    return json::clone(changes[0]);
  }
};

std::string word(json::Value const& object, char const* member) {
  return std::string(json::text_or(json::find(object, member), ""));
}

std::vector<std::string> words(json::Value const& object, char const* member) {
  std::vector<std::string> all;
  for (json::Value const& one : json::find(object, member)->GetArray()) all.emplace_back(json::view(one));
  return all;
}

}  // namespace

TEST_CASE("status: each kind of change says what it waits for, and who is to act") {
  Ordered const project;
  Run const run = project.run({"status", "--detailed-exitcode"});
  INFO(run.out);
  CHECK(run.exit == 3);
  CHECK(says(run.out, "(new-certificate), ours: the certificate for its CSR · you to act"));
  CHECK(says(run.out, "the validation of 3 names: "));
  CHECK(says(run.out, "the approval of what is on staging · you to act"));
  CHECK(says(run.out, "next: cpsctl csr api-example-com --sandbox="));
  CHECK(says(run.out, "4 waiting for input"));
  CHECK(says(run.out, "4 wait for you."));
  CHECK(says(run.out, "next: cpsctl upload api-example-com FILE --sandbox="));
}

TEST_CASE("status: what is missing of what a manifest allows is said") {
  Ordered const project("{ certificate: { files: [certs/api.pem] } }");
  json::Document const early = project.change_of("api-example-com");
  CHECK(words(early, "because").back() == "certs/api.pem is not there yet");
  CHECK(word(early, "what") == "the certificate for its CSR");
  project.folder.write("certs/api.pem", "a certificate");
  json::Document const change = project.change_of("api-example-com");
  CHECK(word(change, "owner") == "ours");
  CHECK(word(change, "who") == "person");
  CHECK(word(change, "state") == "awaiting-input");
  CHECK(words(change, "because").back() == "certs/api.pem: has no certificate in PEM form");
  CHECK(words(change, "next").at(1) == "cpsctl csr api-example-com");
}

TEST_CASE("status NAME: who asked for a change and what the CA calls its order, for one request more") {
  Ordered const project("", {"--complete-after", "usual"});
  std::vector<std::string> const later{"--complete-after", "usual", "--forward", "2h"};
  json::Document const change = project.change_of("intranet-example-com", later);
  CHECK(word(change, "who") == "ca");
  json::Value const* const history = json::find(change, "history");
  REQUIRE(history != nullptr);
  REQUIRE(history->IsObject());
  CHECK(word(*history, "action") == "Create New Certificate");
  CHECK(word(*history, "by") == "sandbox");
  std::string const order = word(*history, "order");
  CHECK(order.size() == 20);
  auto const asked = [&] {
    return std::ranges::count_if(requests(project.folder / "sandbox"),
                                 [](std::string const& line) { return says(line, "/history/changes"); });
  };
  CHECK(asked() == 1);
  Run const text = project.run({"status", "intranet-example-com", "--complete-after", "usual"});
  CHECK(says(text.out, "Create New Certificate, asked for by sandbox at 20"));
  CHECK(says(text.out, "order " + order + " at the CA"));
  CHECK(says(text.out, "people there check the organisation"));
  CHECK(asked() == 2);
  Run const csv = project.run({"status", "intranet-example-com", "--complete-after", "usual", "-o", "csv"});
  CHECK(says(csv.out, order));
  CHECK(asked() == 3);
  for (auto const& command : {std::vector<std::string>{"status"}, {"plan"}})
    CHECK_FALSE(says(project.run(command).out, order));
  CHECK(asked() == 3);
}

TEST_CASE("status NAME: a history that cannot be read hides nothing else") {
  Ordered const project;
  Run const run =
      project.run({"status", "shop-example-com", "--fault", "GET /enrollments/*/history/changes: status 404"});
  INFO(run.out, run.err);
  CHECK(run.exit == 1);
  CHECK(says(run.err, "the history of shop-example-com: "));
  CHECK(says(run.out, "the validation of 3 names"));
}

TEST_CASE("status: a hold is always said, and keeps back what would be written") {
  Ordered const project;
  project.allow("{ hold: the auditors are here }");
  CHECK(says(project.run({"status", "api-example-com"}).out, "on hold: the auditors are here"));
  std::string const manifest = read(project.folder / "manifests/third-party.yaml");
  project.folder.write("manifests/third-party.yaml",
                       std::string(manifest).insert(manifest.find("api-eu"), "new.example.com, "));
  Run const plan = project.run({"plan", "--on-pending", "cancel"});
  CHECK(says(plan.out, "blocked: on hold: the auditors are here"));
  auto const before = requests(project.folder / "sandbox").size();
  CHECK(project.run({"apply", "--yes", "--on-pending", "cancel"}).exit == 4);
  auto const lines = requests(project.folder / "sandbox");
  for (std::size_t i = before; i < lines.size(); ++i) CHECK(lines[i].starts_with("GET "));
}

TEST_CASE("status: the state is lost, and the changes are somebody's") {
  Ordered const project;
  for (char const* const file : {"sandbox/state.json", "sandbox/state.json.journal"})
    std::filesystem::remove(project.folder / file);
  json::Document const change = project.change_of("api-example-com");
  CHECK(word(change, "owner") == "other");
  CHECK(word(change, "what") == "the certificate for its CSR");
}

TEST_CASE("status: a change that ends between list and look is no error") {
  Ordered const project;
  json::Document const change =
      project.change_of("api-example-com", {"--fault", "GET /enrollments/*/changes/*: status 404 not-found first 1"});
  CHECK(word(change, "what") == "it has ended since the list was read");
  CHECK(json::find(change, "who")->IsNull());
}

TEST_CASE("status: a dead end names the way out") {
  Ordered const project("", {"--validation", "suspended"});
  Run const run = project.run({"status", "shop-example-com", "--validation", "suspended"});
  CHECK(says(run.out, "its names are to be validated, as Akamai Control Center shows · you to act"));
  CHECK(says(run.out, "next: publish what is shown there, and CPS goes on by itself"));
}

TEST_CASE(
    "status: requests are shared: under CPS's limits a quarter of them is spent on changes, named ones are all read") {
  Folder const folder;
  for (int i = 0; i < 12; ++i)
    folder.write(fmt::format("manifests/site-{:02}.yaml", i),
                 dv_manifest(fmt::format("site-{:02}", i), fmt::format("www{}.example.com", i)));
  auto const run = [&](std::vector<std::string> arguments) {
    arguments.push_back("--sandbox=" + (folder / "sandbox").string());
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  };
  REQUIRE(run({"apply", "--yes"}).exit == 0);
  auto const looks = [&](std::vector<std::string> arguments) {
    auto const before = requests(folder / "sandbox").size();
    Run const status = run(std::move(arguments));
    CHECK(status.exit == 0);
    auto const lines = requests(folder / "sandbox");
    auto const is_change = [](std::string const& line) {
      return line.find("/changes/") != std::string::npos && line.find("/input/") == std::string::npos;
    };
    return std::ranges::count_if(lines.begin() + static_cast<std::ptrdiff_t>(before), lines.end(), is_change);
  };
  CHECK(looks({"status", "--request-limit", "20/1s"}) == 5);
  CHECK(looks({"status", "site-*", "--request-limit", "20/1s"}) == 12);
}

namespace {

json::Document row_of(Run const& run) {
  json::Document const document = run.json();
  json::Value const& rows = *json::find(document, "enrollments");
  REQUIRE(rows.Size() == 1);
  return json::clone(rows[0]);
}

}  // namespace

TEST_CASE("status: CSV and Markdown have what JSON has") {
  Ordered const project;
  Run const csv = project.run({"status", "-o", "csv"});
  CHECK(csv.exit == 0);
  CHECK(csv.out.starts_with("name,id,contract,account,commonName,kind,condition,also,reason,since,expires,"));
  CHECK(std::ranges::count(csv.out, '\n') == 5);
  CHECK(says(csv.out, "\r\nshop-example-com,"));
  CHECK(says(csv.out, ",dv,waits for input,"));
  Run const markdown = project.run({"status", "-o", "md", "--out", "csv=status.csv"});
  CHECK(markdown.out.starts_with("<!-- cpsctl status -->\n### cpsctl status: 4 enrollments: 4 waiting for input."));
  CHECK(says(markdown.out, "| `shop-example-com` | waits for input<br>since `20"));
  CHECK(read(project.folder / "status.csv") == csv.out);
  Run const failed = project.run({"status", "-o", "csv", "--fault", "GET: status 401"});
  CHECK(failed.exit == 77);
  CHECK(failed.out.starts_with("error,exitCode,message,next\r\nunauthorized,77,"));
}

TEST_CASE("status: the names that are to be validated are all there, and since when") {
  Ordered const project;
  std::string names;
  for (int i = 0; i < 40; ++i) names += fmt::format(", a-host-with-a-long-name-{}.example.com", i);
  std::string const manifest = read(project.folder / "manifests/dv-san.yaml");
  project.folder.write("manifests/dv-san.yaml",
                       std::string(manifest).insert(manifest.find(", pay.example.com"), names));
  REQUIRE(project.run({"apply", "--yes", "--on-pending", "cancel"}).exit == 0);
  json::Document const row = row_of(project.run({"status", "shop-example-com", "-o", "json"}));
  json::Value const& change = (*json::find(row, "changes"))[0];
  CHECK(words(change, "names").size() == 43);
  CHECK(parse_timestamp(word(change, "since")));
  CHECK(parse_timestamp(word(change, "begun")));
  CHECK(word(row, "since") == word(change, "since"));
}

TEST_CASE("status: what hides that a person must act is said beside it") {
  Ordered const project;
  SUBCASE("the state is lost") {
    for (char const* const file : {"sandbox/state.json", "sandbox/state.json.journal"})
      std::filesystem::remove(project.folder / file);
    json::Document const row = row_of(project.run({"status", "api-example-com", "-o", "json"}));
    CHECK(word(row, "condition") == "waits for input");
    CHECK(words(row, "also") == std::vector<std::string>{"to be recorded"});
  }
  SUBCASE("the manifest wants something else by now") {
    std::string const manifest = read(project.folder / "manifests/third-party.yaml");
    project.folder.write("manifests/third-party.yaml",
                         std::string(manifest).insert(manifest.find("api-eu"), "new.example.com, "));
    Run const run = project.run({"status", "api-example-com"});
    CHECK(says(run.out, "waits for input"));
    CHECK(says(run.out, "the certificate for its CSR · you to act"));
    CHECK(says(run.out, "blocked: change 10001 (new-certificate) is pending at CPS"));
  }
}

TEST_CASE("status: a change that cannot be read hides no other") {
  Ordered const project;
  auto const faulty = [&](std::string const& what, std::string const& format) {
    return project.run({"status", "-o", format, "--parallelism", "1", "--fault", what});
  };
  SUBCASE("the change") {
    Run const run = faulty("GET /enrollments/*/changes/*: status 400 odd first 1", "text");
    INFO(run.out, run.err);
    CHECK(run.exit == 1);
    CHECK(says(run.out, "ours: it could not be read"));
    CHECK(says(run.out, "3 waiting for input"));
    CHECK(says(run.err, "change 10001 of api-example-com: GET /enrollments/10001/changes/10001 was answered with 400"));
  }
  SUBCASE("what it waits for") {
    Run const run = faulty("GET /enrollments/*/changes/*/input/info/*: malformed first 2", "json");
    CHECK(run.exit == 69);
    json::Document const document = run.json();
    json::Value const& rows = *json::find(document, "enrollments");
    REQUIRE(rows.Size() == 4);
    json::Value const& change = (*json::find(rows[0], "changes"))[0];
    CHECK(word(change, "what") == "what it waits for could not be read");
    CHECK(word(change, "state") == "awaiting-input");
    CHECK_FALSE(word(change, "error").empty());
    CHECK(word((*json::find(rows[2], "changes"))[0], "who") == "person");
  }
}

TEST_CASE("status: what would go live is compared with the manifest before a policy approves it") {
  Ordered const project;
  std::string const manifest = read(project.folder / "manifests/ov.yaml");
  auto const wants = [&](std::string const& name) {
    std::string text = manifest;
    text += "    promotion: auto\n";
    if (!name.empty()) text.insert(text.find("wiki.example.com]"), name + ", ");
    project.folder.write("manifests/ov.yaml", text);
    return words(project.change_of("intranet-example-com"), "because");
  };
  CHECK(wants("").empty());  // the policy approves it
  auto const other = wants("new.example.com");
  CHECK(std::ranges::count(other, "it is not what the manifest wants: the RSA certificate lacks new.example.com") == 1);
}

TEST_CASE("status: an acknowledgement that has ended is told apart from one that is missing") {
  Ordered const project("", {"--warning", "before: DNS name www.example.com not CNAMEd to Akamai."});
  auto const because = [&](std::string const& lifecycle) {
    std::string const manifest = read(project.folder / "manifests/third-party.yaml");
    if (!lifecycle.empty()) project.allow(lifecycle);
    json::Document const change = project.change_of("api-example-com");
    project.folder.write("manifests/third-party.yaml", manifest);
    REQUIRE(json::find(change, "warnings")->Size() == 1);
    json::Value const& shown = (*json::find(change, "warnings"))[0];
    CHECK(word(shown, "id") == "DNS_NAME_NOT_CNAMED");
    CHECK(word(shown, "class") == "low");
    CHECK(word(shown, "digest").starts_with("sha256:"));
    return words(change, "because");
  };
  std::string const ended = "DNS_NAME_NOT_CNAMED is not answered any more: its acknowledgement ended on 2025-03-01";
  auto const answers = [](std::string const& what) {
    return fmt::format("{{ acknowledge: [{{ warning: {}, reason: moved, until: 2025-03-01 }}] }}", what);
  };
  CHECK(std::ranges::count(because(""), ended) == 0);
  CHECK(std::ranges::count(because(answers("DNS_NAME_NOT_CNAMED")), ended) == 1);
  CHECK(std::ranges::count(because(answers("\"*\", class: low")), ended) == 1);
  std::string const other = "UNEXPECTED_TRUST_CHAIN, text: \"sha256:" + std::string(64, '0') + '"';
  CHECK(std::ranges::count(because(answers(other)), ended) == 0);
  CHECK(says(project.run({"status", "api-example-com"}).out, "warning DNS_NAME_NOT_CNAMED (low): "));
}

namespace {

/// Enrollments in production, as a server of its own has them, whose time the test moves.
struct Served {
  Folder folder;
  std::unique_ptr<sandbox::Server> server;

  explicit Served(sandbox::Behaviour behaviour, std::vector<std::string> const& names = {"www", "shop"}) {
    server = sandbox::Server::start({.folder = folder / "cps", .behaviour = std::move(behaviour)}).value();
    for (std::string const& name : names)
      folder.write(fmt::format("manifests/{}.yaml", name), dv_manifest(name, name + ".example.com"));
    Run const applied = run({"apply", "--yes"});
    INFO(applied.out, applied.err);
    REQUIRE(applied.exit == 0);
  }
  std::vector<std::string> with_flags(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--edgerc", server->edgerc().string(), "--ca-file", server->ca_file().string(),
                                       "--request-limit", "1000/1s"});
    return arguments;
  }
  Run run(std::vector<std::string> arguments) const {
    return run_cpsctl(with_flags(std::move(arguments)), {.folder = folder.path()});
  }
  std::size_t reads(std::string const& what) const {
    auto const lines = requests(folder / "cps");
    return static_cast<std::size_t>(
        std::ranges::count_if(lines, [&](std::string const& line) { return line.find(what) != line.npos; }));
  }
};

using namespace std::chrono_literals;

}  // namespace

TEST_CASE("status --expiring: the dates of named enrollments are read, and of others it is said that nobody knows") {
  Served const cps({.complete_after = 0ms, .certificate_age = 24h * 75});
  SUBCASE("unnamed") {
    Run const run = cps.run({"status", "--expiring", "30d"});
    CHECK(run.exit == 0);
    CHECK(says(run.out, "0 enrollments whose certificate ends within 30 d"));
    CHECK(says(run.out, "Not known of 2 enrollments: shop, www. Name them"));
    CHECK(cps.reads("/deployments") == 0);
    json::Document const document = cps.run({"status", "--expiring", "30d", "-o", "json"}).json();
    CHECK(words(*json::find(document, "expiring"), "unknown") == std::vector<std::string>{"shop", "www"});
    CHECK(says(cps.run({"status", "--expiring", "30d", "-o", "md"}).out, "Not known of 2 enrollments"));
    Run const csv = cps.run({"status", "--expiring", "30d", "-o", "csv"});
    CHECK(std::ranges::count(csv.out, '\n') == 1);
    CHECK(says(csv.err, "Not known of 2 enrollments"));
  }
  SUBCASE("named") {
    json::Document const row = row_of(cps.run({"status", "www", "--expiring", "30d", "-o", "json"}));
    auto const ends = parse_timestamp(word(row, "expires"));
    REQUIRE(ends);
    CHECK(*ends < system_clock().wall() + 24h * 16);
    CHECK(cps.reads("/deployments") == 1);
    CHECK(cps.run({"status", "www", "--expiring", "10d", "-o", "csv"}).out.find("\nwww,") == std::string::npos);
    CHECK(says(cps.run({"status", "www", "--expiring", "30d", "-o", "csv"}).out, "\nwww,"));
  }
  SUBCASE("its date cannot be read") {
    Served const other(
        {.complete_after = 0ms,
         .certificate_age = 24h * 75,
         .faults = {sandbox::parse_fault_rule("GET /enrollments/*/deployments: status 400 odd").value()}});
    Run const run = other.run({"status", "www", "--expiring", "30d"});
    CHECK(run.exit == 1);
    CHECK(says(run.err, "the certificate of www: "));
    CHECK(says(run.out, "Not known of 1 enrollment: www."));
  }
  SUBCASE("it has ended") {
    REQUIRE(cps.server->forward(24h * 20));
    CHECK(says(cps.run({"status", "www", "--expiring", "1d"}).out, "EXPIRED 20"));
  }
  SUBCASE("not of what nobody manages") {
    CHECK(cps.run({"status", "--unmanaged", "--expiring", "30d"}).exit == 64);
  }
}

TEST_CASE("status: of what CPS begins to renew only later no date is asked for") {
  Served const cps({.complete_after = 0ms});
  Run const run = cps.run({"status", "--expiring", "30d"});
  CHECK_FALSE(says(run.out, "Not known"));
  CHECK(cps.reads("/deployments") == 0);
}

TEST_CASE("status --watch: a line for each change of state, the document when nothing is pending any more") {
  Served const cps({.complete_after = 1h});
  auto const arguments = cps.with_flags({"status", "--watch=50ms", "-o", "json"});
  Background watching(arguments, {.folder = cps.folder.path()});
  watching.await("watching 2 enrollments: 2 waiting for input");
  REQUIRE(cps.server->forward(2h));
  watching.await("www: waits for input → in sync");
  Run const run = watching.finish();
  CHECK(run.exit == 0);
  json::Document const document = run.json();
  CHECK(word((*json::find(document, "enrollments"))[0], "condition") == "in sync");
  CHECK(says(run.err, "shop: change 10001 has ended"));
}

TEST_CASE("status --watch: a signal ends it at once, with what is known") {
  for (int const number : {SIGINT, SIGTERM}) {
    CAPTURE(number);
    Served const cps({.complete_after = 1h}, {"www"});
    Background watching(cps.with_flags({"status", "--watch"}), {.folder = cps.folder.path()});
    watching.await("watching");
    watching.signal(number);
    Run const run = watching.finish();
    CHECK(run.exit == 128 + number);
    CHECK(says(run.out, "1 enrollment: 1 waiting for input"));
  }
}

TEST_CASE("status --watch: on a terminal it is drawn again when something is new") {
  Served const cps({.complete_after = 1h}, {"www"});
  Background watching(cps.with_flags({"status", "--watch=50ms"}),
                      {.folder = cps.folder.path(), .environment = {{"TERM", "xterm"}}, .terminal = true});
  watching.await("Ctrl-C ends it.");
  REQUIRE(cps.server->forward(2h));
  Run const run = watching.finish();
  CHECK(run.exit == 0);
  std::size_t drawn = 0;
  for (auto at = run.out.find("\x1b[2J"); at != std::string::npos; at = run.out.find("\x1b[2J", at + 1)) ++drawn;
  CHECK(drawn >= 3);  // at first, when it was deployed, and at the end
  CHECK(says(run.out, "1 in sync"));
}

TEST_CASE("status --watch: it goes on when CPS is away for a while, and ends when it may not ask any more") {
  auto const faulty = [](char const* rule) {
    return Served({.complete_after = 1h, .faults = {sandbox::parse_fault_rule(rule).value()}}, {"www"});
  };
  SUBCASE("garbage") {
    Served const cps = faulty("GET /enrollments: malformed from 3 times 2");  // apply and the first look are well
    Background watching(cps.with_flags({"status", "--watch=50ms"}), {.folder = cps.folder.path()});
    watching.await("it is asked again");
    REQUIRE(cps.server->forward(2h));
    CHECK(watching.finish().exit == 0);
  }
  SUBCASE("no right any more") {
    Served const cps = faulty("GET /enrollments: status 401 from 3");
    Run const run = cps.run({"status", "--watch=50ms"});
    CHECK(run.exit == 77);
  }
  SUBCASE("out of time") {
    Served const cps({.complete_after = 1h}, {"www"});
    Run const run = cps.run({"status", "--watch=1s", "--deadline", "3s"});
    CHECK(run.exit == 75);
    CHECK(says(run.out, "1 waiting for input"));
  }
}

TEST_CASE("status --watch: one list a contract and poll, and a change when its turn comes") {
  Served const cps({.complete_after = 1h}, {"www"});
  auto const arguments = cps.with_flags({"status", "--watch=1s", "--deadline", "4500ms"});
  auto const lists = cps.reads("GET /cps/v2/enrollments?");
  CHECK(run_cpsctl(arguments, {.folder = cps.folder.path()}).exit == 75);
  auto const polls = cps.reads("GET /cps/v2/enrollments?") - lists;
  CHECK(polls >= 2);
  CHECK(polls <= 5);
  CHECK(cps.reads("/changes/") == 2 * polls);  // and what it waits for
}

TEST_CASE("status --watch: what is no interval is refused, and so is watching what nobody manages") {
  Folder const folder;
  auto const run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "status");
    return run_cpsctl(std::move(arguments), {.folder = folder.path()});
  };
  for (char const* const interval : {"--watch=soon", "--watch=0s", "--watch=-1s"}) {
    CAPTURE(interval);
    CHECK(run({interval}).exit == 64);
  }
  CHECK(run({"--watch", "--unmanaged"}).exit == 64);
}

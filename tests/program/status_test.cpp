// cpsctl status: what pending changes wait for, and whose turn it is.
#include "places.hpp"
#include "program/program.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

bool says(std::string const& text, std::string const& words) {
  return text.find(words) != std::string::npos;
}

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
    json::Document const document = run(arguments).json();
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
  CHECK(says(run.out, "4 waits for input"));
  CHECK(says(run.out, "4 have to be answered by you at CPS."));
  CHECK_FALSE(says(run.out, "cpsctl upload"));  // which does not exist
}

TEST_CASE("status: what a manifest allows is said, and that it is not sent") {
  Ordered const project("{ certificate: { files: [certs/api.pem] } }");
  json::Document const change = project.change_of("api-example-com");
  CHECK(word(change, "owner") == "ours");
  CHECK(word(change, "who") == "person");
  CHECK(word(change, "state") == "awaiting-input");
  CHECK(words(change, "because").back() == "the manifest allows it; this version of cpsctl does not send answers yet");
  CHECK(words(change, "next").front() == "cpsctl csr api-example-com");
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
  CHECK(says(run.out, "its names are to be validated · you to act"));
  CHECK(says(run.out, "next: answer it in Akamai Control Center"));
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

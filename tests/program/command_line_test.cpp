#include "base/json.hpp"
#include "base/text.hpp"
#include "places.hpp"
#include "program/program.hpp"

#include <algorithm>

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace program;

TEST_CASE("usage errors exit 64, say what is wrong and what to do, and print nothing on stdout") {
  struct Case {
    char const* title;
    std::vector<std::string> arguments;
    char const* says;
  };
  Case const cases[] = {
      {"an unknown command", {"plam"}, "did you mean plan?"},
      {"another tool's word for plan", {"diff"}, "did you mean plan?"},
      {"another tool's word for a command of state", {"state", "rm", "www"}, "did you mean forget?"},
      {"a mistyped command of state", {"state", "lst"}, "did you mean list?"},
      {"state without a command", {"state"}, "one of list, show, log, forget"},
      {"a mistyped word of an option", {"plan", "--on-pending", "cancle"}, "did you mean cancel?"},
      {"a digest that is none", {"apply", "--approved", "1234"}, "a digest has 64 hex digits"},
      {"an argument that is missing", {"state", "forget"}, "see: cpsctl state forget --help"},
      {"an unknown option", {"plan", "--detailed-exitcodes"}, "did you mean --detailed-exitcode?"},
      {"an unknown format", {"version", "-o", "xml"}, "unknown output format"},
      {"an unknown report", {"version", "--out", "xml=f"}, "write --out json=FILE"},
      {"a bad duration", {"plan", "--timeout", "soon"}, "is not a duration"},
      {"a duration without a unit", {"plan", "--timeout", "5"}, "--timeout: \"5\" is not a duration"},
      {"a number that is a word",
       {"plan", "--max-deletes", "x"},
       "--max-deletes: \"x\" is not a whole number from 0 to"},
      {"a number out of range", {"plan", "--parallelism", "100"}, "is not a whole number from 1 to 64"},
      {"a port that is none", {"sandbox", "--port", "65536"}, "is not a whole number from 0 to 65535"},
      {"a bad rate", {"plan", "--rate", "many"}, "write --rate 20/min"},
      {"a folder that is not there", {"-C", "/nonexistent", "plan"}, "cannot change to /nonexistent"},
      {"a grant that is none", {"plan", "--hook-env", "TOKEN"}, "write --hook-env HOOK=NAME"},
      {"a grant of credentials", {"plan", "--hook-env", "ca=AKAMAI_CLIENT_SECRET"}, "for credentials or settings"},
      {"a grant to manifests and a program",
       {"plan", "--env", "TOKEN", "--hook-env", "ca=TOKEN"},
       "granted both to manifests and to the program ca"},
      {"a grant to a program that nobody has", {"plan", "--hook-env", "ca=TOKEN"}, "the project has no program \"ca\""},
      {"an unknown topic", {"help", "manifsts"}, "did you mean manifests?"},
      {"an unknown rule", {"help", "CPS12"}, "did you mean CPS"},
      {"an unknown schema", {"schema", "enrolment"}, "enrollment.v11"},
      {"no manifests anywhere", {"validate"}, "there is nothing to read"},
      {"apply without a terminal and without --yes", {"apply", "x.yaml"}, "add --yes to the same command"},
      {"a name that the state lacks", {"state", "show", "nobody"}, "cpsctl state list"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Folder const folder;
      Run const run = run_cpsctl(c.arguments, {.folder = folder.path()});
      INFO(run.out, run.err);
      CHECK(run.exit == 64);
      CHECK(run.out.empty());
      CHECK(run.err.find(c.says) != std::string::npos);
    }
  }
}

TEST_CASE("-o json prints exactly one JSON value, also when the command fails") {
  Folder const folder;
  folder.write("manifests/bad.yaml", "kind: [\n");
  Settings const here{.folder = folder.path()};
  Run const invalid = run_cpsctl({"validate", "-o", "json"}, here);
  CHECK(invalid.exit == 65);
  CHECK(json::text_or(json::find(invalid.json(), "format_version"), "") == "1.0");
  Run const failed = run_cpsctl({"plan", "-o", "json", "--out", "json=report.json"}, here);
  CHECK(failed.exit == 65);
  json::Document const document = failed.json();
  CHECK(json::text_or(json::at(document, "/error/kind"), "") == "manifest");
  CHECK(json::parse(read(folder / "report.json"), "report").has_value());
  CHECK(failed.err.find("bad.yaml:") != std::string::npos);
}

TEST_CASE("the offline commands answer without credentials, files or network") {
  Folder const folder;
  Settings const here{.folder = folder.path()};
  CHECK(run_cpsctl({"version"}, here).out.starts_with("cpsctl "));
  CHECK(run_cpsctl({"--version"}, here).out.starts_with("cpsctl "));
  CHECK(run_cpsctl({"--help"}, here).exit == 0);
  CHECK(run_cpsctl({}, here).exit == 0);
  CHECK(run_cpsctl({"help"}, here).out.find("manifests") != std::string::npos);
  CHECK(run_cpsctl({"help", "plan"}, here).exit == 0);
  CHECK(run_cpsctl({"plan", "--help"}, here).out.find("--detailed-exitcode") != std::string::npos);
  Run const names = run_cpsctl({"schema"}, here);
  CHECK(names.out.find("enrollment.v11\n") != std::string::npos);
  Run const listed = run_cpsctl({"schema", "-o", "json", "--out", "json=" + (folder / "names.json").string()}, here);
  CHECK(json::find(listed.json(), "schemas")->Size() ==
        static_cast<rapidjson::SizeType>(std::ranges::count(names.out, '\n')));
  CHECK(read(folder / "names.json") == listed.out);
  Run const one =
      run_cpsctl({"schema", "project", "-o", "json", "--out", "text=" + (folder / "p.json").string()}, here);
  CHECK(json::equal(one.json(), json::parse(read(folder / "p.json"), "p.json").value()));
  CHECK(run_cpsctl({"schema", "--out", "json=" + (folder / "no/file").string()}, here).exit == 74);
  for (char const* name : {"enrollment.v11", "enrollment.v12", "manifest", "project"}) {
    Run const schema = run_cpsctl({"schema", name}, here);
    CHECK(schema.exit == 0);
    CHECK(json::parse(schema.out, name).has_value());
  }
  Run const empty = run_cpsctl({"state", "list"}, here);
  CHECK(empty.exit == 0);
}

namespace {

std::vector<std::string> lines_of(std::string const& text) {
  std::vector<std::string> lines;
  for (auto const line : text::split(text, '\n')) lines.emplace_back(line);
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

/// Columns of a terminal; what is printed here has no wide letters.
long columns(std::string const& line) {
  return std::ranges::count_if(line, [](char letter) { return (letter & 0xC0) != 0x80; });
}

}  // namespace

TEST_CASE("cpsctl, cpsctl help and cpsctl -h are one screen with every command and every topic") {
  Run const page = run_cpsctl({});
  CHECK(page.exit == 0);
  CHECK(run_cpsctl({"help"}).out == page.out);
  CHECK(run_cpsctl({"-h"}).out == page.out);
  auto const lines = lines_of(page.out);
  CHECK(lines.size() <= 40);
  for (std::string const& line : lines) CHECK(columns(line) <= 100);
  std::string const titles = run_cpsctl({"help", "topics"}).out;
  for (auto const& file : std::filesystem::directory_iterator(places::source("reconciler/cli/help"))) {
    std::string const topic = file.path().stem();
    CAPTURE(topic);
    CHECK(page.out.find(" " + topic) != std::string::npos);
    CHECK(titles.find("\n  " + topic + " ") != std::string::npos);
  }
}

TEST_CASE("the help of a command has its purpose, usage, three examples, its own options and its topic") {
  for (std::string const command :
       {"validate",      "plan",       "apply",     "show",         "status",   "import",       "state",
        "state list",    "state show", "state log", "state forget", "state mv", "state settle", "state unlock",
        "state rebuild", "sandbox",    "schema",    "completion",   "version",  "help"}) {
    CAPTURE(command);
    std::vector<std::string> arguments;
    for (auto const word : text::split(command, ' ')) arguments.emplace_back(word);
    arguments.emplace_back("--help");
    Run const page = run_cpsctl(arguments);
    CHECK(page.exit == 0);
    auto const lines = lines_of(page.out);
    CHECK(lines.at(2).starts_with("Usage: cpsctl " + command));
    auto const examples = std::ranges::find(lines, "Examples:") - lines.begin();
    for (int i = 1; i <= 3; ++i)
      CHECK(lines.at(static_cast<std::size_t>(examples + i))
                .starts_with("  cpsctl " + command.substr(0, command.find(' '))));
    for (std::string const& line : lines) CHECK(columns(line) <= 100);
    CHECK(page.out.find("--edgerc") == std::string::npos);
    auto const topic = lines.back().find("More: cpsctl help ");
    REQUIRE(topic != std::string::npos);
    CHECK(run_cpsctl({"help", lines.back().substr(topic + 18)}).exit == 0);
  }
}

TEST_CASE("cpsctl help CPS122 says what the rule is, and help rules has them all, as the documents have them") {
  Run const one = run_cpsctl({"help", "cps122"});
  CHECK(one.exit == 0);
  CHECK(one.out.starts_with("CPS122  error    A common name appears once in a contract"));
  std::string const all = run_cpsctl({"help", "rules"}).out;
  std::size_t rows = 0;
  for (std::string const file : {"schemas/README.md", "manifests/README.md"}) {
    for (std::string const& line : lines_of(read(places::source(file)))) {
      if (!line.starts_with("| CPS")) continue;
      ++rows;
      std::string const id = line.substr(2, 6);
      CAPTURE(id);
      CHECK(all.find("\n" + id + "  ") != std::string::npos);
      CHECK(run_cpsctl({"help", id}).out.starts_with(id));
    }
  }
  CHECK(rows > 50);
}

TEST_CASE("cpsctl help answers to other names of its topics") {
  for (auto const& [word, topic] :
       {std::pair{"ci", "pipelines"}, std::pair{"lifecycle", "manifests"}, std::pair{"profiles", "manifests"},
        std::pair{"drift", "plan"}, std::pair{"cpsctl.yaml", "project"}}) {
    CAPTURE(word);
    CHECK(run_cpsctl({"help", word}).out.starts_with(lines_of(run_cpsctl({"help", topic}).out).front()));
  }
  CHECK(run_cpsctl({"help", "accountSwitchKey"}).out.starts_with("# Accounts"));
  // A page does not send its reader to itself.
  CHECK(run_cpsctl({"help", "apply"}).out.ends_with("Options of every command: cpsctl help options.\n"));
  CHECK(run_cpsctl({"help", "show"}).out.ends_with("More: cpsctl help plan\n"));
}

TEST_CASE("cpsctl help project has every key of the project file") {
  std::string const page = run_cpsctl({"help", "project"}).out;
  json::Document const schema = run_cpsctl({"schema", "project"}).json();
  std::string const spec = "/properties/spec/properties";
  for (std::string const& within : {spec, spec + "/api/properties", spec + "/guard/properties"}) {
    json::Value const* const keys = json::at(schema, within);
    REQUIRE(keys != nullptr);
    for (auto const& key : keys->GetObject()) {
      std::string const name = key.name.GetString();
      CAPTURE(name);
      CHECK(page.find("  " + name + ":") != std::string::npos);
    }
  }
}

TEST_CASE("cpsctl help options lists what every command takes, with its variables") {
  std::string const page = run_cpsctl({"help", "options"}).out;
  for (char const* const what : {"-C,--chdir DIR", "--rate N/min", "[CPSCTL_REQUEST_LIMIT]", "--sandbox[=DIR]",
                                 "[AKAMAI_EDGERC]", "[CPSCTL_OUTPUT]", "--deadline DURATION"})
    CHECK(page.find(what) != std::string::npos);
  CHECK(page.find("--complete-after") == std::string::npos);  // the sandbox's: its own topic
  CHECK(run_cpsctl({"help", "sandbox"}).out.find("--complete-after DURATION") != std::string::npos);
}

TEST_CASE("a report that cannot be written is exit 74, and the document still comes on stdout") {
  Folder const folder;
  Run const nowhere = run_cpsctl({"version", "--out", "json=" + (folder / "no/such/file").string(), "--out",
                                  "json=" + (folder / "second.json").string()});
  CHECK(nowhere.exit == 74);
  CHECK(nowhere.out.starts_with("cpsctl "));
  CHECK(json::parse(read(folder / "second.json"), "report").has_value());
  Run const run = run_cpsctl({"version", "--out", "json=/dev/full"});
  INFO(run.err);
  CHECK(run.exit == 74);
}

TEST_CASE("the project file and the environment fill in what flags leave open") {
  Folder const folder;
  folder.write("cpsctl.yaml",
               "apiVersion: cpsctl.dev/v1\nkind: Project\nspec:\n  manifests: [certs/]\n  state: kept/state.json\n");
  folder.write("certs/www.yaml", dv_manifest("www", "www.example.com"));
  folder.write("deep/er/x", "");
  Run const below = run_cpsctl({"validate"}, {.folder = folder / "deep/er"});
  INFO(below.out, below.err);
  CHECK(below.exit == 0);
  Run const json = run_cpsctl({"validate"}, {.folder = folder.path(), .environment = {{"CPSCTL_OUTPUT", "json"}}});
  CHECK(json::find(json.json(), "findings") != nullptr);

  folder.write("cpsctl.yaml", "apiVersion: cpsctl.dev/v1\nkind: Project\nspec:\n  manifest: [certs/]\n");
  Run const wrong = run_cpsctl({"validate"}, {.folder = folder.path()});
  INFO(wrong.out, wrong.err);
  CHECK(wrong.exit == 65);
  CHECK(wrong.err.find("manifests") != std::string::npos);
}

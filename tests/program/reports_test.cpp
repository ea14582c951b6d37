#include "base/text.hpp"
#include "places.hpp"
#include "program/program.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sys/stat.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace program;

namespace {

std::string const examples = places::source("manifests");

std::string sandbox_flag(Folder const& folder) {
  return "--sandbox=" + (folder / "sandbox").string();
}

/// The test's own umask, which the program inherits.
mode_t mask() {
  mode_t const mine = ::umask(0);
  ::umask(mine);
  return mine;
}

mode_t mode_of(std::filesystem::path const& file) {
  struct stat info {};
  REQUIRE(::stat(file.c_str(), &info) == 0);
  return info.st_mode & 0777U;
}

void same(std::string const& left, std::string const& right) {
  CHECK(left == right);
}

}  // namespace

TEST_CASE("validate: people, code scanning and annotations in one run") {
  Folder const folder;
  folder.write("manifests/good.yaml", dv_manifest("good", "good.example.com"));
  folder.write("manifests/bad.yaml", "apiVersion: cpsctl.dev/v1\nkind: Enrollment\nmetadata: { name: é, nmae: x }\n");
  Run const run = run_cpsctl({"validate", "-o", "json", "--out", "sarif=v.sarif", "--out", "github=v.txt", "--out",
                              "junit=v.xml", "--out", "text=v.log"},
                             {.folder = folder.path()});
  INFO(run.out, run.err);
  CHECK(run.exit == 65);
  json::Document const document = run.json();
  auto const count = json::find(document, "findings")->Size();
  REQUIRE(count > 1);

  auto const sarif = json::parse(read(folder / "v.sarif"), "v.sarif");
  REQUIRE(sarif.has_value());
  CHECK(json::at(*sarif, "/runs/0/results")->Size() == count);
  CHECK(json::text_or(json::at(*sarif, "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri"), "") ==
        "manifests/bad.yaml");
  CHECK(json::text_or(json::at(*sarif, "/runs/0/tool/driver/rules/0/id"), "") == "CPS001");
  // Every finding is of a rule that the run describes.
  for (auto const& result : json::at(*sarif, "/runs/0/results")->GetArray())
    CHECK(json::find(result, "ruleIndex") != nullptr);
  std::string const version = run_cpsctl({"version"}).out;
  CHECK(version ==
        fmt::format("cpsctl {}\n", json::text_or(json::at(*sarif, "/runs/0/tool/driver/semanticVersion"), "")));

  std::string const annotations = read(folder / "v.txt");
  CHECK(static_cast<std::size_t>(std::ranges::count(annotations, '\n')) == count);
  CHECK(annotations.starts_with("::error file=manifests/bad.yaml,line="));
  // Columns count characters: é is one.
  CHECK(annotations.find(
            ",line=3,col=22,title=cpsctl CPS001::metadata.nmae: unknown field \"nmae\"%0Ahint: did you mean") !=
        std::string::npos);
  std::string const junit = read(folder / "v.xml");
  CHECK(junit.find("name=\"manifests/good.yaml\"/>") != std::string::npos);
  CHECK(junit.find("<testcase classname=\"cpsctl validate\" name=\"manifests/bad.yaml\"><failure") !=
        std::string::npos);
  CHECK(read(folder / "v.log").find("manifests/bad.yaml:3:") != std::string::npos);
  for (char const* const file : {"v.sarif", "v.txt", "v.xml", "v.log"})
    CHECK(mode_of(folder / file) == (0644 & ~mask()));
}

TEST_CASE("validate: names are those of the repository, wherever in it cpsctl works") {
  Folder const folder;
  folder.write("project/manifests/bad.yaml", "kind: [\n");
  Run const run = run_cpsctl({"validate", "-C", "project", "-o", "github", "--out", "sarif=v.sarif"},
                             {.folder = folder.path(), .environment = {{"GITHUB_WORKSPACE", folder.path().string()}}});
  CHECK(run.out.starts_with("::error file=project/manifests/bad.yaml,line="));
  CHECK(read(folder / "project/v.sarif").find("\"uri\": \"project/manifests/bad.yaml\"") != std::string::npos);
  Run const elsewhere =
      run_cpsctl({"validate", "-o", "github"},
                 {.folder = folder / "project", .environment = {{"GITHUB_WORKSPACE", "/somewhere/else"}}});
  CHECK(elsewhere.out.starts_with("::error file=manifests/bad.yaml,line="));
}

TEST_CASE("a command that fails before it has a document says so in every format it has") {
  Folder const folder;
  SUBCASE("validate") {
    Run const run = run_cpsctl(
        {"validate", "-o", "json", "--out", "sarif=f.sarif", "--out", "github=f.txt", "--out", "junit=f.xml"},
        {.folder = folder.path()});
    CHECK(run.exit == 64);
    CHECK(json::text_or(json::at(run.json(), "/error/kind"), "") == "usage");
    auto const sarif = json::parse(read(folder / "f.sarif"), "f.sarif");
    REQUIRE(sarif.has_value());
    CHECK_FALSE(json::at(*sarif, "/runs/0/invocations/0/executionSuccessful")->GetBool());
    CHECK(read(folder / "f.txt").starts_with("::error title=cpsctl validate::there is nothing to read"));
    CHECK(read(folder / "f.xml").find("<error message=\"there is nothing to read") != std::string::npos);
  }
  SUBCASE("plan and apply") {
    folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
    for (std::vector<std::string> command : {std::vector<std::string>{"plan"}, {"apply", "--yes"}}) {
      std::string const name = command.front();
      for (char const* const more : {"--edgerc", "/nonexistent", "-o", "md", "--out", "junit=f.xml", "--out",
                                     "json=f.json", "--out", "text=f.log", "--out", "md=f.md"})
        command.emplace_back(more);
      Run const run = run_cpsctl(command, {.folder = folder.path()});
      INFO(run.out, run.err);
      CHECK(run.exit == 77);
      CHECK(run.out.starts_with(fmt::format("<!-- cpsctl {0} -->\n### cpsctl {0}: failed\n", name)));
      same(read(folder / "f.md"), run.out);
      CHECK(read(folder / "f.xml").find("errors=\"1\"") != std::string::npos);
      CHECK(read(folder / "f.json").find("\"kind\": \"unauthorized\"") != std::string::npos);
      CHECK(read(folder / "f.log").starts_with("error: "));
    }
  }
}

TEST_CASE("plan and apply: a comment and test cases next to the text, with the same counts and no contact") {
  Folder const folder;
  Settings const here{.folder = folder.path()};
  folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  folder.write("manifests/api.yaml", dv_manifest("api", "api.example.com"));
  std::string const sandbox = sandbox_flag(folder);
  Run const plan = run_cpsctl(
      {"plan", sandbox, "-o", "md", "--out", "text=plan.txt", "--out", "json=plan.json", "--out", "junit=plan.xml"},
      here);
  INFO(plan.out, plan.err);
  REQUIRE(plan.exit == 0);
  CHECK(plan.err.empty());
  CHECK(plan.out.starts_with("<!-- cpsctl plan -->\n### cpsctl plan: 2 to create\n"));
  CHECK(read(folder / "plan.txt").find("Plan: 2 to create.") != std::string::npos);
  CHECK(read(folder / "plan.xml").find("tests=\"2\" failures=\"0\"") != std::string::npos);
  CHECK(mode_of(folder / "plan.json") == (0644 & ~mask()));
  // A saved plan is shown as the same comment, but for what it cost to make.
  std::string const shown = run_cpsctl({"show", "plan.json", "-o", "md"}, here).out;
  REQUIRE(shown.size() > 2);
  CHECK(plan.out.starts_with(shown.substr(0, shown.size() - 1)));
  CHECK(run_cpsctl({"show", "plan.json", "-o", "junit"}, here).out == read(folder / "plan.xml"));

  Run const apply = run_cpsctl({"apply", sandbox, "--yes", "-o", "md", "--out", "junit=apply.xml"}, here);
  INFO(apply.out, apply.err);
  REQUIRE(apply.exit == 0);
  CHECK(apply.out.starts_with("<!-- cpsctl apply -->\n### cpsctl apply: 2 created\n"));
  CHECK(read(folder / "apply.xml").find("tests=\"2\" failures=\"0\"") != std::string::npos);

  folder.write("manifests/www.yaml", [&] {
    std::string text = dv_manifest("www", "www.example.com");
    for (auto const& [from, to] :
         {std::pair<std::string, std::string>{"617-555-0101", "617-555-7777"}, {"a@example.com", "zoe@example.com"}})
      text.replace(text.find(from), from.size(), to);
    return text;
  }());
  Run const second =
      run_cpsctl({"plan", sandbox, "-o", "md", "--out", "junit=plan.xml", "--out", "text=plan.txt"}, here);
  INFO(second.out, second.err);
  std::string const shared = second.out + read(folder / "plan.xml");
  for (char const* const person : {"617-555", "zoe@", "a@example.com"}) CHECK(shared.find(person) == std::string::npos);
  CHECK(shared.find("adminContact.phone") != std::string::npos);
  CHECK(shared.find("z…@example.com") != std::string::npos);
}

TEST_CASE("a format that a command lacks is exit 64, before anything is done, with those that it has") {
  struct Case {
    char const* title;
    std::vector<std::string> arguments;
    char const* says;
    char const* next;
  };
  Case const cases[] = {
      {"sarif of a plan",
       {"plan", "-o", "sarif"},
       "cpsctl plan has no output format \"sarif\"",
       "write -o json; formats of cpsctl plan: text, json, md, junit"},
      {"md of validate",
       {"validate", "--out", "md=x"},
       "cpsctl validate has no output format \"md\"",
       "write --out json=FILE; formats of cpsctl validate: text, json, sarif, github, junit"},
      {"junit of the state", {"state", "list", "-o", "junit"}, "cpsctl state list has no", "text, json\n"},
      {"a word that is not a format",
       {"apply", "-o", "yaml"},
       "unknown output format \"yaml\"",
       "text, json, md, junit"},
      {"no file", {"plan", "--out", "md="}, "cannot use --out md=", "write --out json=FILE"},
      {"no format", {"plan", "--out", "file"}, "cannot use --out file", "write --out json=FILE"},
      {"stdout", {"plan", "--out", "md=-"}, "--out md=- is to write a file", "for stdout: -o md"},
      {"one file twice", {"plan", "--out", "md=x", "--out", "json=x"}, "two --out name the file x", "give each"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Folder const folder;
      Run const run = run_cpsctl(c.arguments, {.folder = folder.path()});
      INFO(run.out, run.err);
      CHECK(run.exit == 64);
      CHECK(run.err.find(c.says) != std::string::npos);
      CHECK(run.err.find(c.next) != std::string::npos);
      CHECK(run.out.empty());
      CHECK(std::filesystem::is_empty(folder.path()));
    }
  }
}

TEST_CASE("CPSCTL_OUTPUT speaks to the commands that have its format, and a flag is stronger") {
  Folder const folder;
  folder.write("manifests/bad.yaml", "kind: [\n");
  auto const run = [&](char const* value, std::vector<std::string> arguments) {
    return run_cpsctl(std::move(arguments), {.folder = folder.path(), .environment = {{"CPSCTL_OUTPUT", value}}});
  };
  CHECK(run("github", {"validate"}).out.starts_with("::error "));
  CHECK(run("github", {"version"}).out.starts_with("cpsctl "));
  CHECK(run("json", {"version"}).out.starts_with("{"));
  CHECK(run("json", {"version", "-o", "text"}).out.starts_with("cpsctl "));
  CHECK(run("", {"version"}).out.starts_with("cpsctl "));
  Run const unknown = run("yaml", {"version"});
  CHECK(unknown.exit == 64);
  CHECK(unknown.err.find("CPSCTL_OUTPUT") != std::string::npos);
}

TEST_CASE("a report to a stream is written to it, and never replaces it") {
  Folder const folder;
  folder.write("manifests/bad.yaml", "kind: [\n");
  Run const run = run_cpsctl({"validate", "--out", "github=/dev/stderr"}, {.folder = folder.path()});
  CHECK(run.exit == 65);
  CHECK(run.err.starts_with("::error "));
  CHECK(run.out.find("bad.yaml:1:") != std::string::npos);
  // As the shell's 7>>file has it: the stream leads to a regular file, which others write to as well.
  auto const shell = [&](std::string const& command) {
    std::string const line =
        fmt::format("cd '{}' && {{ echo before; {}; echo after; }} {}", folder.path().string(),
                    fmt::format(fmt::runtime(command), fmt::arg("program", places::program())), ">log 7>>seven");
    return std::system(line.c_str());
  };
  CHECK(shell("{program} version --out json=/dev/stdout") == 0);
  std::string const log = read(folder / "log");
  CHECK(log.starts_with("before\n{"));
  CHECK(log.find("}\ncpsctl ") != std::string::npos);
  CHECK(log.ends_with("\nafter\n"));
  CHECK(shell("{program} version --out json=/dev/fd/7 && {program} version --out json=/dev/fd/7") == 0);
  CHECK(read(folder / "seven").find("}\n{") != std::string::npos);
  Run const full = run_cpsctl({"version", "--out", "json=/dev/full"}, {.folder = folder.path()});
  CHECK(full.exit == 74);
}

TEST_CASE("every format that the help page promises is printed by its command, and no other") {
  Folder const folder;
  folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  std::string const sandbox = sandbox_flag(folder);
  std::string const page = run_cpsctl({"help", "reports"}).out;
  for (std::string const format : {"md", "sarif", "github", "junit"}) {
    auto const row = page.find(fmt::format("| `{}` |", format));
    REQUIRE(row != std::string::npos);
    std::string const line = page.substr(row, page.find('\n', row) - row);
    for (std::string const command : {"validate", "plan", "apply"}) {
      CAPTURE(format);
      CAPTURE(command);
      std::vector<std::string> arguments{command, "-o", format};
      if (command != "validate") arguments.push_back(sandbox);
      if (command == "apply") arguments.emplace_back("--yes");
      bool const promised = line.find(fmt::format("`{}`", command)) != std::string::npos;
      CHECK(run_cpsctl(arguments, {.folder = folder.path()}).exit == (promised ? 0 : 64));
    }
  }
}

TEST_CASE("reports: a pipe that nobody reads is refused as a report's file, at once") {
  Folder const folder;
  folder.write("manifests/www.yaml", dv_manifest("www", "www.example.com"));
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  Run const run = run_cpsctl({"plan", "--out", "json=pipe", sandbox_flag(folder)}, {.folder = folder.path()});
  INFO(run.out, run.err);
  CHECK(run.exit == 74);
  CHECK(run.err.find("pipe") != std::string::npos);
}

#include "base/text.hpp"
#include "golden.hpp"
#include "plans.hpp"
#include "report/failure.hpp"
#include "report/findings.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace cpsctl::report::testing;

namespace {

std::vector<Finding> findings() {
  return {{.mark = {.file = "some, odd:dir/é.yaml", .line = 3, .column = 10},
           .severity = Severity::warning,
           .message = "100% odd"},
          {.mark = {.file = "a.yaml", .line = 2, .column = 11},
           .path = "spec.sanz",
           .message = "unknown key \"sanz\"",
           .hint = "did you mean \"sans\"?",
           .rule = "CPS001"},
          {.mark = {.file = "b.yaml", .line = 0, .column = 0}, .message = "[a](http://b) is wrong", .rule = "CPS999"},
          {.mark = {.file = "-", .line = 1, .column = 1}, .message = "from stdin", .rule = "CPS011"},
          {.mark = {.file = "/x/y.yaml", .line = 1, .column = 1}, .message = "elsewhere", .rule = "CPS011"}};
}

report::Surroundings around() {
  return {.source = [](std::string const& file) -> std::optional<std::string> {
            if (file != "a.yaml") return std::nullopt;
            return "first\n  ééé: sanz\n";
          },
          .rules = {{.id = "CPS001", .severity = Severity::error, .demands = "The schema knows every field."},
                    {.id = "CPS011", .severity = Severity::error, .demands = "A file is YAML."},
                    {.id = "CPS117", .severity = Severity::warning, .demands = "Wildcards have one."}},
          .version = "1.2.3"};
}

/// Unreserved characters, slashes and escapes: a reference that has no scheme but file:.
bool is_uri(std::string_view text) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/%";
  if (text.starts_with("file:///")) text.remove_prefix(8);
  bool fine = text.find_first_not_of(plain) == std::string_view::npos;
  for (auto at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1))
    fine = fine && text.substr(at + 1, 2).find_first_not_of("0123456789ABCDEF") == std::string_view::npos;
  return fine;
}

/// "::error file=…,line=1,col=2,title=…::": known properties, each once and in order, and no colon in them.
bool is_command(std::string_view line) {
  auto const skip = [&](std::string_view word) {
    bool const there = line.starts_with(word);
    if (there) line.remove_prefix(word.size());
    return there;
  };
  auto const value = [&](std::string_view wanted) {
    auto const end = std::min(line.find_first_of(",:"), line.size());
    bool const fits = line.substr(0, end).find_first_not_of(wanted) == std::string_view::npos || wanted.empty();
    line.remove_prefix(end);
    return fits;
  };
  if (!skip("::error ") && !skip("::warning ")) return false;
  if (skip("file=") && !(value("") && skip(","))) return false;
  if (skip("line=") && !(value("0123456789") && skip(",col=") && value("0123456789") && skip(","))) return false;
  return skip("title=") && value("") && skip("::");
}

/// What a reader of SARIF takes for granted (SARIF 2.1.0, §3.13 to §3.30), checked over the whole document.
void check_sarif(json::Document const& document, std::size_t results) {
  CHECK(json::text_or(json::find(document, "version"), "") == "2.1.0");
  REQUIRE(json::at(document, "/runs/0/tool/driver/name") != nullptr);
  auto const& rules = *json::at(document, "/runs/0/tool/driver/rules");
  for (auto const& rule : rules.GetArray()) {
    CHECK_FALSE(json::text_or(json::find(rule, "id"), "").empty());
    CHECK_FALSE(json::text_or(json::at(rule, "/shortDescription/text"), "").empty());
    std::string_view const level = json::text_or(json::at(rule, "/defaultConfiguration/level"), "");
    CHECK((level == "error" || level == "warning"));
  }
  auto const& all = *json::at(document, "/runs/0/results");
  CHECK(all.Size() == results);
  for (auto const& result : all.GetArray()) {
    CHECK(json::at(result, "/message/text") != nullptr);
    CHECK(json::text_or(json::at(result, "/message/text"), "").find('\n') == std::string_view::npos);
    if (auto const* const index = json::find(result, "ruleIndex")) {
      REQUIRE(index->GetUint() < rules.Size());
      CHECK(json::text_or(json::find(rules[index->GetUint()], "id"), "") ==
            json::text_or(json::find(result, "ruleId"), "?"));
    }
    for (auto const& location : json::find(result, "locations")->GetArray()) {
      std::string const file(json::text_or(json::at(location, "/physicalLocation/artifactLocation/uri"), "\n"));
      CAPTURE(file);
      CHECK(is_uri(file));
      if (auto const* const line = json::at(location, "/physicalLocation/region/startLine")) {
        CHECK(line->GetInt() >= 1);
        CHECK(json::at(location, "/physicalLocation/region/startColumn")->GetInt() >= 1);
      }
    }
  }
}

std::vector<Finding> hostile_findings(unsigned seed) {
  Hostile hostile(seed);
  std::vector<Finding> all;
  for (std::size_t i = 0; i < seed % 20; ++i)
    all.push_back({.mark = {.file = hostile.text(),
                            .line = static_cast<int>(hostile.below(4)),
                            .column = static_cast<int>(hostile.below(90))},
                   .severity = static_cast<Severity>(hostile.below(2)),
                   .path = hostile.text(),
                   .message = hostile.text(),
                   .hint = hostile.text(),
                   .rule = hostile.below(2) == 0 ? "CPS001" : hostile.text()});
  return all;
}

}  // namespace

TEST_CASE("sarif: rules, places in characters, files as URIs") {
  json::Document const document = report::findings_sarif(findings(), around());
  check_sarif(document, 5);
  golden("findings.sarif", json::pretty(document) + "\n");
}

TEST_CASE("sarif: a failure is a run that was not successful, with the reason") {
  Error const error{.code = Errc::usage, .message = "there is nothing to read", .next = "give a PATH"};
  json::Document const document =
      report::failure_sarif({.command = "validate", .error = error, .kind = "usage", .exit = 64}, around());
  check_sarif(document, 0);
  CHECK_FALSE(json::at(document, "/runs/0/invocations/0/executionSuccessful")->GetBool());
  CHECK(json::at(document, "/runs/0/invocations/0/exitCode")->GetInt() == 64);
  CHECK(json::text_or(json::at(document, "/runs/0/invocations/0/toolExecutionNotifications/0/message/text"), "") ==
        "there is nothing to read\nnext: give a PATH");
}

TEST_CASE("github: one command a finding, errors first, everything escaped") {
  CHECK(report::findings_github(findings(), around()) ==
        "::error file=a.yaml,line=2,col=8,title=cpsctl CPS001::spec.sanz: unknown key \"sanz\"%0Ahint: did you mean "
        "\"sans\"?\n"
        "::error file=b.yaml,title=cpsctl CPS999::[a](http://b) is wrong\n"
        "::error title=cpsctl CPS011::from stdin\n"
        "::error file=/x/y.yaml,line=1,col=1,title=cpsctl CPS011::elsewhere\n"
        "::warning file=some%2C odd%3Adir/é.yaml,line=3,col=10,title=cpsctl::100%25 odd\n");
  CHECK(report::findings_github({}, around()).empty());
  CHECK(report::github_command(Severity::error, {.file = "a", .line = 1, .column = 2}, "t,:%", "a%\r\nb::c") ==
        "::error file=a,line=1,col=2,title=t%2C%3A%25::a%25%0D%0Ab::c\n");
}

TEST_CASE("github: a failure is one command, at its place if it has one") {
  Error error{.message = "two things", .next = "do one", .at = Mark{.file = "deep/a.yaml", .line = 4, .column = 2}};
  report::Surroundings surroundings = around();
  surroundings.path_in_repository = [](std::string const& file) { return "project/" + file; };
  auto const said = [&] {
    return report::failure_github({.command = "validate", .error = error, .kind = "usage", .exit = 64}, surroundings);
  };
  CHECK(said() ==
        "::error file=project/deep/a.yaml,line=4,col=2,title=cpsctl validate::deep/a.yaml:4:2: two things%0Anext: do "
        "one\n");
  error.at.reset();
  error.next.clear();
  CHECK(said() == "::error title=cpsctl validate::two things\n");
}

TEST_CASE("property: whatever files and messages hold, annotations are a line each and SARIF is SARIF") {
  for (unsigned seed = 0; seed < 80; ++seed) {
    CAPTURE(seed);
    auto const all = hostile_findings(seed);
    std::string const commands = report::findings_github(all, around());
    CHECK(static_cast<std::size_t>(std::ranges::count(commands, '\n')) == all.size());
    CHECK(commands.find('\r') == std::string::npos);
    CHECK_FALSE(text::invalid_utf8(commands).has_value());
    for (std::string_view const line : text::split(commands, '\n')) CHECK((line.empty() || is_command(line)));
    std::string const sarif = json::pretty(report::findings_sarif(all, around()));
    auto const parsed = json::parse(sarif, "SARIF");
    REQUIRE(parsed.has_value());
    check_sarif(*parsed, all.size());
  }
}

TEST_CASE("source lines: places behind the end, in unreadable files and in empty ones give nothing") {
  int reads = 0;
  report::SourceLines lines([&](std::string const& file) -> std::optional<std::string> {
    ++reads;
    return file == "a" ? std::optional<std::string>("x\r\nöy\n\nlast") : std::nullopt;
  });
  auto const at = [&](std::string file, int line) {
    return std::string(lines.line({.file = std::move(file), .line = line}).value_or("none"));
  };
  CHECK(at("a", 1) == "x");
  CHECK(at("a", 2) == "öy");
  CHECK(at("a", 3).empty());
  CHECK(at("a", 4) == "last");
  CHECK(at("a", 5) == "none");
  CHECK(at("a", 0) == "none");
  CHECK(at("b", 1) == "none");
  CHECK(lines.character({.file = "a", .line = 2, .column = 3}) == 2);
  CHECK(lines.character({.file = "a", .line = 2, .column = 99}) == 3);
  CHECK(lines.character({.file = "b", .line = 2, .column = 9}) == 9);
  CHECK(reads == 2);
}

#include "cli/arguments.hpp"
#include "cli/formats.hpp"

#include <algorithm>

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::cli;

TEST_CASE("the table of commands: each is complete, and follows the command that it belongs to") {
  std::vector<std::string_view> seen;
  for (Command const& command : commands()) {
    CAPTURE(command.name);
    CHECK(std::ranges::count(seen, command.name) == 0);
    if (command.nested()) CHECK(std::ranges::count(seen, command.name.substr(0, command.name.rfind(' '))) == 1);
    seen.push_back(command.name);
    CHECK_FALSE(command.group.empty());
    CHECK_FALSE(command.what.empty());
    for (Example const& example : command.examples)
      CHECK(example.line.starts_with("cpsctl " + std::string(command.name.substr(0, command.name.find(' ')))));
    auto const page = command_help(std::string(command.name));
    REQUIRE(page);
    CHECK(page->starts_with(command.what));
    CHECK(command_named(command.name) == &command);
  }
  CHECK(command_named("stat") == nullptr);
  CHECK_FALSE(command_help(""));
}

TEST_CASE("formats_of: what a command can be asked for follows from its document") {
  struct Case {
    char const* title;
    Document document;
    std::vector<Format> expect;
  };
  Case const cases[] = {
      {"nothing but text", Document::none, {Format::text}},
      {"its own", Document::own, {Format::text, Format::json}},
      {"a plan", Document::plan, {Format::text, Format::json, Format::md, Format::junit}},
      {"a result", Document::result, {Format::text, Format::json, Format::md, Format::junit}},
      {"findings", Document::findings, {Format::text, Format::json, Format::sarif, Format::github, Format::junit}},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      CHECK(formats_of(c.document) == c.expect);
    }
  }
}

TEST_CASE("parse_arguments: what a command takes is its own, and what it lacks is refused") {
  auto const two = parse_arguments({"state", "mv", "a", "b"});
  REQUIRE(two);
  CHECK(two->options.global.command == "state mv");
  CHECK(two->options.paths.empty());
  CHECK(two->run != nullptr);
  auto const plan =
      parse_arguments({"plan", "x", "--name", "a*", "--max-deletes", "2", "--fault", "POST: drop-after", "--sandbox"});
  REQUIRE(plan);
  CHECK(plan->options.paths == std::vector<std::string>{"x"});
  CHECK(plan->options.selection.names == std::vector<std::string>{"a*"});
  CHECK(plan->options.guard.max_deletes == 2);
  CHECK(plan->options.global.sandbox == default_sandbox);
  CHECK_FALSE(parse_arguments({"plan", "--yes"}));
  CHECK_FALSE(parse_arguments({"state", "mv", "a"}));
  CHECK_FALSE(parse_arguments({"state", "settle", "a", "--as", "1", "--not-done"}));
  CHECK_FALSE(parse_arguments({"state", "rebuild", "-o", "md"}));
}

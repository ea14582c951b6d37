#include "base/screen.hpp"

#include <sstream>

#include <doctest/doctest.h>

using namespace cpsctl;

TEST_CASE("screen: no text of an argument moves the cursor, ends the line or changes a colour") {
  std::ostringstream out;
  screen::line(out, "{} is {}", std::string("a\x1b[31m\n::error::x\x07"), 5);
  CHECK(out.str() == "a\\x1b[31m\\n::error::x\\x07 is 5\n");
  out.str("");
  screen::line(out, "{}{}", screen::Painted{"\x1b[31mred\x1b[0m"}, "\u202e");
  CHECK(out.str() == "\x1b[31mred\x1b[0m\\u202e\n");
}

TEST_CASE("screen: no line is a command of a CI runner") {
  CHECK(screen::inert("  ::error::x") == "  \\x3a:error::x");
  CHECK(screen::inert("a ::error::x") == "a ::error::x");
  CHECK(screen::inert("a ##[group]b") == "a \\x23#[group]b");
  CHECK(screen::inert("##VSO[task.setvariable]") == "\\x23#VSO[task.setvariable]");
  CHECK(screen::inert("x ##teamcity[y") == "x \\x23#teamcity[y");
  CHECK(screen::inert("## a title") == "## a title");
  CHECK(screen::inert("").empty());
}

#include "cli/man.hpp"

#include "base/text.hpp"
#include "cli/arguments.hpp"
#include "cli/exit_codes.hpp"
#include "cli/roff.hpp"

#include <algorithm>
#include <set>

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::cli;

TEST_CASE("roff: what a text holds is shown as it stands") {
  CHECK(roff::plain("a-b \\n 'x' \"y\" `z` ^~") == "a\\-b \\en \\(aqx\\(aq \\(dqy\\(dq \\(gaz\\(ga \\(ha\\(ti");
  CHECK(roff::plain("two\nlines") == "two lines");
  CHECK(roff::plain(".so x") == "\\&.so x");
  CHECK(roff::literal("--yes") == "\\fB\\-\\-yes\\fR");
  CHECK(roff::variable("FILE") == "\\fIFILE\\fR");
}

TEST_CASE("roff::from_markdown: one kind of block at a time") {
  struct Case {
    char const* title;
    char const* markdown;
    char const* expect;
  };
  Case const cases[] = {
      {"the title is left out", "# Title\n\nText.\n", "Text.\n"},
      {"paragraphs", "One\nline.\n\nTwo.\n", "One\nline.\n.PP\nTwo.\n"},
      {"a heading", "One.\n\n## It's so\n\nTwo.\n", "One.\n.SH It\\(aqs so\nTwo.\n"},
      {"code, strong, emphasis", "`a-b` **c** *d*", "\\fBa\\-b\\fR \\fBc\\fR \\fId\\fR\n"},
      {"code within strong", "**`a` b**", "\\fB\\fBa\\fR b\\fR\n"},
      {"a link shows its text", "see [that page](x.md).", "see that page\\&.\n"},
      {"no line becomes a request", ".TH x\n.so y\n'br\n", "\\&.TH x\n\\&.so y\n\\(aqbr\n"},
      {"nor does one of code", "```\n.so /etc/passwd\n\n'br \\fB\n```\n",
       ".IP\n.EX\n\\&.so /etc/passwd\n\n\\(aqbr \\efB\n.EE\n"},
      {"a list", "- a\n- b\n  c\n", ".IP \\(bu 2\na\n.IP \\(bu 2\nb\nc\n"},
      {"an item of several blocks", "- a\n\n  b\n", ".IP \\(bu 2\na\n.RS\n.PP\nb\n.RE\n"},
      {"a numbered list", "2. a\n3. b\n", ".IP 2. 4\na\n.IP 3. 4\nb\n"},
      {"a table of two columns", "| x | y |\n|---|---|\n| `a` | b |\n", ".TP\n\\fBa\\fR\nb\n"},
      {"of three", "| x | y | z |\n|---|---|---|\n| a | b | c |\n", ".TP\na\n\\fIy\\fR: b\n.br\n\\fIz\\fR: c\n"},
      {"an empty cell", "| x | y | z |\n|---|---|---|\n|  | b | |\n", ".TP\n\\&\n\\fIy\\fR: b\n"},
      {"columns without names", "| x | |\n|---|---|\n| a \\| b | c |\n", ".TP\na | b\nc\n"},
      {"letters beyond ASCII", "a … ü", "a … ü\n"},
      {"nothing", "", ""},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      CHECK(roff::from_markdown(c.markdown, roff::Heading::section) == c.expect);
    }
  }
  CHECK(roff::from_markdown("## x", roff::Heading::subsection) == ".SS x\n");
}

TEST_CASE("man pages: each command and each topic has one, which says all that it takes") {
  std::set<std::string> files;
  Syntax const all = syntax();
  for (ManPage const& page : man_pages()) {
    CAPTURE(page.file);
    CHECK(files.insert(page.file).second);
    auto const text = man_page(page.about);
    REQUIRE(text);
    CHECK(text->starts_with(".TH cpsctl"));
    for (char const* const section : {".SH NAME\n", ".SH DESCRIPTION\n", ".SH SEE ALSO\n"})
      CHECK(text->find(section) != std::string::npos);
    Command const* const command = command_named(page.about);
    if (command == nullptr) continue;
    for (Example const& example : command->examples)
      CHECK(text->find(".TP\n" + roff::literal(example.line) + "\n") != std::string::npos);
    if (command->takes == nullptr) continue;
    for (Taken const& one : all.of.at(command->name))
      CHECK(text->find(roff::plain(one.flag.what)) != std::string::npos);
  }
  for (char const* const file : {"cpsctl.1", "cpsctl-apply.1", "cpsctl-state-mv.1", "cpsctl-trust.7"})
    CHECK(files.contains(file));
  CHECK_FALSE(files.contains("cpsctl-apply.7"));  // a topic with the name of a command is on its page
  CHECK_FALSE(man_page("nonsense"));
  CHECK(man_page("apply")->find(".SS A lost answer\n") != std::string::npos);
  CHECK(man_page("options")->find("\\fB\\-\\-edgerc\\fR \\fIFILE\\fR") != std::string::npos);
  CHECK(man_page("options")->find("[=\\fIDIR\\fR]") != std::string::npos);
  CHECK(man_page("rules")->find("\\fBCPS122\\fR (error)") != std::string::npos);
  CHECK(man_page("import")->find("\\fB\\-\\-contract\\fR \\fIID\\fR\n") < man_page("import")->find(".SH DESCRIPTION"));
}

TEST_CASE("exit codes: each has a row on its page, and every command's page has those that it may end with") {
  std::set<int> explained;
  for (ExitRow const& row : exit_rows())
    for (int const code : row.codes) CHECK(explained.insert(code).second);
  Syntax const all = syntax();
  for (Command const& command : commands()) {
    if (command.takes == nullptr) continue;
    CAPTURE(command.name);
    std::vector<Taken> const& taken = all.of.at(command.name);
    auto const page = man_page(std::string(command.name)).value();
    CHECK(page.find(".SH EXIT STATUS\n.TP\n0\n") != std::string::npos);
    for (Exit const exit : exits_of(command, taken)) {
      CAPTURE(static_cast<int>(exit));
      CHECK(explained.contains(static_cast<int>(exit)));
    }
  }
  CHECK(man_page("status")->find("\n.TP\n130, 143\n") != std::string::npos);
  CHECK(man_page("status")->find("\n.TP\n3\n") != std::string::npos);
  CHECK(man_page("status")->find("\n.TP\n5\n") == std::string::npos);
  CHECK(man_page("version")->find("\n.TP\n69\n") == std::string::npos);
  CHECK(man_page("apply")->find("\n.TP\n5\n") != std::string::npos);
}

TEST_CASE("man pages: every page that one refers to is there") {
  std::set<std::string> known;
  for (ManPage const& page : man_pages()) known.insert(page.file);
  std::size_t seen = 0;
  for (ManPage const& page : man_pages()) {
    CAPTURE(page.file);
    std::string const text = man_page(page.about).value_or("");
    // "\fBcpsctl\-plan\fR(1)"
    for (std::size_t at = text.find("\\fR("); at != std::string::npos; at = text.find("\\fR(", at + 1)) {
      auto const begin = text.rfind("\\fB", at) + 3;
      std::string name = text.substr(begin, at - begin);
      if (!name.starts_with("cpsctl")) continue;
      std::erase(name, '\\');
      CAPTURE(name);
      CHECK(known.contains(name + '.' + text[at + 4]));
      ++seen;
    }
  }
  CHECK(seen > 100);
}

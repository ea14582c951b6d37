#include "cli/complete.hpp"

#include "cli/topics.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace cpsctl;
using namespace cpsctl::cli;

namespace {

using Words = std::vector<std::string>;

/// Two enrollments; what was asked for comes back as the first word.
Words two(Names names, Words const& line) {
  return {fmt::format("asked={}({})", static_cast<int>(names), fmt::join(line, " ")), "shop", "www"};
}

/// "space 0: plan apply".
std::string shown(Words const& words) {
  Completion const found = complete(words, two);
  Words candidates;
  for (Candidate const& one : found.candidates)
    if (!one.word.starts_with("asked=")) candidates.push_back(one.word);
  char const* const how[] = {"space", "more", "files", "folders"};
  return fmt::format("{} {}: {}", how[static_cast<std::size_t>(found.how)], found.before, fmt::join(candidates, " "));
}

/// What was looked up, and where.
std::string asked(Words const& words) {
  std::string said = "nothing";
  complete(words, [&](Names names, Words const& line) {
    said = two(names, line).front();
    return Words{};
  });
  return said;
}

bool fits(Words const& words, std::string const& word) {
  auto const found = complete(words, two).candidates;
  return std::ranges::find(found, word, &Candidate::word) != found.end();
}

}  // namespace

TEST_CASE("complete: what fits follows from the words before it") {
  struct Case {
    char const* title;
    Words words;
    char const* expect;
  };
  Case const cases[] = {
      {"a command", {"pl"}, "space 0: plan"},
      {"no command is like it", {"x"}, "space 0: "},
      {"a second word", {"state", "s"}, "space 0: show settle"},
      {"nothing below an unknown command", {"nonsense", ""}, "space 0: "},
      {"nothing below an unknown second word", {"state", "nonsense", ""}, "space 0: "},
      {"a command after flags with values", {"-C", "plan", "--rate=20", "-q", "val"}, "space 0: validate"},
      {"a flag of the command", {"plan", "--max"}, "space 0: --max-deletes --max-changes"},
      {"not of another command", {"validate", "--max"}, "space 0: "},
      {"a flag of every command", {"plan", "--edger"}, "space 0: --edgerc"},
      {"a flag that was said is not said again", {"plan", "--detailed-exitcode", "--det"}, "space 0: "},
      {"one that may be repeated is", {"plan", "--name", "shop", "--nam"}, "space 0: --name"},
      {"a short flag stands for the long one", {"apply", "-y", "--ye"}, "space 0: "},
      {"the words of a value", {"plan", "--on-pending", ""}, "space 0: refuse wait cancel"},
      {"behind the equals sign", {"plan", "--on-pending=w"}, "space 0: --on-pending=wait"},
      {"words of a switch of the sandbox", {"sandbox", "--limits", ""}, "space 0: real off"},
      {"which may have digits", {"sandbox", "--newest-version", ""}, "space 0: v11 v12"},
      {"none where values only have a name", {"plan", "--max-changes", ""}, "space 0: "},
      {"a value that nobody knows", {"plan", "--rate", ""}, "space 0: "},
      {"a switch has no value", {"apply", "--yes="}, "space 0: "},
      {"an unknown flag has no value", {"plan", "--nonsense="}, "space 0: "},
      {"formats of the command's document", {"validate", "-o", ""}, "space 0: text json sarif github junit"},
      {"of a command without a document", {"help", "-o", ""}, "space 0: text"},
      {"of any command, before it is said", {"-o", "s"}, "space 0: sarif"},
      {"a format, then a file", {"plan", "--out", "j"}, "more 0: json= junit="},
      {"the file", {"plan", "--out", "json=pl"}, "files 5: "},
      {"the file, behind two equals signs", {"plan", "--out=json=pl"}, "files 11: "},
      {"a file", {"--config", ""}, "files 0: "},
      {"a file behind an equals sign", {"--config=x"}, "files 9: "},
      {"a folder", {"-C", "x"}, "folders 0: "},
      {"the folder of a flag that needs none", {"plan", "--sandbox="}, "folders 10: "},
      {"which is no word of its own", {"plan", "--sandbox", ""}, "files 0: "},
      {"paths", {"plan", "a", "b", ""}, "files 0: "},
      {"a saved plan", {"show", ""}, "files 0: "},
      {"and no second one", {"show", "plan.json", ""}, "space 0: "},
      {"behind -- there are no flags", {"plan", "--", "--max"}, "files 0: "},
      {"- is a path", {"validate", "-", ""}, "files 0: "},
      {"names", {"status", "s"}, "space 0: shop"},
      {"each name once", {"state", "forget", "shop", ""}, "space 0: www"},
      {"a name at its place", {"state", "mv", "shop", ""}, "space 0: www"},
      {"and none behind it", {"state", "mv", "a", "b", ""}, "space 0: "},
      {"a schema", {"schema", "enrollment.v11"}, "space 0: enrollment.v11"},
      {"a shell", {"completion", ""}, "space 0: bash fish zsh"},
      {"the command of a command, for help", {"help", "state", "m"}, "space 0: mv"},
      {"no third word for help", {"help", "state", "mv", ""}, "space 0: "},
      {"flags whose last lacks its value", {"plan", "-qo", "j"}, "space 0: json junit"},
      {"a value without a blank", {"-C/tmp", "pl"}, "space 0: plan"},
      {"bytes that are no text", {"\xff\xfe", "\xff"}, "space 0: "},
      {"lone dashes", {"---=", "-=", "="}, "space 0: "},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      CHECK(shown(c.words) == c.expect);
    }
  }
}

TEST_CASE("complete: names are looked up where the command line looks") {
  auto const in = [](Names names, char const* line) {
    return fmt::format("asked={}({})", static_cast<int>(names), line);
  };
  CHECK(asked({"state", "show", ""}) == in(Names::managed, ""));
  CHECK(asked({"status", "--sandbox", ""}) == in(Names::enrollments, "--sandbox"));
  CHECK(asked({"--sandbox=d", "-C", "x", "state", "--state=s", "mv", "a", ""}) ==
        in(Names::described, "--sandbox=d --chdir=x --state=s"));
  CHECK(asked({"plan", "here", "-", "--out", "json=f", "-l", ""}) == in(Names::labels, "-- here"));
  CHECK(asked({"apply", "--plan", "p", "--contract="}) == in(Names::contracts, "--"));
  // Nobody reads manifests for what does not need them.
  CHECK(asked({"plan", "--on-pending", ""}) == "nothing");
  CHECK(asked({"plan", ""}) == "nothing");
}

TEST_CASE("complete: every command, flag and topic can be completed, and says what it is") {
  Syntax const all = syntax();
  for (Command const& command : commands()) {
    CAPTURE(command.name);
    Words words;
    if (command.nested()) words.emplace_back(command.name.substr(0, command.name.find(' ')));
    words.emplace_back();
    auto const found = complete(words, two).candidates;
    CHECK(std::ranges::count(found, Candidate{std::string(command.last_word()), std::string(command.what)}) == 1);
    if (command.takes == nullptr) continue;
    words.back() = command.last_word();
    words.emplace_back("-");
    for (auto const* taken : {&all.of.at(command.name), &all.everywhere})
      for (Taken const& one : *taken)
        if (!one.positional()) CHECK(fits(words, one.flag.name.substr(one.flag.name.find(',') + 1)));
    for (Taken const& one : all.of.at(command.name)) {
      CAPTURE(one.flag.name);
      CHECK_FALSE(one.flag.what.empty());
      if (one.flag.type == "FILE" || one.flag.name == "PATH") CHECK(one.flag.names == Names::files);
      if (one.flag.type == "DIR") CHECK(one.flag.names == Names::folders);
    }
  }
  for (EmbeddedFile const& topic : help_topics()) CHECK(fits({"help", ""}, std::string(topic.name)));
  CHECK(fits({"help", ""}, "topics"));
  CHECK(fits({"help", "CPS1"}, "CPS122"));
  CHECK_FALSE(fits({"help", ""}, "CPS122"));
}

TEST_CASE("harmless: only names in plain letters are offered") {
  for (char const* const name : {"www-example-com", "a", "1-1TJZH5", "team/web=gold", "Shop_2.0"})
    CHECK(harmless(name));
  for (char const* const name :
       {"",     "-y",   "--yes", "a b", "$(touch x)", "a;b",    "`a`",      "a'b",  "a\"b",     "a\\b", "a\nb",
        "a\tb", "../x", "/etc",  "~",   "a*",         "a{b,c}", "\xc3\xbc", "\xff", "a\x1b[0m", "!x",   "#x"})
    CHECK_FALSE(harmless(name));
}

#include "state/journal.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace cpsctl;

namespace {

std::string const head = state::journal_head({.realm = "sandbox"});
std::string const one = state::journal_line({.sequence = 1, .name = "a"});
std::string const two = state::journal_line({.sequence = 2, .name = "b"});
std::string const zeros(5000, '\0');

std::string flipped(std::string line) {
  line[line.find("\"name\":\"") + 8] = 'x';
  return line;
}

}  // namespace

TEST_CASE("journal: what a crash leaves at the end is torn, and what comes before it counts") {
  struct Case {
    char const* title;
    std::string text;
    std::size_t records, torn_lines;
  };
  Case const cases[] = {
      {"nothing is torn", head + one + two, 2, 0},
      {"an empty file", "", 0, 0},
      {"a line without its end", head + one + two.substr(0, two.size() / 2), 1, 1},
      {"a line that lacks the line break alone", head + one + two.substr(0, two.size() - 1), 1, 1},
      {"blocks that never came", head + one + zeros, 1, 1},
      {"blocks that never came, and the one behind them", head + one + zeros + two.substr(30), 1, 1},
      {"several lines with zeros", head + zeros + "\n" + zeros + "\n" + zeros, 0, 3},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      auto const parsed = state::parse_journal(c.text, "j");
      REQUIRE(parsed);
      CHECK(parsed->records.size() == c.records);
      CHECK(parsed->torn_lines == c.torn_lines);
      CHECK((parsed->valid_bytes == c.text.size()) == (c.torn_lines == 0));
    }
  }
}

TEST_CASE("journal: what no crash leaves is an error that names the line") {
  struct Case {
    char const* title;
    std::string text;
    char const* message;
  };
  Case const cases[] = {
      {"a file that is not a journal", "garbage\n", "j is damaged: line 1 is not a journal's head"},
      {"a file of zeros", zeros, "j is damaged: line 1 is not a journal's head"},
      {"half a head", head.substr(0, head.size() / 2), "j is damaged: line 1 is not a journal's head"},
      {"a head with another checksum", "0" + head.substr(head[0] == '0' ? 0 : 1),
       "j is damaged: line 1 is not a journal's head"},
      {"a record instead of the head", one + two, "j is damaged: line 1 is not a journal's head"},
      {"a line before good ones", head + flipped(one) + two, "j is damaged: line 2 does not match its checksum"},
      {"zeros before good lines", head + zeros + "\n" + two, "j is damaged: line 2 does not match its checksum"},
      {"the last line, whole", head + one + flipped(two), "j is damaged: line 3 does not match its checksum"},
      {"whole, and no journal line at all", head + one + "garbage\n",
       "j is damaged: line 3 does not match its checksum"},
      {"a good line that is not a record, even the last", head + one + head,
       "j is damaged: line 3 holds no record that this cpsctl knows"},
      {"a head whose serial nobody counted", state::journal_head({.realm = "r", .serial = std::int64_t{1} << 53}) + one,
       "j is damaged: line 1 has a serial or sequence that was not counted by cpsctl"},
      {"a head whose sequence nobody counted", state::journal_head({.realm = "r", .sequence = -1}) + one,
       "j is damaged: line 1 has a serial or sequence that was not counted by cpsctl"},
      {"a record whose sequence nobody counted", head + state::journal_line({.sequence = std::int64_t{1} << 53}),
       "j is damaged: line 2 holds no record that this cpsctl knows"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      auto const parsed = state::parse_journal(c.text, "j");
      REQUIRE_FALSE(parsed);
      CHECK(parsed.error().code == Errc::io);
      CHECK(parsed.error().message == c.message);
      CHECK(parsed.error().next.find(
                "then cpsctl state rebuild, with the PATHs of your manifests: it finds what exists at CPS") !=
            std::string::npos);
    }
  }
  auto const inside = state::parse_journal(head + flipped(one) + two, "j");
  CHECK(inside.error().next.starts_with("cp j j.broken && head -n 1 j.broken > j, then"));
}

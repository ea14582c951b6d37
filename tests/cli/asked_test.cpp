#include "cli/asked.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::cli;

TEST_CASE("asked: a word is served by anything that it matches") {
  std::vector<std::string> const named{"api"};
  std::vector<Without> const without{{.name = "shop"}, {.name = "www", .later = true}, {.name = "x*"}};
  struct Case {
    char const* word;
    Found found;
    Exit exit;
  };
  for (Case const& one : {Case{"api", Found::some, Exit::done}, Case{"*p*", Found::some, Exit::done},
                          Case{"shop", Found::none, Exit::failed}, Case{"www", Found::later, Exit::again},
                          Case{"?[how]*", Found::none, Exit::failed}, Case{"x*", Found::none, Exit::failed}}) {
    CAPTURE(one.word);
    CHECK(found(named, without, one.word) == one.found);
    CHECK(exit_of({one.word}, named, without) == one.exit);
  }
  CHECK(exit_of({}, named, without) == Exit::done);
  CHECK(exit_of({"www", "shop"}, named, without) == worse(Exit::failed, Exit::again));
}

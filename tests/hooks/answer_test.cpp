#include "hooks/answer.hpp"

#include "hooks/bench.hpp"
#include "hooks/grants.hpp"

#include <doctest/doctest.h>

using namespace bench;
using hooks::Repeats;

TEST_CASE("answer: it repeats the request where it must, and it is ours wherever it does") {
  struct Case {
    char const* title;
    int exit;
    std::string text;
    Repeats repeats;
    std::string expect;
  };
  std::string const long_one(hooks::longest_reference + 1, 'x');
  Case const cases[] = {
      {"nothing", 0, "", Repeats::may, "done: {}"},
      {"blanks", 0, " \n", Repeats::may, "done: {}"},
      {"nothing where something must be", 0, "", Repeats::must,
       "failed (answer): its answer does not say which request it answers"},
      {"ours", 0, R"({"request":"r"})", Repeats::must, R"(done: {"request":"r"})"},
      {"another", 0, R"({"request":"R"})", Repeats::may,
       "failed (answer): it answers another request than it was asked"},
      {"a number", 0, R"({"request":1})", Repeats::must,
       "failed (answer): it answers another request than it was asked"},
      {"null", 0, R"({"request":null})", Repeats::must,
       "failed (answer): its answer does not say which request it answers"},
      {"a list", 0, "[]", Repeats::may, "failed (answer): its answer is not a JSON object"},
      {"two answers", 0, "{} {}", Repeats::may, "x"},
      {"one member twice", 0, R"({"request":"x","request":"r"})", Repeats::must, "x"},
      {"later, in silence", 75, "", Repeats::must, "later: "},
      {"later, in another's name", 75, R"({"request":"s"})", Repeats::may,
       "failed (answer): it answers another request than it was asked"},
      {"later, in nobody's name", 75, R"({"reference":"t"})", Repeats::must,
       "failed (answer): its answer does not say which request it answers"},
      {"later", 75, R"({"request":"r","reference":null,"retryAfter":null})", Repeats::must, "later: "},
      {"much later", 75, R"({"retryAfter":"900d"})", Repeats::may, "later: , 7 d"},
      {"in some time", 75, R"({"retryAfter":"soon"})", Repeats::may,
       "failed (answer): the retryAfter in its answer is not a duration"},
      {"in a number of something", 75, R"({"retryAfter":30})", Repeats::may,
       "failed (answer): the retryAfter in its answer is not a duration"},
      {"a reference that is none", 75, R"({"reference":{}})", Repeats::may,
       "failed (answer): the reference in its answer is not a text"},
      {"a long reference", 75, R"({"reference":")" + long_one + R"("})", Repeats::may,
       "failed (answer): the reference in its answer is longer than 4096 bytes"},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    std::string const found = told(hooks::read_answer(c.exit, c.text, "r", c.repeats));
    if (c.expect == "x")
      CHECK(found.starts_with("failed (answer): its answer "));
    else
      CHECK(found == c.expect);
  }
}

TEST_CASE("grants: a program gets no credentials, no proxy and nothing of cpsctl's own") {
  CHECK(hooks::parse_grant("corp-ca=VAULT_TOKEN").value() ==
        hooks::Grant{.hook = "corp-ca", .variable = "VAULT_TOKEN"});
  for (char const* const name :
       {"AKAMAI_CLIENT_SECRET", "akamai_x", "HTTPS_PROXY", "http_proxy", "CPSCTL_HOOK", "MY_EDGERC"}) {
    CAPTURE(name);
    auto const refused = hooks::parse_grant(std::string("ca=") + name);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::usage);
    CHECK(refused.error().message == fmt::format("the environment variable {} is for credentials or settings", name));
  }
  for (char const* const text : {"", "TOKEN", "=TOKEN", "ca=", "ca=A=b", "ca=A B", "ca=\x1b"}) {
    CAPTURE(text);
    auto const refused = hooks::parse_grant(text);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("does not say which program") != std::string::npos);
  }
}

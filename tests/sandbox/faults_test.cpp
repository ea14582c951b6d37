#include "sandbox/faults.hpp"

#include "support.hpp"

#include <algorithm>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace cpsctl::sandbox::test {
namespace {

using namespace std::chrono_literals;

FaultRule rule(std::string_view text) {
  auto parsed = parse_fault_rule(text);
  if (!parsed) FAIL(describe(parsed.error()));
  return std::move(parsed.value());
}

TEST_CASE("fault rules: what each fault is called, and means") {
  struct Case {
    char const *text, *fault;
  };
  Case const cases[] = {
      {"*: drop-before", "drop-before"},
      {"*: drop-after 30%", "drop-after"},
      {"*: reset-before nth 3", "reset-before"},
      {"*: reset-after", "reset-after"},
      {"*: delay 250ms", "delay 250ms"},
      {"*: delay-before 2s every 5", "delay-before 2s"},
      {"*: drip 5ms", "drip 5ms 1"},
      {"*: drip 5ms 64 first 2", "drip 5ms 64"},
      {"*: truncate", "truncate"},
      {"*: truncate 100 times 1", "truncate 100"},
      {"*: malformed from 4", "malformed"},
      {"*: content-type text/plain 10%", "content-type text/plain"},
      {"*: status 503", "status 503"},
      {"*: status 503 empty", "status 503 empty"},
      {"*: status 502 html after 50%", "status 502 html after"},
      {"*: status 409 invalid-enrollment-state nth 2", "status 409 invalid-enrollment-state"},
      {"*: limit 5s", "limit seconds 5s"},
      {"*: limit date 5s", "limit date 5s"},
      {"*: limit next 1500ms", "limit next 1500ms"},
      {"*: limit mangled 5s", "limit mangled 5s"},
      {"*: limit silent", "limit silent 0s"},
      {"*: waf first 1", "waf"},
      {"*: skew 45s", "skew 45s"},
      {"*: skew -45s", "skew -45s"},
      {"*: close-idle", "close-idle 0s"},
      {"*: close-idle 1s", "close-idle 1s"},
      {"*: any 30%", "any"},
      {"*: refuse first 2", "refuse"},
      {"*: handshake 30%", "handshake"},
      {"*: limit 5s + truncate 8", "limit seconds 5s + truncate 8"},
      {"*: truncate + status 503 after + delay 2s times 1", "truncate + status 503 after + delay 2s"},
      {"*: drop-after + delay 2s + delay-before 1s", "drop-after + delay 2s + delay-before 1s"},
      {"*: content-type text/plain + drip 1ms + skew 45s + close-idle 30%",
       "content-type text/plain + drip 1ms 1 + skew 45s + close-idle 0s"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.text) {
      CHECK(describe(rule(c.text).mishap) == c.fault);
    }
  }
}

TEST_CASE("fault rules: what is wrong, where, and what to do") {
  struct Case {
    char const *title, *text, *where, *next;
  };
  Case const cases[] = {
      {"nothing", "", "column 1: there is no ':'", "POST /enrollments: drop-after 30%"},
      {"no colon", "POST /enrollments drop-after", "column 29: there is no ':'", "write it as"},
      {"no requests", " : drop-after", "column 2: the requests are missing", "or * for all"},
      {"no method", "POTS /enrollments: drop-after", "column 1: \"POTS\" is not a method", "GET, POST, PUT"},
      {"one method of two", "GET|POTS: drop-after", "column 1: \"POTS\" is not a method", "GET, POST, PUT"},
      {"no path", "POST enrollments: drop-after", "column 6: \"enrollments\" is not a path", "/enrollments/*"},
      {"two paths", "/a /b: drop-after", "column 4: \"/b\" is not a path", "/enrollments/*"},
      {"no fault", "POST:", "column 6: the fault is missing", "choose one of drop-before"},
      {"nearly a fault", "POST: drop-aftr", "column 7: unknown fault \"drop-aftr\"", "did you mean drop-after?"},
      {"no fault at all", "POST: explode", "column 7: unknown fault", "choose one of drop-before"},
      {"a method that a connection lacks", " POST: refuse", "column 2: refuse strikes connections", "'*: refuse'"},
      {"a path that a connection lacks", "* /enrollments: handshake", "column 1: handshake strikes connections",
       "'*: handshake'"},
      {"no time", "*: delay", "column 9: the time is missing", "250ms"},
      {"a condition is not a time", "*: delay 30%", "column 10: \"30%\" is not a time", "250ms"},
      {"a negative wait", "*: delay -1s", "column 10: \"-1s\" is not a time", "250ms"},
      {"a skew that is none", "*: skew late", "column 9: \"late\" is not a time", "-45s"},
      {"pieces of nothing", "*: drip 1ms 0", "column 13: \"0\" is not a number of bytes", "whole number"},
      {"no type", "*: content-type", "column 16: the type is missing", "text/plain"},
      {"no status", "*: status", "column 10: the status is missing", "200 to 599"},
      {"a status that is none", "*: status 99", "column 11: \"99\" is not a status", "200 to 599"},
      {"an unknown body", "*: status 503 XML", "column 15: cannot use \"XML\"", "empty, html or text"},
      {"a share of nothing", "*: drop-after 0%", "column 15: \"0%\" is not a share", "30%"},
      {"more than all", "*: drop-after 101%", "column 15: \"101%\" is not a share", "30%"},
      {"no number at all", "*: drop-after x%", "column 15: \"x%\" is not a share", "30%"},
      {"a count that is missing", "*: drop-after nth", "column 18: nth needs a number", "nth 3"},
      {"a count of none", "*: drop-after times 0", "column 21: times needs a number", "times 3"},
      {"nothing after the +", "*: limit 5s +", "column 14: the fault is missing", "choose one of drop-before"},
      {"nothing before the +", "*: + limit 5s", "column 4: unknown fault \"+\"", "choose one of drop-before"},
      {"a condition in between", "*: limit 5s 30% + truncate", "column 17: cannot use \"+\"", "after the last"},
      {"a + without a blank", "*: limit 5s +truncate", "column 13: cannot use \"+truncate\"", "between blanks"},
      {"two answers", "*: limit 5s + status 503", "column 15: limit and status do not go together", "different things"},
      {"the same twice", "*: delay 1s + drip 1ms + delay 2s", "column 26: delay and delay", "different things"},
      {"an answer that never comes", "*: drop-after + truncate", "column 17: drop-after and truncate", "limit 5s +"},
      {"the other way round", "*: status 503 + reset-before", "column 17: status and reset-before", "limit 5s +"},
      {"anything and more", "*: any + delay 1s", "column 10: any and delay", "different things"},
      {"a connection and a request", "*: refuse + delay 1s", "column 13: refuse and delay", "different things"},
      {"a number that is not a slug", "*: status 503 5", "column 15: cannot use \"5\"", "problem's slug"},
      {"two shares", "*: waf 30% 40%", "column 12: a share is given twice", "leave one"},
      {"a condition twice", "*: waf nth 3 nth 4", "column 14: nth is given twice", "leave one"},
      {"never", "*: waf first 2 from 4", "column 22: this never strikes", "leave out one"},
      {"never, either", "*: waf every 5 first 4", "column 23: this never strikes", "a larger number"},
      {"something else", "*: drop-after sometimes", "column 15: cannot use \"sometimes\"", "30%, nth 3"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      auto const parsed = parse_fault_rule(c.text);
      REQUIRE_FALSE(parsed);
      CHECK(parsed.error().code == Errc::usage);
      CAPTURE(parsed.error().message);
      CAPTURE(parsed.error().next);
      CHECK(parsed.error().message.find(c.where) != std::string::npos);
      CHECK(parsed.error().next.find(c.next) != std::string::npos);
    }
  }
}

TEST_CASE("fault rules: which requests are meant") {
  struct Case {
    char const *rule, *method, *path;
    bool hit;
  };
  Case const cases[] = {
      {"*: waf", "GET", "/anything", true},
      {"POST: waf", "POST", "/cps/v2/enrollments", true},
      {"POST: waf", "GET", "/cps/v2/enrollments", false},
      {"get|put: waf", "PUT", "/cps/v2/enrollments/7", true},
      {"/enrollments: waf", "GET", "/cps/v2/enrollments", true},
      {"/enrollments: waf", "GET", "/cps/v2/enrollments/7", false},
      {"/enrollments/*: waf", "GET", "/cps/v2/enrollments/7", true},
      {"/enrollments/*: waf", "GET", "/cps/v2/enrollments/7/changes/8", false},
      {"/enrollments/*/changes/*: waf", "GET", "/cps/v2/enrollments/7/changes/8", true},
      {"/cps/v2/enrollments/10001: waf", "GET", "/cps/v2/enrollments/10001", true},
      {"/cps/v2/enrollments/10001: waf", "GET", "/cps/v2/enrollments/10002", false},
      {"DELETE /enrollments/*: waf", "DELETE", "/cps/v2/enrollments/7", true},
  };
  for (Case const& c : cases) {
    CAPTURE(c.rule);
    CAPTURE(c.path);
    CHECK(Faults({rule(c.rule)}, 1).hit(c.method, c.path).empty() != c.hit);
  }
}

/// Which of twelve requests are hit: "..x" = the third.
std::string pattern(std::vector<FaultRule> rules, std::uint64_t seed = 1, int requests = 12) {
  Faults faults(std::move(rules), seed);
  std::string hits;
  for (int i = 0; i < requests; ++i) {
    auto const mishap = faults.hit("GET", "/cps/v2/enrollments");
    hits += mishap.empty() ? '.' : find(mishap, Effect::waf) != nullptr ? 'w' : 'x';
  }
  return hits;
}

TEST_CASE("fault rules: when") {
  struct Case {
    char const *rule, *expect;
  };
  Case const cases[] = {
      {"*: waf", "wwwwwwwwwwww"},
      {"*: waf nth 3", "..w........."},
      {"*: waf first 2", "ww.........."},
      {"*: waf from 10", ".........www"},
      {"*: waf every 5", "....w....w.."},
      {"*: waf every 5 from 2", ".w....w....w"},
      {"*: waf from 2 every 5", ".w....w....w"},
      {"*: waf every 5 from 1", "w....w....w."},
      {"*: waf from 1 every 5", "w....w....w."},
      {"*: waf times 3", "www........."},
      {"*: waf from 4 times 2", "...ww......."},
      {"*: waf every 2 first 5", ".w.w........"},
      {"*: waf 100%", "wwwwwwwwwwww"},
      {"POST: waf", "............"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.rule) {
      CHECK(pattern({rule(c.rule)}) == c.expect);
    }
  }
}

TEST_CASE("fault rules: a share is kept to, a seed repeats it, another one does not") {
  std::string const first = pattern({rule("*: waf 30%")}, 7, 10000);
  auto const hits = std::count(first.begin(), first.end(), 'w');
  CHECK(hits > 2800);
  CHECK(hits < 3200);
  CHECK(pattern({rule("*: waf 30%")}, 7, 10000) == first);
  CHECK(pattern({rule("*: waf 30%")}, 8, 10000) != first);
}

TEST_CASE("fault rules: the first that hits wins, and one more at the end changes nothing before it") {
  CHECK(pattern({rule("*: waf nth 3"), rule("*: malformed first 4")}) == "xxwx........");
  std::string const alone = pattern({rule("*: waf 30%")}, 7, 1000);
  std::string both = pattern({rule("*: waf 30%"), rule("*: malformed 30%")}, 7, 1000);
  std::ranges::replace(both, 'x', '.');
  CHECK(both == alone);
}

TEST_CASE("fault rules: connections are counted apart from requests") {
  Faults faults({rule("*: refuse nth 2"), rule("*: waf nth 2"), rule("*: handshake from 3 times 1")}, 1);
  std::string hits;
  for (int i = 0; i < 5; ++i) {
    auto const connection = faults.hit_connection();
    auto const request = faults.hit("GET", "/");
    hits += fmt::format("{}{} ", connection.empty() ? "." : describe(connection),
                        request.empty() ? "." : describe(request));
  }
  CHECK(hits == ".. refusewaf handshake. .. .. ");
}

TEST_CASE("fault rules: any is each of those that pass by themselves") {
  Faults faults({rule("*: any")}, 3);
  std::set<Effect> seen;
  for (int i = 0; i < 500; ++i) seen.insert(faults.hit("GET", "/").at(0).effect);
  for (Effect const never : {Effect::any, Effect::skew, Effect::waf, Effect::refuse, Effect::handshake})
    CHECK_FALSE(seen.contains(never));
  for (Effect const some :
       {Effect::drop_before, Effect::drop_after, Effect::reset_before, Effect::reset_after, Effect::delay, Effect::drip,
        Effect::truncate, Effect::malformed, Effect::content_type, Effect::status, Effect::limit, Effect::close_idle})
    CHECK(seen.contains(some));
}

TEST_CASE("faults: what a client is told, and whether CPS did it") {
  struct Case {
    char const* rule;
    int status;
    char const* type;
    char const* body;  ///< a part of it
    bool created;
  };
  char const* const json = "application/problem+json";
  std::string const media = type_of("enrollment-status", 1);
  Case const cases[] = {
      {"POST: drop-before", 0, "", "", false},
      {"POST: drop-after", 202, media.c_str(), "10001", true},
      {"POST: reset-before", 0, "", "", false},
      {"POST: reset-after", 202, media.c_str(), "10001", true},
      {"POST: delay 1s", 202, media.c_str(), "10001", true},
      {"POST: delay-before 1s", 202, media.c_str(), "10001", true},
      {"POST: drip 1ms", 202, media.c_str(), "10001", true},
      {"POST: truncate", 202, media.c_str(), "10001", true},
      {"POST: malformed", 202, media.c_str(), "{\"enroll", true},
      {"POST: content-type text/plain", 202, "text/plain", "10001", true},
      {"POST: status 200", 200, "application/json", "{}", false},
      {"POST: status 400", 400, json, "/cps/v2/error-types/invalid-enrollment\"", false},
      {"POST: status 401", 401, json, "/-/pep-authn/deny", false},
      {"POST: status 403", 403, json, "/-/pep-authn/deny", false},
      {"POST: status 403 invalid-contract", 403, json, "/cps/v2/error-types/invalid-contract", false},
      {"POST: status 404", 404, json, "/error-types/not-found", false},
      {"POST: status 409", 409, json, "/error-types/invalid-enrollment-state", false},
      {"POST: status 409 cannot-cancel-pending-change", 409, json, "\"Cannot cancel pending change\"", false},
      {"POST: status 418", 418, json, "/error-types/request-refused", false},
      {"POST: status 503", 503, json, "/error-types/internal-server-error", false},
      {"POST: status 503 empty", 503, "", "", false},
      {"POST: status 502 html", 502, "text/html", "<H1>An error occurred</H1>", false},
      {"POST: status 503 text", 503, "text/plain", "cannot answer now", false},
      {"POST: status 504 empty after", 504, "", "", true},
      {"POST: limit 5s", 429, json, "HTTP 429 - Too many requests", false},
      {"POST: waf", 400, json, "IPBLOCK-BURST4-54013", false},
      {"POST: skew 45s", 400, json, "Invalid timestamp", false},
      {"POST: skew -31s", 400, json, "Invalid timestamp", false},
      {"POST: skew 10s", 202, media.c_str(), "10001", true},
      {"POST: close-idle", 202, media.c_str(), "10001", true},
      {"POST: limit 5s + truncate 8", 429, json, "HTTP 429", false},
      {"POST: malformed + status 409 after", 409, json, "/error-types/invalid-enrol", true},
      {"POST: content-type text/plain + status 502 html", 502, "text/plain", "<H1>", false},
      {"POST: drop-before + delay 1s", 0, "", "", false},
      {"POST: skew 45s + malformed", 400, json, "Bad request", false},
  };
  for (Case const& c : cases) {
    SUBCASE(c.rule) {
      Bench bench({.faults = {rule(c.rule)}});
      Response const answer = bench.post(dv_body);
      CAPTURE(answer.body);
      CHECK(answer.status == c.status);
      CHECK(answer.content_type == c.type);
      CHECK(answer.body.find(c.body) != std::string::npos);
      CHECK(answer.fault == describe(rule(c.rule).mishap));
      CHECK((bench.get(10001).status == 200) == c.created);
      std::string const log = bench.files.content["folder/requests.log"];
      std::string const first = log.substr(0, log.find('\n'));
      CHECK(at(first, "/fault") == "\"" + answer.fault + "\"");
      CHECK((at(first, "/refused") == "\"\"") == c.created);
      CHECK(at(log.substr(log.find('\n') + 1), "/fault") == "\"\"");
      CHECK(bench.lines.front().find("fault: " + answer.fault) != std::string::npos);
    }
  }
}

TEST_CASE("faults: how a 429 says when to come back") {
  struct Case {
    char const *rule, *name, *value;
  };
  Case const cases[] = {
      {"GET: limit 90s", "Retry-After", "90"},
      {"GET: limit seconds 90s", "Retry-After", "90"},
      {"GET: limit date 90s", "Retry-After", "Mon, 23 Nov 2026 10:16:30 GMT"},
      {"GET: limit next 90s", "X-RateLimit-Next", "2026-11-23T10:16:30.000Z"},
      {"GET: limit mangled 90s", "Retry_After", "90"},
      {"GET: limit silent", "", ""},
  };
  for (Case const& c : cases) {
    SUBCASE(c.rule) {
      Bench bench({.faults = {rule(c.rule)}});
      Response const answer = bench.list();
      CHECK(answer.status == 429);
      REQUIRE(answer.headers.size() == (*c.name == '\0' ? 0 : 1));
      if (answer.headers.empty()) return;
      CHECK(answer.headers.front().name == c.name);
      CHECK(answer.headers.front().value == c.value);
    }
  }
}

}  // namespace
}  // namespace cpsctl::sandbox::test

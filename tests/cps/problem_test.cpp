#include "cps/problem.hpp"

#include "base/random.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;
using namespace std::chrono_literals;

namespace {

WallTime const now = parse_timestamp("2026-11-23T10:00:00Z").value();

http::Response answer(int status, std::string body, std::vector<http::Header> headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}

}  // namespace

TEST_CASE("to_error: the code, what the server did, and CPS's words, whatever the body is") {
  struct Case {
    char const* title;
    int status;
    char const* body;
    Errc code;
    Reached reached;
    char const* says;
  };
  Case const cases[] = {
      {"CPS's problem", 404,
       R"({"type":"https://x/cps/v2/error-types/not-found","title":"Not Found","instance":"https://x/cps/v2/error-types/not-found?id=abc"})",
       Errc::not_found, Reached::no, "Not Found [not-found] (instance https://x/cps/v2/error-types/not-found?id=abc)"},
      {"the gateway's signature problem", 401,
       R"({"type":"https://x/-/pep-authn/deny","title":"Not authorized","status":401,"detail":"The signature does not match"})",
       Errc::unauthorized, Reached::no, "The signature does not match [deny]"},
      {"a wrong clock", 400,
       R"({"type":"https://x/-/pep-authn/request-error","title":"Bad request","detail":"Invalid timestamp"})",
       Errc::unauthorized, Reached::no, "Invalid timestamp"},
      {"a rate limit that comes as 400", 400,
       R"({"type":"/-/pep-authn/request-error","title":"Bad request","detail":"denied by IPBLOCK-BURST4-54013"})",
       Errc::rate_limited, Reached::no, "IPBLOCK-BURST4-54013"},
      {"a rate limit", 429, R"({"title":"HTTP 429 - Too many requests","type":"Too many Requests"})",
       Errc::rate_limited, Reached::no, "Too many"},
      {"a conflict", 409, R"({"type":"/cps/v2/error-types/duplicate","title":"Conflict"})", Errc::conflict, Reached::no,
       "Conflict"},
      {"an HTML page", 500, "<html><head><title>Oops</title></head><body><h1>Server  error</h1></body></html>",
       Errc::unavailable, Reached::unknown, "Oops Server error"},
      {"the edge's page, which writes characters as entities", 403,
       "<HTML><BODY><H1>Access Denied</H1>You don't have permission to access &quot;&lt;host&gt;&quot; &amp; more.<P>"
       "Reference&#32;&#35;18&#x2e;2f &unknown; &#0; &#xD800; &</BODY></HTML>",
       Errc::unauthorized, Reached::no,
       "You don't have permission to access \"<host>\" & more. Reference #18.2f &unknown; &#0; &#xD800; &"},
      {"plain text", 503, "limit reached, retry after 2026-11-23T10:01:00Z", Errc::unavailable, Reached::unknown,
       "limit reached"},
      {"an ApiError text", 400,
       "ApiError(type=/e/invalid-contract, title=Invalid Contract, detail=No such one, source=x)", Errc::refused,
       Reached::no, "Invalid Contract - No such one [invalid-contract]"},
      {"an account that has no right to the contract", 400,
       "ApiError(type=Forbidden, title=Invalid Contract, detail=The current contract does not belong to ACG list., "
       "source=Contract ID: 1-1TJZH5)",
       Errc::unauthorized, Reached::no, "Invalid Contract - The current contract does not belong to ACG list."},
      {"nothing", 502, "", Errc::unavailable, Reached::unknown, "answered with 502"},
      {"a redirect", 302, "", Errc::protocol, Reached::unknown, "answered with 302"},
      {"terminal escapes", 400, "\x1b[2Jgone", Errc::refused, Reached::no, "\\x1b[2Jgone"},
      {"JSON that is not a problem", 400, "[1,2,3]", Errc::refused, Reached::no, "[1,2,3]"},
      {"members of the wrong types", 400, R"({"type":1,"title":["x"],"detail":null})", Errc::refused, Reached::no,
       "answered with 400"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      Error const error = cps::to_error(answer(c.status, c.body), "POST /enrollments", now);
      CHECK(error.code == c.code);
      CHECK(error.reached == c.reached);
      INFO(error.message);
      CHECK(error.message.starts_with("POST /enrollments was answered with"));
      CHECK(error.message.find(c.says) != std::string::npos);
      if (c.status == 400 && error.message.find("ontract does not") != std::string::npos)
        CHECK(error.next.find("a grant for CPS and for this contract") != std::string::npos);
    }
  }
}

TEST_CASE("to_error: a wrong clock is told by how much, from the server's Date or its requestTime") {
  std::string const body = R"({"title":"Bad request","detail":"Invalid timestamp"})";
  auto const error = [&](char const* date) {
    return cps::to_error(answer(400, body, {{.name = "Date", .value = date}}), "GET /x", now).message;
  };
  CHECK(error("Mon, 23 Nov 2026 10:10:00 GMT").find("600 s behind the server's") != std::string::npos);
  CHECK(error("Mon, 23 Nov 2026 09:59:00 GMT").find("60 s ahead of the server's") != std::string::npos);
  CHECK(error("rubbish").find("clock") == std::string::npos);

  std::string const gateway =
      R"({"title":"Bad request","detail":"Invalid timestamp","requestTime":"2026-11-23T10:01:30Z"})";
  auto const dateless = cps::to_error(answer(400, gateway), "GET /x", now).message;
  CHECK(dateless.find("90 s behind the server's") != std::string::npos);
}

TEST_CASE("problem bodies: any bytes are read to an end") {
  SeededRandom random(7);
  std::string const good = R"({"type":"/cps/v2/error-types/x","title":"T","detail":"D","instance":"/x?id=1"})";
  for (int i = 0; i < 20000; ++i) {
    std::string body = random.next() % 2 == 0 ? good : std::string("ApiError(type=a, title=b)");
    for (std::uint64_t n = random.next() % 6; n > 0; --n)
      body[random.next() % body.size()] = static_cast<char>(random.next());
    body.resize(random.next() % (body.size() + 1));
    cps::Problem const problem = cps::parse_problem(400, body);
    for (char const c : problem.title + problem.detail + problem.text) CHECK(static_cast<unsigned char>(c) >= 0x20);
  }
}

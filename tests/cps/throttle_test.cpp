#include "cps/throttle.hpp"

#include "base/random.hpp"

#include <algorithm>

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace std::chrono_literals;

namespace {

WallTime const now = parse_timestamp("2026-11-23T10:00:00Z").value();

http::Response answer(std::vector<http::Header> headers, std::string body = {}) {
  return {.status = 429, .headers = std::move(headers), .body = std::move(body)};
}

}  // namespace

TEST_CASE("advertised_wait: every spelling that has been seen, nothing that makes no sense") {
  struct Case {
    char const *name, *value;
    std::optional<Duration> expect;
  };
  Case const cases[] = {
      {"Retry-After", "30", 30s},
      {"retry-after", " 30 ", 30s},
      {"Retry-After-:", "7", 7s},
      {"retry_after", "7", 7s},
      {"RetryAfter", "7", 7s},
      {"Retry-After", "1.5", 2s},
      {"Retry-After", "Mon, 23 Nov 2026 10:00:45 GMT", 45s},
      {"Retry-After", "2026-11-23T10:00:45Z", 45s},
      {"X-RateLimit-Next", "2026-11-23T10:00:12.500Z", 12500ms},
      {"X-Ratelimit_Next", "2026-11-23T10:00:12.500Z", 12500ms},
      {"Akamai-RateLimit-Next", "2026-11-23T10:00:01Z", 1s},
      {"akamairatelimitnext", "2026-11-23T10:00:01Z", 1s},
      {"RateLimit-Next", "2026-11-23T10:00:01", 1s},
      {"X-RateLimit-Next", "2026-11-23T09:59:00Z", std::nullopt},
      {"X-RateLimit-Next", "2026-11-23T12:00:10+02:00", std::nullopt},
      {"Retry-After", "Mon, 23 Nov 2026 09:00:45 GMT", std::nullopt},
      {"Retry-After", "Mon, 23 Nov 2026 -1:00:45 GMT", std::nullopt},
      {"Retry-After", "0", std::nullopt},
      {"Retry-After", "-5", std::nullopt},
      {"Retry-After", "601", 10min},
      {"Retry-After", "86400", 10min},
      {"Retry-After", "86401", std::nullopt},
      {"Retry-After", "999999999", std::nullopt},
      {"Retry-After", "99999999999999999999", std::nullopt},
      {"Retry-After", "5 bananas", std::nullopt},
      {"Retry-After", "soon", std::nullopt},
      {"Retry-After", "", std::nullopt},
      {"X-RateLimit-Limit", "35", std::nullopt},
      {"X-RateLimit-Next", "9999-12-31T23:59:59Z", std::nullopt},
  };
  for (Case const& c : cases) {
    CAPTURE(c.name);
    CAPTURE(c.value);
    CHECK(cps::advertised_wait(answer({{.name = c.name, .value = c.value}}), now) == c.expect);
  }
}

TEST_CASE("advertised_wait: a time inside the body counts when no header has one") {
  struct Case {
    char const* body;
    std::optional<Duration> expect;
  };
  Case const cases[] = {
      {"Your account's limit is reached, retry after 2026-11-23T10:00:30Z.", 30s},
      {"Your account's limit is reached. Retry-After: 2026-11-23T10:00:30.250Z", 30250ms},
      {"Too many requests, try after 2026-11-23T10:00:30.001Z", 30001ms},
      {"error 429001: try after 2026-11-23T10:00:30Z", 30s},
      {R"({"title":"Too many","next":"2026-11-23T10:00:20Z","requestTime":"2026-11-23T10:00:00Z"})", 20s},
      {"limit reached, please retry in 20 seconds", std::nullopt},
      {R"({"title":"Too many","detail":"retry after 2026-11-23T10:00:30Z","x":1})", 30s},
      {"retry 3 times", std::nullopt},
      {R"({"detail":"retry later","status":503})", std::nullopt},
      {"Please retry. Error 503.", std::nullopt},
      {"retry after 2026-11-23T09:00:30Z", std::nullopt},
      {"HTTP 429 - too many requests, 35 a minute", std::nullopt},
      {"retry", std::nullopt},
      {"", std::nullopt},
  };
  for (Case const& c : cases) {
    CAPTURE(c.body);
    CHECK(cps::advertised_wait(answer({}, c.body), now) == c.expect);
  }
  CHECK(cps::advertised_wait(answer({{.name = "Retry-After", .value = "5"}}, "try after 2026-11-23T10:00:30Z"), now) ==
        5s);
}

TEST_CASE("advertised_wait: of several times the longest, against the server's own clock") {
  http::Response const both =
      answer({{.name = "Retry-After", .value = "5"}, {.name = "X-RateLimit-Next", .value = "2026-11-23T10:00:08Z"}});
  CHECK(cps::advertised_wait(both, now) == 8s);
  http::Response const dated = answer({{.name = "Date", .value = "Mon, 23 Nov 2026 10:30:00 GMT"},
                                       {.name = "Akamai-RateLimit-Next", .value = "2026-11-23T10:30:04.125Z"}});
  CHECK(cps::advertised_wait(dated, now) == 4125ms);
}

TEST_CASE("advertised_wait: any bytes give no wait, or one that is neither negative nor longer than ten minutes") {
  SeededRandom random(11);
  std::vector<std::string> const good{"30", "Mon, 23 Nov 2026 10:00:45 GMT", "2026-11-23T10:00:12.500Z",
                                      "limit reached, retry after 2026-11-23T10:00:30Z"};
  std::vector<std::string> const names{"Retry-After", "X-RateLimit-Next", "Date", "Akamai-RateLimit-Next"};
  int waits = 0;
  for (int i = 0; i < 100'000; ++i) {
    auto const mutated = [&] {
      std::string text = good[random.next() % good.size()];
      for (std::uint64_t n = random.next() % 4; n > 0; --n)
        text[random.next() % text.size()] =
            random.next() % 2 == 0 ? static_cast<char>('0' + random.next() % 10) : static_cast<char>(random.next());
      text.resize(random.next() % 8 == 0 ? random.next() % (text.size() + 1) : text.size());
      return text;
    };
    http::Response const response = answer({{.name = names[random.next() % names.size()], .value = mutated()},
                                            {.name = names[random.next() % names.size()], .value = mutated()}},
                                           mutated());
    auto const wait = cps::advertised_wait(response, now);
    CHECK((!wait || (*wait > 0ms && *wait <= cps::longest_pause)));
    if (wait) ++waits;
  }
  CHECK(waits > 10'000);
}

TEST_CASE("a pause is as long as told, or a minute, and at most a tenth longer") {
  CHECK(cps::pause_after(30s, 0.0) == 30s);
  CHECK(cps::pause_after(30s, 0.999) < 33s);
  CHECK(cps::pause_after(30s, 0.999) > 32s);
  CHECK(cps::pause_after(std::nullopt, 0.0) == 60s);
}

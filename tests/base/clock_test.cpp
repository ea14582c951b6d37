#include "base/clock.hpp"

#include "base/random.hpp"
#include "base/secret.hpp"

#include <set>

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace std::chrono_literals;

TEST_CASE("parse_day: days of the calendar and nothing else") {
  CHECK(day_text(parse_day("2026-12-01").value()) == "2026-12-01");
  CHECK(day_text(parse_day("2028-02-29").value()) == "2028-02-29");
  for (char const* bad : {"2026-02-29", "2026-13-01", "2026-12-1", "12-07-2020", "2026-12-01T00:00:00Z", "",
                          "2026/12/01", "-026-12-01", "2026-+1-01", "0000-00-00"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_day(bad));
  }
}

TEST_CASE("timestamp and parse_timestamp are inverse") {
  for (char const* text : {"2026-11-23T10:15:00Z", "1970-01-01T00:00:00Z", "2026-11-23T10:15:00.250Z"}) {
    CHECK(timestamp(parse_timestamp(text).value()) == text);
  }
  CHECK(timestamp(parse_timestamp("2026-11-23T10:15:00.2509Z").value()) == "2026-11-23T10:15:00.250Z");
  CHECK(timestamp(parse_timestamp("2026-11-23t10:15:00+00:00").value()) == "2026-11-23T10:15:00Z");
  for (char const* bad : {"2026-11-23", "2026-11-23T25:00:00Z", "2026-11-23T10:15:00", "2026-11-23T10:15:00.Z",
                          "2026-11-23T10:15:00+01:00", "rubbish", ""}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_timestamp(bad));
  }
}

TEST_CASE("parse_duration: a whole number and a unit") {
  CHECK(parse_duration("90s").value() == 90s);
  CHECK(parse_duration("50m").value() == 50min);
  CHECK(parse_duration("2h").value() == 2h);
  CHECK(parse_duration("30d").value() == 720h);
  CHECK(parse_duration("250ms").value() == 250ms);
  for (char const* bad : {"", "90", "s", "-1s", "1.5h", "1w", "99999999999999999999s", "9999999999d", " 1s", "1 s"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad));
  }
}

TEST_CASE("duration_text: at most two units, the largest first") {
  CHECK(duration_text(0ms) == "0 ms");
  CHECK(duration_text(250ms) == "250 ms");
  CHECK(duration_text(90s) == "1 min 30 s");
  CHECK(duration_text(2h) == "2 h");
  CHECK(duration_text(1500ms) == "1 s");
  CHECK(duration_text(25h + 3s) == "1 d 1 h");
}

TEST_CASE("random: nonces are version 4 UUIDs and do not repeat; a seed repeats") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    std::string const id = system_random().uuid();
    REQUIRE(id.size() == 36);
    CHECK(id[14] == '4');
    CHECK(std::string("89ab").find(id[19]) != std::string::npos);
    CHECK(seen.insert(id).second);
  }
  SeededRandom one(7);
  SeededRandom two(7);
  for (int i = 0; i < 100; ++i) {
    CHECK(one.next() == two.next());
    double const u = one.unit();
    two.unit();
    CHECK(u >= 0.0);
    CHECK(u < 1.0);
  }
}

TEST_CASE("secret: moves, and leaves nothing behind") {
  Secret one("token");
  Secret const two(std::move(one));
  CHECK(two.reveal() == "token");
  CHECK(one.empty());
}

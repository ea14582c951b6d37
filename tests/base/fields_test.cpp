#include "base/fields.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;

namespace {

struct Grown {
  static constexpr std::size_t always_written = 2;
  int zeal = 0;
  std::string name = {};
  std::vector<std::string> list = {};
  bool allow = false;
  Duration after = std::chrono::hours(2);
  bool operator==(Grown const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Grown, (), (zeal, name, list, allow, after))

struct Around {
  Grown grown = {};
  int last = 7;
};
BOOST_DESCRIBE_STRUCT(Around, (), (grown, last))

std::string canonical(Around const& value) {
  rapidjson::StringBuffer buffer;
  json::CanonicalWriter writer(buffer);
  fields::write(value, writer);
  return json::written(buffer);
}

}  // namespace

TEST_CASE("fields: members that came later are left out while they have their defaults, in every form") {
  Around around;
  constexpr char const* before = R"({"grown":{"zeal":0,"name":""},"last":7})";
  CHECK(fields::to_text(around) == before);
  CHECK(json::compact(fields::document(around)) == before);
  CHECK(canonical(around) == R"({"grown":{"name":"","zeal":0},"last":7})");
  around.grown = {.zeal = 1, .name = "x", .list = {"a"}, .allow = true, .after = std::chrono::minutes(90)};
  CHECK(fields::to_text(around) ==
        R"({"grown":{"zeal":1,"name":"x","list":["a"],"allow":true,"after":"90m"},"last":7})");
  CHECK(canonical(around) == R"({"grown":{"after":"90m","allow":true,"list":["a"],"name":"x","zeal":1},"last":7})");
  Around read;
  CHECK(fields::from_json(fields::document(around), read));
  CHECK(read.grown == around.grown);
}

TEST_CASE("fields: a duration is written as people write it, and read again") {
  for (char const* text : {"0d", "250ms", "90s", "90m", "2h", "30d", "1501ms"}) {
    CAPTURE(text);
    Duration const duration = parse_duration(text).value();
    CHECK(fields::to_text(duration) == '"' + std::string(text) + '"');
    Duration read{};
    CHECK(fields::from_json(fields::document(duration), read));
    CHECK(read == duration);
  }
  Duration read{};
  CHECK_FALSE(fields::from_json(json::parse("7200", "a number").value(), read));
}

// check() is total: any JSON gives a list of problems, never an exception, and every problem points into the document.
#include "base/random.hpp"
#include "schema/schema.hpp"

#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;

namespace {

class Generator {
 public:
  Generator(SeededRandom& random, json::Pool& pool) : random_(random), pool_(pool) {}

  /// Anything, but now and then under names and with values that the schema knows.
  json::Value value(schema::Field const* field, int depth) {
    auto const kind = random_.next() % (depth > 0 ? 9 : 6);
    switch (kind) {
      case 0: return json::Value();
      case 1: return json::Value(random_.next() % 2 == 0);
      case 2: return json::Value(static_cast<std::int64_t>(random_.next()));
      case 3: return json::Value(random_.unit() * 1e18);
      case 4: return json::string(text(field), pool_);
      case 5: return json::Value(static_cast<std::uint64_t>(random_.next()));
      case 6: return list(field, depth);
      default: return object(field, depth);
    }
  }

  json::Value object(schema::Field const* field, int depth) {
    json::Value object(rapidjson::kObjectType);
    for (auto n = random_.next() % 8; n > 0; --n) {
      bool const known = field != nullptr && !field->order.empty() && random_.next() % 4 != 0;
      std::string const name = known ? field->order[random_.next() % field->order.size()] : text(nullptr);
      json::set(object, name, value(field != nullptr ? field->child(name) : nullptr, depth - 1), pool_);
    }
    return object;
  }

 private:
  std::string text(schema::Field const* field) {
    if (field != nullptr && !field->enumeration.empty() && random_.next() % 2 == 0)
      return field->enumeration[random_.next() % field->enumeration.size()];
    constexpr std::string_view pieces[] = {"a",    "Z",          ".",    "*", "-", "@", "ü",
                                           "\x01", "2026-12-01", "xn--", " ", "/", "~", "%"};
    std::string made;
    for (auto n = random_.next() % 8; n > 0; --n) made += pieces[random_.next() % std::size(pieces)];
    return made;
  }

  json::Value list(schema::Field const* field, int depth) {
    json::Value array(rapidjson::kArrayType);
    schema::Field const* const inner = field != nullptr ? field->items.get() : nullptr;
    for (auto n = random_.next() % 4; n > 0; --n) array.PushBack(value(inner, depth - 1), pool_);
    return array;
  }

  SeededRandom& random_;
  json::Pool& pool_;
};

}  // namespace

TEST_CASE("check: any document gives problems that point into it, and parts never more than wholes") {
  constexpr int rounds = 3000;
  SeededRandom random(20261123);
  std::size_t problems = 0, documents = 0;
  for (std::string const& name : schema::names()) {
    auto const known = schema::named(name).value();
    for (int i = 0; i < rounds; ++i) {
      CAPTURE(name);
      CAPTURE(i);
      ++documents;
      json::Document document;
      Generator generator(random, document.GetAllocator());
      static_cast<json::Value&>(document) =
          i % 8 == 0 ? generator.value(&known->root(), 6) : generator.object(&known->root(), 6);
      auto const whole = schema::check(document, known->root(), {}, "/spec/here");
      auto const part =
          schema::check(document, known->root(), {.completeness = schema::Completeness::partial}, "/spec/here");
      problems += whole.size();
      REQUIRE(part.size() <= whole.size());
      for (auto const& problem : whole) {
        REQUIRE(problem.pointer.starts_with("/spec/here"));
        REQUIRE(json::at(document, std::string_view(problem.pointer).substr(10)) != nullptr);
        REQUIRE(!problem.message.empty());
        REQUIRE(problem.rule.starts_with("CPS00"));
      }
    }
  }
  MESSAGE(documents, " documents, ", problems, " problems");
}

#pragma once
#include "base/random.hpp"
#include "schema/schema.hpp"

#include <iterator>
#include <string>

/// Documents drawn from the schema itself, so that every field takes part in a property.
namespace cpsctl {

/// Draws documents that the schema allows.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  /// A document with about `percent` of the fields that may be absent.
  json::Document document(schema::Field const& root, unsigned percent) {
    json::Document made;
    static_cast<json::Value&>(made) = object(root, percent, made.GetAllocator());
    return made;
  }

  std::uint64_t below(std::uint64_t limit) { return random_.next() % limit; }
  bool chance(unsigned percent) { return below(100) < percent; }

  /// Any value of a field, null among them where it may be.
  json::Value value(schema::Field const& field, unsigned percent, json::Pool& pool) {
    schema::Type const type = field.types.at(below(field.types.size()));
    switch (type) {
      case schema::Type::object: return object(field, percent, pool);
      case schema::Type::array: return array(field, percent, pool);
      case schema::Type::string: return json::string(text(field), pool);
      case schema::Type::integer: return json::Value(static_cast<std::int64_t>(below(4)));
      case schema::Type::number: return json::Value(static_cast<double>(below(4)) / 2);
      case schema::Type::boolean: return json::Value(chance(50));
      case schema::Type::null: return json::Value();
    }
    return json::Value();
  }

 private:
  json::Value object(schema::Field const& field, unsigned percent, json::Pool& pool) {
    json::Value made(rapidjson::kObjectType);
    for (std::string const& name : field.order)
      if (chance(percent)) json::set(made, name, value(*field.properties.at(name), percent, pool), pool);
    return made;
  }

  json::Value array(schema::Field const& field, unsigned percent, json::Pool& pool) {
    json::Value made(rapidjson::kArrayType);
    for (auto n = below(4); n > 0; --n) made.PushBack(value(*field.items, percent, pool), pool);
    return made;
  }

  /// From few words, so that equal values are drawn often.
  std::string text(schema::Field const& field) {
    if (!field.enumeration.empty()) return field.enumeration[below(field.enumeration.size())];
    constexpr char const* hosts[] = {"a.example",   "A.Example.",     "b.example",
                                     "*.c.example", "bücher.example", "xn--bcher-kva.example"};
    constexpr char const* words[] = {"", "US", "caf\u00e9", "cafe\u0301", "TLSv1"};
    return field.normalize == schema::Normalize::hostname ? hosts[below(std::size(hosts))]
                                                          : words[below(std::size(words))];
  }

  SeededRandom random_;
};

}  // namespace cpsctl

// Properties of the diff over documents that are drawn from the schema itself, so that every field takes part.
#include "base/random.hpp"
#include "base/text.hpp"
#include "diff/compare.hpp"
#include "diff/generator.hpp"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;

namespace {

constexpr int rounds = 2000;

/// Every pointer of `document` with its leaf value.
template <class Visit>
void each_leaf(json::Value const& value, std::string const& at, Visit const& visit) {
  if (!value.IsObject()) return visit(at, value);
  for (auto const& member : value.GetObject()) each_leaf(member.value, json::child(at, json::view(member.name)), visit);
}

/// The same document in another spelling: sets turned round, host names in capitals, texts unchanged.
void respell(json::Value& value, schema::Field const& field, json::Pool& pool) {
  if (value.IsObject()) {
    for (auto& member : value.GetObject())
      if (auto const* const inner = field.child(json::view(member.name)); inner != nullptr)
        respell(member.value, *inner, pool);
  } else if (value.IsArray()) {
    for (json::Value& element : value.GetArray()) respell(element, *field.items, pool);
    if (field.list == schema::ListKind::set) std::reverse(value.Begin(), value.End());
  } else if (value.IsString() && field.normalize == schema::Normalize::hostname) {
    std::string text(json::view(value));
    for (char& c : text)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    value = json::string(text + (text.ends_with('.') ? "" : "."), pool);
  }
}

template <class Property>
void hold(std::string const& what, Property const& property) {
  std::size_t documents = 0, changes = 0;
  for (std::string const& version : schema::enrollment_versions()) {
    auto const schema = schema::enrollment(version).value();
    Generator generator(4711);
    for (int i = 0; i < rounds; ++i) {
      CAPTURE(version);
      CAPTURE(i);
      unsigned const percent = 20 + static_cast<unsigned>(generator.below(80));
      auto desired = generator.document(schema->root(), percent);
      auto live = generator.document(schema->root(), 70);
      CAPTURE(json::compact(desired));
      CAPTURE(json::compact(live));
      changes += diff::compare(desired, live, *schema).size();
      property(desired, live, *schema);
      ++documents;
    }
  }
  MESSAGE(what, ": ", documents, " pairs with ", changes, " changes");
}

}  // namespace

TEST_CASE("property: a document does not differ from itself") {
  hold("itself", [](auto const& desired, auto const&, auto const& schema) {
    REQUIRE(diff::compare(desired, desired, schema).empty());
  });
}

TEST_CASE("property: after an update nothing differs, and the next update has nothing to do") {
  hold("update", [](auto const& desired, auto const& live, auto const& schema) {
    auto const body = diff::update_body(desired, live, schema);
    auto const left = diff::compare(desired, body, schema);
    std::string const first = left.empty() ? "" : left.front().pointer;
    REQUIRE(first == "");
    REQUIRE(json::equal(diff::update_body(desired, body, schema), body));
    if (diff::compare(desired, live, schema).empty()) return;
    REQUIRE(!json::equal(body, live));
  });
}

TEST_CASE("property: the order of a set and the letter case of a host are not a difference") {
  hold("spelling", [](auto const& desired, auto const& live, auto const& schema) {
    auto respelled = json::clone(desired);
    respell(respelled, schema.root(), respelled.GetAllocator());
    REQUIRE(diff::compare(respelled, desired, schema).empty());
    REQUIRE(diff::compare(desired, respelled, schema).empty());
    auto const one = diff::compare(desired, live, schema), other = diff::compare(respelled, live, schema);
    REQUIRE(std::ranges::equal(one, other, {}, &diff::Change::pointer, &diff::Change::pointer));
  });
}

TEST_CASE("property: an update keeps every field that nobody manages") {
  hold("unmanaged", [](auto const& desired, auto const& live, auto const& schema) {
    auto richer = json::clone(live);
    json::set(richer, "unheardOf", json::Value(live, richer.GetAllocator()), richer.GetAllocator());
    auto const body = diff::update_body(desired, richer, schema);
    each_leaf(richer, "", [&](std::string const& at, json::Value const& value) {
      bool managed = json::at(desired, at) != nullptr && !schema.at(at)->read_only;
      for (auto end = at.rfind('/'); end != std::string::npos && end > 0 && !managed; end = at.rfind('/', end - 1)) {
        json::Value const* const around = json::at(desired, std::string_view(at).substr(0, end));
        managed = around != nullptr && !around->IsObject();  // a null above takes the field with it
      }
      if (managed) return;
      CAPTURE(at);
      json::Value const* const kept = json::at(body, at);
      bool const refilled =
          value.IsNull() && kept != nullptr && kept->IsObject();  // null became an object of managed fields
      REQUIRE((refilled || (kept != nullptr && json::equal(*kept, value))));
    });
  });
}

TEST_CASE("property: a create carries nothing of CPS's own and nothing deferred, and the rest untouched") {
  hold("create", [](auto const& desired, auto const&, auto const& schema) {
    auto const body = diff::create_body(desired, schema);
    each_leaf(body, "", [&](std::string const& at, json::Value const&) {
      CAPTURE(at);
      if (at.empty()) return;
      REQUIRE(!schema.at(at)->read_only);
      REQUIRE(!schema.at(at)->defer_on_create);
    });
    // Canonical, but the same in all that a create carries.
    CHECK(diff::compare(body, desired, schema).empty());
    auto const deferred = diff::deferred_on_create(desired, schema);
    for (std::string const& at : deferred) {
      REQUIRE(json::at(desired, at) != nullptr);
      REQUIRE(json::at(body, at) == nullptr);
    }
    bool const second_write = !diff::compare(desired, body, schema).empty();
    REQUIRE(second_write == !deferred.empty());
  });
}

TEST_CASE("property: changes tell the truth about both sides") {
  hold("changes", [](auto const& desired, auto const& live, auto const& schema) {
    for (auto const& change : diff::compare(desired, live, schema)) {
      CAPTURE(change.pointer);
      json::Value const* const before = json::at(live, change.pointer);
      REQUIRE((before == nullptr) == (change.live == nullptr));
      if (before != nullptr) REQUIRE(json::equal(*before, *change.live));
      REQUIRE(json::equal(*json::at(desired, change.pointer), *change.desired));
      REQUIRE(change.effect == schema.at(change.pointer)->effect);
      REQUIRE(change.set == (!change.added.empty() || !change.removed.empty()));
    }
  });
}

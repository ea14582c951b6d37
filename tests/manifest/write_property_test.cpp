// Whatever CPS holds, its manifests load without errors and differ in nothing. Documents are drawn from the schema, so
// that every field takes part; what a bad day could bring is mixed in.
#include "diff/compare.hpp"
#include "findings.hpp"
#include "live.hpp"
#include "manifest/write.hpp"

#include <algorithm>
#include <set>

#include <doctest/doctest.h>

using namespace cpsctl;
using manifest::Found;

namespace {

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  /// Enrollments of one contract; organisations, networks and names repeat.
  std::vector<Found> account() {
    oddity_ = chance(30) ? below(12) : 0;
    std::vector<json::Document> shared;
    for (auto n = 1 + below(3); n > 0; --n) shared.push_back(enrollment("v12"));
    std::vector<Found> all;
    for (auto n = 1 + below(12); n > 0; --n) {
      std::string const version = chance(70) ? "v11" : "v12";
      auto live = enrollment(version);
      borrow(live, shared[below(shared.size())]);
      all.push_back({.id = next_id_++,
                     .contract = chance(80) ? "1-1TJZH5" : "C-2",
                     .account_key = chance(90) ? "" : "1-5C0YLB:1-8BYUX",
                     .api_schema = version,
                     .document = json::share(live)});
    }
    return all;
  }

  std::uint64_t below(std::uint64_t limit) { return random_.next() % limit; }
  bool chance(std::uint64_t percent) { return below(100) < percent; }

 private:
  /// One whose fields go together, mostly.
  json::Document enrollment(std::string const& version) {
    auto const schema = schema::enrollment(version).value();
    json::Document live;
    json::Value value = object(schema->root(), live.GetAllocator());
    static_cast<json::Value&>(live).Swap(value);
    constexpr std::array<std::array<char const*, 3>, 4> kinds{{{"lets-encrypt", "dv", "san"},
                                                               {"symantec", "ov", "san"},
                                                               {"symantec", "ev", "single"},
                                                               {"third-party", "third-party", "third-party"}}};
    auto const& kind = kinds[below(kinds.size())];
    bool const is_third_party = std::string_view(kind[0]) == "third-party";
    if (!odd()) {
      manifest::put(live, "/ra", fmt::format("\"{}\"", kind[0]));
      manifest::put(live, "/validationType", fmt::format("\"{}\"", kind[1]));
      manifest::put(live, "/certificateType", fmt::format("\"{}\"", kind[2]));
      manifest::put(live, "/thirdParty", is_third_party ? R"({"excludeSans": true})" : "null");
      manifest::put(live, "/enableMultiStackedCertificates", is_third_party && chance(50) ? "true" : "false");
      if (!is_third_party && chance(50)) json::remove(live, "enableMultiStackedCertificates");
    }
    return live;
  }

  /// What an account's enrollments have in common.
  void borrow(json::Document& live, json::Document const& from) {
    for (auto const& member : from.GetObject()) {
      if (!member.value.IsObject() || !chance(70)) continue;
      json::Value copy(member.value, live.GetAllocator());
      std::string_view const name = json::view(member.name);
      if (json::Value const* const own = json::find(live, name); own != nullptr && own->IsObject())
        for (auto const& inner : own->GetObject())
          if (inner.value.IsArray() || json::view(inner.name) == "cn")
            json::set(copy, json::view(inner.name), json::Value(inner.value, live.GetAllocator()), live.GetAllocator());
      if (name != "thirdParty") json::set(live, name, std::move(copy), live.GetAllocator());
    }
  }

  bool odd() { return oddity_ > 0 && chance(oddity_); }

  json::Value object(schema::Field const& field, json::Pool& pool) {
    json::Value made(rapidjson::kObjectType);
    for (std::string const& name : field.order) {
      bool const required = std::ranges::find(field.required, name) != field.required.end();
      if (odd() || (!required && chance(15))) continue;
      json::set(made, name, value(*field.properties.at(name), required, pool), pool);
    }
    if (odd()) json::set(made, chance(50) ? "fipsMode" : "new/Field~", json::Value(true), pool);
    return made;
  }

  json::Value value(schema::Field const& field, bool required, json::Pool& pool) {
    if (odd()) return strange(pool);
    if (field.nullable() && !required && chance(15)) return json::Value();
    schema::Type const type = field.types.front();
    switch (type) {
      case schema::Type::object: return object(field, pool);
      case schema::Type::array: return array(field, pool);
      case schema::Type::string: return json::string(text(field), pool);
      case schema::Type::integer: return json::Value(static_cast<std::int64_t>(below(4)));
      case schema::Type::number: return json::Value(static_cast<double>(below(4)) / 2);
      case schema::Type::boolean: return json::Value(chance(60));
      case schema::Type::null: return json::Value();
    }
    return json::Value();
  }

  json::Value strange(json::Pool& pool) {
    constexpr char const* values[] = {
        "null", "7", "[]", "{}", "[1]", R"({"a": {"b": 1}})", "true", R"("x")", R"("${env:A}")", "[null]", "1.5"};
    return json::parse_into(pool, values[below(std::size(values))], "a value").value();
  }

  json::Value array(schema::Field const& field, json::Pool& pool) {
    json::Value made(rapidjson::kArrayType);
    for (auto n = below(5); n > 0; --n) made.PushBack(value(*field.items, true, pool), pool);
    return made;
  }

  std::string text(schema::Field const& field) {
    constexpr char const* hosts[] = {"a.example",
                                     "A.Example.",
                                     "b.example",
                                     "www.example.com",
                                     "*.c.example",
                                     "bücher.example",
                                     "xn--bcher-kva.example",
                                     "a-example"};
    constexpr char const* words[] = {"",      "US",      "caf\u00e9", "cafe\u0301", "02142", "no",  "1e3",     "~",
                                     " pad ", "a: b #c", "Line\nTwo", "\x7f\x01",   "\"q\\", "- x", "{[*&!%@`"};
    if (!field.enumeration.empty()) return field.enumeration[below(field.enumeration.size())];
    if (field.matches) {
      constexpr char const* fitting[] = {"US", "TLSv1", "TLSv1_1", "TLSv1_2", "no"};
      for (;;)
        if (char const* const word = fitting[below(std::size(fitting))]; field.matches(word)) return word;
    }
    if (field.normalize == schema::Normalize::hostname) return hosts[below(odd() ? std::size(hosts) : 4)];
    if (field.format == "email") return chance(80) ? "ana@example.com" : "";
    return words[below(chance(60) ? 3 : std::size(words))];
  }

  SeededRandom random_;
  std::uint64_t oddity_ = 0;  ///< percent of the values that are none that CPS documents
  std::int64_t next_id_ = 10'001;
};

std::string errors_of(std::vector<Finding> const& findings) {
  std::string text;
  for (Finding const& finding : findings)
    if (finding.severity == Severity::error) text += manifest::line(finding) + "\n";
  return text;
}

/// What `live` says and the manifest does not, beyond what was noted.
std::string unsaid(json::Value const& live, manifest::Desired const& desired, std::int64_t id,
                   std::vector<manifest::WriteNote> const& notes) {
  auto const schema = schema::enrollment(desired.api_schema).value();
  std::string text;
  for (auto const& change : diff::compare(live, *desired.enrollment, *schema)) {
    std::string const field = json::dotted(change.pointer);
    bool const noted = std::ranges::any_of(notes, [&](manifest::WriteNote const& note) {
      return note.id == id && (field == note.field || field.starts_with(note.field + "."));
    });
    bool const null_of_nothing = change.desired != nullptr && change.desired->IsNull();
    bool const nothing = change.desired != nullptr && json::compact(*change.desired) == "[]";
    if (!noted && !null_of_nothing && !nothing) text += desired.name + " " + field + "\n";
  }
  return text;
}

/// Runs `property` over accounts with a fixed seed: (found, written, loaded).
template <class Property>
void hold(std::string const& what, int accounts, std::uint64_t seed, Property const& property) {
  Generator generator(seed);
  std::size_t enrollments = 0, files = 0, profiles = 0, left_out = 0;
  for (int i = 0; i < accounts; ++i) {
    auto const all = generator.account();
    auto const written = manifest::write_manifests(all, {}).value();
    CAPTURE(i);
    property(all, written, generator);
    enrollments += all.size();
    files += written.names.size();
    profiles += written.profiles;
    left_out += written.notes.size();
  }
  MESSAGE(what, ": ", accounts, " accounts, ", enrollments, " enrollments, ", files, " manifests, ", profiles,
          " profiles, ", left_out, " notes");
}

}  // namespace

TEST_CASE("property: what was written loads, and differs from live in nothing") {
  hold("import", 400, 20261126, [](auto const& all, auto const& written, auto&) {
    if (written.files.empty()) return;
    std::string const text = manifest::stream(written);
    CAPTURE(text);
    auto const loaded = manifest::load_text(text);
    std::string const errors = errors_of(loaded.findings);
    REQUIRE(errors == "");
    REQUIRE(loaded.desired.size() == written.names.size());
    REQUIRE(loaded.profiles == written.profiles);
    for (std::size_t i = 0; i < loaded.desired.size(); ++i) {
      auto const& desired = loaded.desired[i];
      REQUIRE(desired.name == written.names[i].name);
      auto const live = std::ranges::find(all, written.names[i].id, &Found::id);
      REQUIRE(desired.contract == live->contract);
      REQUIRE(desired.account_key == live->account_key);
      REQUIRE(desired.api_schema == live->api_schema);
      auto const schema = schema::enrollment(desired.api_schema).value();
      CAPTURE(json::compact(*live->document));
      for (auto const& change : diff::compare(*desired.enrollment, *live->document, *schema))
        REQUIRE(desired.name + change.pointer == "");
      std::string const missing = unsaid(*live->document, desired, live->id, written.notes);
      REQUIRE(missing == "");
    }
  });
}

TEST_CASE("property: every enrollment gets a manifest or a reason, and every name and file is its own") {
  hold("complete", 400, 20261127, [](auto const& all, auto const& written, auto&) {
    std::set<std::int64_t> ids;
    std::set<std::string> names, paths;
    for (auto const& one : written.names) {
      ids.insert(one.id);
      names.insert(text::lower(one.name));
    }
    REQUIRE(names.size() == written.names.size());
    REQUIRE(ids.size() == written.names.size());
    for (auto const& file : written.files) paths.insert(text::lower(file.path));
    REQUIRE(paths.size() == written.names.size() + (written.profiles > 0 ? 1 : 0));
    for (auto const& note : written.notes)
      if (note.kind == manifest::NoteKind::enrollment_left_out) {
        REQUIRE(!std::ranges::any_of(written.names, [&](auto const& one) { return one.id == note.id; }));
        ids.insert(note.id);
      }
    REQUIRE(ids.size() == all.size());
  });
}

TEST_CASE("property: the order of the list changes no byte") {
  hold("order", 200, 20261128, [](auto const& all, auto const& written, auto& generator) {
    auto shuffled = all;
    for (std::size_t i = shuffled.size(); i > 1; --i) std::swap(shuffled[i - 1], shuffled[generator.below(i)]);
    auto const again = manifest::write_manifests(shuffled, {}).value();
    REQUIRE(manifest::stream(again) == manifest::stream(written));
    REQUIRE(again.notes == written.notes);
  });
}

TEST_CASE("property: profiles say nothing that an enrollment does not say without them") {
  hold("factor", 100, 20261129, [](auto const& all, auto const& written, auto&) {
    if (written.files.empty()) return;
    auto const plain = manifest::write_manifests(all, {.factor = manifest::Factor::no}).value();
    auto const with = manifest::load_text(manifest::stream(written));
    auto const without = manifest::load_text(manifest::stream(plain));
    REQUIRE(with.desired.size() == without.desired.size());
    for (std::size_t i = 0; i < with.desired.size(); ++i)
      REQUIRE(json::equal(*with.desired[i].enrollment, *without.desired[i].enrollment));
    REQUIRE(plain.notes == written.notes);
  });
}

#include "schema/schema.hpp"

#include <chrono>
#include <set>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;

namespace {

template <class Visit>
void each_field(schema::Field const& field, Visit const& visit) {
  visit(field);
  for (auto const& name : field.order) each_field(*field.properties.at(name), visit);
  for (auto const* const inner : {field.items.get(), field.values.get()})
    if (inner != nullptr) each_field(*inner, visit);
}

std::optional<std::string_view> nothing(std::string_view) {
  return std::nullopt;
}

/// The embedded schemas.
std::optional<std::string_view> embedded(std::string_view name) {
  for (EmbeddedFile const& file : schema::embedded_schemas())
    if (file.name == name) return file.text;
  return std::nullopt;
}

std::string failure(std::string_view text, schema::Schema::Resolver const& resolve = nothing) {
  auto const made = schema::Schema::compile("test", text, resolve);
  return made ? "" : made.error().message;
}

}  // namespace

TEST_CASE("schemas: all of them compile, and their printed form compiles to the same fields on its own") {
  CHECK(schema::names() == std::vector<std::string>{"challenges.v1", "csr.v1", "enrollment.v11", "enrollment.v12",
                                                    "findings.v1", "manifest", "plan.v1", "project", "result.v1",
                                                    "status.v1"});
  for (std::string const& name : schema::names()) {
    CAPTURE(name);
    auto const begun = std::chrono::steady_clock::now();
    auto const made = schema::Schema::compile(name, *embedded(name), embedded);
    std::chrono::duration<double, std::milli> const took = std::chrono::steady_clock::now() - begun;
    REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
    auto const again = schema::Schema::compile(name, (*made)->text(), nothing);
    REQUIRE_MESSAGE(again, (again ? "" : again.error().message));
    CHECK((*again)->text() == (*made)->text());
    std::size_t fields = 0;
    each_field((*made)->root(), [&](schema::Field const& field) {
      ++fields;
      CAPTURE(field.pointer);
      schema::Field const* const same = (*again)->at(field.pointer);
      REQUIRE(same != nullptr);
      CHECK(same->types == field.types);
      CHECK(same->required == field.required);
      CHECK(same->order == field.order);
      CHECK(same->effect == field.effect);
      CHECK(same->title == field.title);
    });
    MESSAGE(name, ": ", fields, " fields, compiled in ", took.count(), " ms");
  }
}

TEST_CASE("schemas: every field that people write says what it is, and its examples are valid") {
  std::size_t examples = 0;
  for (std::string const& name : schema::names()) {
    auto const made = schema::named(name).value();
    each_field(made->root(), [&](schema::Field const& field) {
      CAPTURE(name);
      CAPTURE(field.pointer);
      bool const element = field.name == "-";
      CHECK((element || !field.title.empty()));
      json::Value const* const given = json::find(field.annotations.get(), "examples");
      if (given == nullptr || field.read_only) return;
      for (json::Value const& example : given->GetArray()) {
        ++examples;
        CHECK(schema::check(example, field, {}).empty());
      }
    });
  }
  MESSAGE(examples, " examples");
}

TEST_CASE("schemas: version 12 is version 11 and one field") {
  std::set<std::string> fields[2];
  for (int i = 0; i < 2; ++i)
    each_field(schema::enrollment(i == 0 ? "v11" : "v12").value()->root(),
               [&](schema::Field const& field) { fields[i].insert(field.pointer); });
  CHECK(fields[0].size() + 1 == fields[1].size());
  CHECK(fields[1].contains("/networkConfiguration/fipsMode"));
  auto const v12 = schema::enrollment("v12").value();
  CHECK(v12->at("/networkConfiguration/fipsMode")->effect == schema::Effect::deployment);
  CHECK(v12->root().schema == "enrollment.v12");
}

TEST_CASE("schemas: names and versions are found, and wrong ones are answered with the known ones") {
  CHECK(schema::enrollment_versions() == std::vector<std::string>{"v11", "v12"});
  CHECK(schema::named("manifest").value() == schema::named("manifest").value());
  auto const wrong = schema::named("manifst");
  REQUIRE(!wrong);
  CHECK(wrong.error().code == Errc::usage);
  CHECK(wrong.error().message == "there is no schema \"manifst\"");
  CHECK(wrong.error().next ==
        "did you mean \"manifest\"? known: challenges.v1, csr.v1, enrollment.v11, enrollment.v12, findings.v1, "
        "manifest, plan.v1, "
        "project, "
        "result.v1, status.v1");
  auto const future = schema::enrollment("v99");
  REQUIRE(!future);
  CHECK(future.error().code == Errc::usage);
  CHECK(future.error().next.ends_with("known: v11, v12"));
}

TEST_CASE("schemas: fields know what the annotations say") {
  auto const v11 = schema::enrollment("v11").value();
  auto const field = [&](char const* pointer) -> schema::Field const& {
    CAPTURE(pointer);
    REQUIRE(v11->at(pointer) != nullptr);
    return *v11->at(pointer);
  };
  CHECK(field("/csr/cn").effect == schema::Effect::immutable);
  CHECK(field("/csr/sans").effect == schema::Effect::certificate);
  CHECK(field("/csr/sans").list == schema::ListKind::set);
  CHECK(field("/csr/sans").on_remove == schema::OnRemove::empty);
  CHECK(field("/csr/sans/17").normalize == schema::Normalize::hostname);
  CHECK(field("/csr/ou").on_remove == schema::OnRemove::null);
  CHECK(field("/networkConfiguration/quicEnabled").effect == schema::Effect::deployment);
  CHECK(field("/networkConfiguration/clientMutualAuthentication/authenticationOptions/ocsp/enabled").defer_on_create);
  CHECK(field("/techContact/email").sensitive == "contact");
  CHECK(field("/techContact/email").effect == schema::Effect::metadata);
  CHECK(field("/pendingChanges/0/location").read_only);
  CHECK(field("/id").types.size() == 3);
  CHECK(field("/org/postalCode").nullable());
  CHECK(!field("/ra").nullable());
  CHECK(v11->at("/csr/unheard") == nullptr);
  CHECK(v11->at("/unheard/of") == nullptr);
}

TEST_CASE("schemas: a schema that is wrong is refused when it is compiled") {
  struct Case {
    char const *title, *text, *expect;
  };
  Case const cases[] = {
      {"no JSON", "{", "schema test is not valid JSON: Missing a name for object member (offset 1)"},
      {"no object", "[]", "schema test is not an object"},
      {"a $ref to nowhere", R"({"$ref":"#/$defs/a"})", "$ref #/$defs/a leads nowhere"},
      {"a ring of $ref", R"({"properties":{"a":{"$ref":"#/properties/a"}}})",
       "a schema's $ref or allOf leads back to itself"},
      {"a nest without end", R"({"properties":{"a":{"$ref":"#"}}})",
       "schema field /a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a: the schema is nested without "
       "end"},
      {"an unknown type", R"({"properties":{"a":{"type":"text"}}})",
       "schema field /a: \"text\" is not a word that is allowed here"},
      {"an unknown effect", R"({"x-effect":"none"})", "schema field /: \"none\" is not a word that is allowed here"},
      {"a pattern that does not end", R"({"pattern":"(","maxLength":9})", "schema field /: pattern (: "},
      {"a pattern without a bound", R"({"pattern":"a"})",
       "schema field /: a pattern needs a maxLength of at most 1024"},
      {"an unknown x-derived", R"({"x-derived":{"if":1}})", "schema field /: x-derived: if is not allowed here"},
      {"includes without a set", R"({"x-derived":{"includes":"/a"}})",
       "schema field /: x-derived: includes is not allowed here"},
      {"null on removal where null is not allowed", R"({"type":"string","x-on-remove":"null"})",
       "schema field /: x-on-remove: it cannot be null"},
      {"emptying what is not a list", R"({"type":"string","x-on-remove":"empty"})",
       "schema field /: x-on-remove: only a list can be emptied"},
      {"an order that says a person's data",
       R"({"x-sensitive":"contact","properties":{"a":{"type":"string","x-order-says":"phone"}}})",
       "schema field /a: x-order-says: what is masked cannot be shown"},
      {"an overlay of nothing", R"({"x-extends":"nothing"})", "schema test extends nothing, which does not exist"},
      {"a file that does not exist", R"({"allOf":[{"if":{},"then":{"$ref":"none.schema.json"}}]})",
       "schema none is referred to and does not exist"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      CHECK(failure(c.text).starts_with(c.expect));
    }
  }
  auto const itself = [](std::string_view) { return std::optional<std::string_view>(R"({"x-extends":"test"})"); };
  CHECK(failure(R"({"x-extends":"test"})", itself) == "schema test extends itself");
}

TEST_CASE("schemas: a new version is one more file, and nothing else") {
  constexpr std::string_view v13 = R"({
    "x-extends": "enrollment.v12",
    "$defs": {
      "fields": { "properties": {
        "renewalHint": { "type": ["string", "null"], "enum": ["early", "late", null], "x-effect": "metadata" },
        "networkConfiguration": { "properties": { "postQuantum": { "type": "boolean", "x-immutable": true } } } } },
      "complete": { "required": ["renewalHint"] } } })";
  auto const made = schema::Schema::compile("enrollment.v13", v13, embedded);
  REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
  schema::Field const& root = (*made)->root();
  CHECK(root.required.size() == 8);
  CHECK((*made)->at("/networkConfiguration/postQuantum")->effect == schema::Effect::immutable);
  CHECK((*made)->at("/networkConfiguration/fipsMode") != nullptr);
  auto const document =
      json::parse(R"({"renewalHint":"erly","networkConfiguration":{"postQuantum":1,"postQuantom":1}})", "").value();
  auto const found = schema::check(document, root, {.completeness = schema::Completeness::partial});
  REQUIRE(found.size() == 3);
  CHECK(found[0].hint == "did you mean \"early\"?");
  CHECK(found[1].message == "is the number 1, must be true or false");
  CHECK(found[2].hint == "did you mean \"postQuantum\"?");
}

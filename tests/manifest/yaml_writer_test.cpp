#include "manifest/yaml_writer.hpp"

#include "base/random.hpp"
#include "manifest/scalars.hpp"
#include "manifest/yaml.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;

namespace {

/// What our reader makes of a value: core types for plain words, as where no schema knows the field.
json::Value read(manifest::Tree const& tree, manifest::NodeId id, json::Pool& pool) {
  manifest::Node const& node = tree.at(id);
  switch (node.kind) {
    case manifest::Kind::null: return {};
    case manifest::Kind::plain: return manifest::core_value(tree.text(id), pool);
    case manifest::Kind::quoted: return json::string(tree.text(id), pool);
    case manifest::Kind::sequence: {
      json::Value list(rapidjson::kArrayType);
      for (auto child = node.first; child != manifest::no_node; child = tree.at(child).next)
        list.PushBack(read(tree, child, pool), pool);
      return list;
    }
    case manifest::Kind::map: {
      json::Value map(rapidjson::kObjectType);
      for (auto key = node.first; key != manifest::no_node; key = tree.at(tree.at(key).next).next)
        map.AddMember(json::string(tree.text(key), pool), read(tree, tree.at(key).next, pool), pool);
      return map;
    }
  }
  return {};
}

/// The value that comes back, as JSON; or the first finding.
std::string back(std::string const& yaml) {
  Findings findings;
  std::vector<manifest::Tree> trees;
  manifest::each_chunk("x.yaml", yaml, findings, [&](manifest::Chunk const& chunk) {
    for (auto& tree : manifest::parse_yaml(chunk, findings)) trees.push_back(std::move(tree));
    return true;
  });
  if (findings.size() > 0) return findings.kept().front().message;
  if (trees.size() != 1) return fmt::format("{} documents", trees.size());
  json::Pool pool;
  return json::compact(read(trees[0], 0, pool));
}

/// Characters with a meaning in some YAML, and such as nobody sees.
constexpr std::string_view pieces[] = {
    "a",  "Z",      "0",    "7",    " ",      "  ",     ":",      ": ",      " #",     "#",      "-",      "- ",
    "?",  "? ",     ",",    "[",    "]",      "{",      "}",      "&",       "*",      "!",      "|",      ">",
    "'",  "\"",     "\\",   "%",    "@",      "`",      "~",      "=",       "<<",     "---",    "...",    "\n",
    "\r", "\t",     "\x01", "\x1b", "\x7f",   ".",      "e",      "+",       "_",      "/",      "$",      "(",
    "é",  "\u0301", "株",   "😀",   "\u0085", "\u00a0", "\u2028", "\u200b",  "\ufeff", "\u202e", "\uffff", "\U000e0001",
    "no", "null",   "true", "1e3",  "0x1f",   "12",     "x: y",   "\\u0041", "\r\n"};

std::string drawn(SeededRandom& random) {
  std::string text;
  for (auto n = random.next() % 6; n > 0; --n) text += pieces[random.next() % std::size(pieces)];
  if (random.next() % 50 == 0) text += '\0';
  return text;
}

json::Value drawn_value(SeededRandom& random, json::Pool& pool, int depth) {
  auto const kind = random.next() % (depth > 0 ? 8 : 6);
  if (kind == 0) return json::Value(random.next() % 2 == 0);
  if (kind == 1) return json::Value(static_cast<std::int64_t>(random.next()));
  if (kind == 2 && random.next() % 4 == 0) return json::Value();
  if (kind < 6) return json::string(drawn(random), pool);
  json::Value made(kind == 6 ? rapidjson::kArrayType : rapidjson::kObjectType);
  for (auto n = random.next() % 4; n > 0; --n) {
    json::Value inner = drawn_value(random, pool, depth - 1);
    if (kind == 6)
      made.PushBack(inner, pool);
    else
      json::set(made, drawn(random), std::move(inner), pool);
  }
  return made;
}

}  // namespace

TEST_CASE("yaml_scalar: plain where people write plain, quoted where a reader would take it for something else") {
  for (char const* const plain : {"www.example.com",
                                  "Example Corp",
                                  "150 Broadway",
                                  "617-555-0111",
                                  "+1 617 555 0111",
                                  "SHA-256",
                                  "third-party",
                                  "ana@example.com",
                                  "O'Brien & Sons, Inc. (US)",
                                  "1-1TJZH5",
                                  "1-5C0YLB:1-8BYUX",
                                  "Müller",
                                  "株式会社",
                                  "MA",
                                  "china+core",
                                  "TLSv1_1",
                                  "a/b",
                                  "nUll.",
                                  "http://x",
                                  "12 Main St.",
                                  "2nd floor",
                                  "v11"}) {
    CAPTURE(plain);
    CHECK(manifest::yaml_scalar(plain) == plain);
  }
  for (char const* const text : {"",       " ",     "02142",    "12",         "-1",       "+16175550111",
                                 "1.5",    ".5",    "1e3",      "1E400",      "0x1F",     "0o17",
                                 "0b1",    "1_000", "12:30:45", "2026-12-01", "2026-1-1", "10.0.0.1",
                                 "~",      "null",  "NULL",     "true",       "False",    "no",
                                 "NO",     "Yes",   "on",       "off",        "y",        "N",
                                 ".inf",   ".nan",  "=",        "<<",         "- a",      "-",
                                 "?",      "? a",   "a: b",     "a:",         "a #b",     "#a",
                                 " a",     "a ",    "*.a",      "&a",         "!a",       "|",
                                 ">",      "@a",    "`a",       "%a",         "[a]",      "{a}",
                                 "a, [b]", "\"a\"", "'a'",      "a\"b",       "---",      "...",
                                 ","}) {
    CAPTURE(text);
    std::string const written = manifest::yaml_scalar(text);
    CHECK(written.starts_with('"'));
    CHECK(back("x: " + written + "\n") == "{\"x\":" + json::compact(json::Value(rapidjson::StringRef(text))) + "}");
  }
}

TEST_CASE("yaml_scalar: what cannot be seen is escaped") {
  CHECK(manifest::yaml_scalar("a\nb\tc\rd") == R"("a\nb\tc\rd")");
  CHECK(manifest::yaml_scalar("\x01\x1b\x7f") == R"("\x01\x1b\x7f")");
  CHECK(manifest::yaml_scalar(std::string_view("a\0b", 3)) == R"("a\x00b")");
  CHECK(manifest::yaml_scalar("a\u00a0b\u200b\u202e\ufeff") == R"("a\xa0b\u200b\u202e\ufeff")");
  CHECK(manifest::yaml_scalar("\U000e0001") == R"("\U000e0001")");
  CHECK(manifest::yaml_scalar("\"\\") == R"("\"\\")");
}

TEST_CASE("yaml_text: block style, two spaces deep, members in their order") {
  auto const value = json::parse(
      R"({"b": {"z": "x", "a": []}, "list": ["p", {"k": 1, "l": [true]}, ["q"], {}], "empty": {}, "nothing": null})",
      "x");
  CHECK(manifest::yaml_text(*value) == R"(b:
  z: x
  a: []
list:
  - p
  - k: 1
    l:
      - true
  - - q
  - {}
empty: {}
nothing: null
)");
}

TEST_CASE("property: every value comes back as it was written") {
  SeededRandom random(20261125);
  constexpr int rounds = 20'000;
  for (int i = 0; i < rounds; ++i) {
    json::Pool pool;
    json::Value value(rapidjson::kObjectType);
    json::set(value, "first", drawn_value(random, pool, 3), pool);
    json::set(value, drawn(random), drawn_value(random, pool, 3), pool);
    std::string const yaml = manifest::yaml_text(value);
    CAPTURE(i);
    CAPTURE(yaml);
    REQUIRE(back(yaml) == json::compact(value));
  }
  MESSAGE(rounds, " values");
}

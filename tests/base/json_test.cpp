#include "base/json.hpp"

#include "base/text.hpp"

#include <cstddef>
#include <malloc.h>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CPS_OTHER_ALLOCATOR
#include <sanitizer/allocator_interface.h>
#endif
#endif

using namespace cpsctl;

namespace {

std::size_t allocated_bytes() {
#ifdef CPS_OTHER_ALLOCATOR
  return __sanitizer_get_current_allocated_bytes();
#else
  struct mallinfo2 const now = ::mallinfo2();
  return now.uordblks + now.hblkhd;
#endif
}

}  // namespace

TEST_CASE("json: what is not JSON is told in one line, with a next step") {
  std::string const deep = std::string(300, '[') + std::string(300, ']');
  struct Row {
    char const* title;
    std::string text;
    std::string message;
  };
  Row const rows[] = {
      {"cut off", R"({"a": 1)", "a plan is not valid JSON: Missing a comma or '}' after an object member (offset 7)"},
      {"a NUL byte", std::string("{\0}", 3), "a plan is not valid JSON: it contains a NUL byte"},
      {"nested deeply", deep, "a plan is not valid JSON: it is nested deeper than 200 levels"},
      {"a member twice", R"({"a": 1, "b": [{"c": 1, "c": 2}]})",
       R"(a plan is not valid JSON: member "c" appears twice in one object)"},
      {"a member twice, its name with control characters", "{\"a\x7f\\n\": 1, \"a\x7f\\n\": 2}",
       R"(a plan is not valid JSON: member "a\x7f\n" appears twice in one object)"},
      {"a member twice, its name very long",
       "{\"" + std::string(5000, 'x') + "\": 1, \"" + std::string(5000, 'x') + "\": 2}",
       "a plan is not valid JSON: member \"" + text::shortened(std::string(5000, 'x'), 60) +
           "\" appears twice in one object"},
  };
  for (Row const& row : rows) {
    CAPTURE(row.title);
    auto const parsed = json::parse(row.text, "a plan");
    REQUIRE(!parsed);
    CHECK(parsed.error().message == row.message);
  }
}

TEST_CASE("json: what a pointer leads to is found and erased, whatever its names are made of") {
  auto parsed = json::parse(R"({"a":{"b/c":1,"d~e":[10,{"f":2}]},"":3})", "a document");
  REQUIRE(parsed);
  json::Document& document = *parsed;
  CHECK(json::at(document, "/a/b~1c")->GetInt() == 1);
  CHECK(json::at(document, "/a/d~0e/1/f")->GetInt() == 2);
  CHECK(json::at(document, "/")->GetInt() == 3);
  for (char const* const none : {"/x", "/a/x/y", "/a/d~0e/2", "/a/d~0e/x", "/a/b~1c/d"}) {
    CAPTURE(none);
    CHECK(json::at(document, none) == nullptr);
    json::erase(document, none);
  }
  json::erase(document, "");
  CHECK(json::compact(document) == R"({"a":{"b/c":1,"d~e":[10,{"f":2}]},"":3})");
  json::erase(document, "/a/b~1c");
  json::erase(document, "/a/d~0e/1/f");
  CHECK(json::compact(document) == R"({"a":{"d~e":[10,{}]},"":3})");
}

TEST_CASE("json: pointers overlap where one is the other or leads into it") {
  struct Row {
    char const *one, *other;
    bool overlap;
  };
  Row const rows[] = {
      {"/a", "/a", true},   {"/a", "/a/b", true}, {"/a/b", "/a", true},    {"", "/a", true},
      {"/a", "/ab", false}, {"/ab", "/a", false}, {"/a/b", "/a/c", false}, {"/csr/sans", "/csr/sans/0", true}};
  for (Row const& row : rows) {
    CAPTURE(row.one);
    CAPTURE(row.other);
    CHECK(json::overlap(row.one, row.other) == row.overlap);
  }
}

TEST_CASE("json: what is shared takes as much memory as it needs, not a pool's first chunk") {
  constexpr std::size_t count = 1000;
  auto const policy = json::parse(R"({"adopt":"ifIdentical","deletion":"orphan"})", "a policy").value();
  std::vector<json::Ref> kept;
  kept.reserve(count);
  std::size_t const before = allocated_bytes();
  for (std::size_t i = 0; i < count; ++i) kept.push_back(json::share(policy));
  std::size_t const each = (allocated_bytes() - before) / count;
  CHECK(each > 0);
  CHECK(each < 2048);
  CHECK(json::equal(*kept.back(), policy));
  kept.clear();
  CHECK(allocated_bytes() < before + count);
}

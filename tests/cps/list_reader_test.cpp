#include "cps/list_reader.hpp"

#include "base/random.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;

namespace {

constexpr std::size_t plenty = 1 << 20;

/// Feeds `text` in pieces of `size` bytes. The ids, or the error's message.
std::string read_in_pieces(std::string_view text, std::size_t size, std::size_t limit = plenty) {
  cps::ListReader reader(limit);
  for (std::size_t at = 0; at < text.size(); at += size)
    if (auto const fed = reader.feed(text.substr(at, size)); !fed) return "error: " + fed.error().message;
  auto const list = reader.finish();
  if (!list) return "error: " + list.error().message;
  std::string ids;
  for (cps::Live const& live : *list) ids += fmt::format("{}{}", ids.empty() ? "" : " ", live.id.value);
  return ids;
}

}  // namespace

TEST_CASE("a list is read the same at every boundary of its pieces") {
  struct Case {
    char const *title, *text, *expect;
  };
  Case const cases[] = {
      {"no enrollments", R"({"enrollments":[]})", ""},
      {"white space anywhere", " {\n \"enrollments\" :\t[ ] } \r\n", ""},
      {"integers and texts are ids", R"({"enrollments":[{"id":1},{"id":"2"}]})", "1 2"},
      {"without an id the location tells", R"({"enrollments":[{"location":"/cps-api/enrollments/7"}]})", "7"},
      {"members around it do not matter", R"({"a":[1,{"b":"]"}],"enrollments":[{"id":1}],"z":{"enrollments":[9]}})",
       "1"},
      {"brackets and quotes in strings", R"({"enrollments":[{"id":1,"t":"}]\"[{\\"},{"id":2}]})", "1 2"},
      {"nested lists in an element", R"({"enrollments":[{"id":1,"sans":["a",["b"]],"o":{"p":{}}}]})", "1"},
      {"a value that says enrollments is not a list", R"({"x":"enrollments","enrollments":[{"id":3}]})", "3"},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      for (std::size_t size = 1; size <= std::string_view(c.text).size(); ++size)
        CHECK(read_in_pieces(c.text, size) == c.expect);
    }
  }
}

TEST_CASE("what is not a list of enrollments is an error with its place, never a shorter list") {
  struct Case {
    char const *title, *text, *says;
  };
  Case const cases[] = {
      {"nothing", "", "is empty"},
      {"cut inside an element", R"({"enrollments":[{"id":1},{"id")", "ends before it is complete"},
      {"cut behind an element", R"({"enrollments":[{"id":1})", "ends before it is complete"},
      {"cut behind the list", R"({"enrollments":[{"id":1}])", "ends before it is complete"},
      {"HTML", "<html><body>Service Unavailable</body></html>", "not valid JSON"},
      {"another document", R"({"items":[]})", "no member \"enrollments\""},
      {"a list on its own", R"([{"id":1}])", "no member \"enrollments\""},
      {"enrollments is an object", R"({"enrollments":{"id":1}})", "no member \"enrollments\""},
      {"an element that is a text", R"({"enrollments":["x"]})", "not an object"},
      {"a trailing comma", R"({"enrollments":[{"id":1},]})", "not an object"},
      {"a missing comma", R"({"enrollments":[{"id":1}{"id":2}]})", "between two elements"},
      {"an element that is not JSON", R"({"enrollments":[{"id":1},{"id":}]})", "enrollment 2"},
      {"an element without an id", R"({"enrollments":[{"csr":{"cn":"www.example.com"}}]})", "www.example.com"},
      {"an enrollment twice", R"({"enrollments":[{"id":1},{"id":2},{"id":"1"}]})", "enrollment 1 twice"},
      {"an id that its location denies", R"({"enrollments":[{"id":1,"location":"/cps/v2/enrollments/2"}]})",
       "location"},
      {"an id that is none, with a location", R"({"enrollments":[{"id":1.5,"location":"/e/2"}]})", "usable id"},
      {"an id below zero, with a location", R"({"enrollments":[{"id":-1,"location":"/e/2"}]})", "usable id"},
      {"something behind it", R"({"enrollments":[]} more)", "not valid JSON"},
      {"bytes that are not UTF-8", "{\"enrollments\":[{\"id\":1,\"t\":\"\xff\"}]}", "enrollment 1"},
      {"too deep", "", ""},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      std::string text = c.text;
      std::string says = c.says;
      if (says.empty()) {
        text = R"({"enrollments":[{"id":1,"x":)" + std::string(1000, '[') + std::string(1000, ']') + "}]}";
        says = "deeper";
      }
      for (std::size_t const size : {std::size_t{1}, std::size_t{7}, text.size() + 1}) {
        std::string const got = read_in_pieces(text, size);
        INFO(got);
        CHECK(got.starts_with("error: "));
        CHECK(got.find(says) != std::string::npos);
      }
    }
  }
}

TEST_CASE("a list that takes many times its text in memory is refused while it arrives") {
  auto const outcome = [](std::string const& begin, std::string const& piece, std::size_t times) -> std::string {
    cps::ListReader reader(std::size_t{1} << 30);
    if (!reader.feed(begin)) return "begin";
    for (std::size_t i = 0; i < times; ++i)
      if (auto const fed = reader.feed(fmt::format(fmt::runtime(piece), i + 1)); !fed) return fed.error().message;
    return "taken";
  };
  std::string const begin = R"({"enrollments":[{"id":99999999})";
  CHECK(outcome(begin, R"(,{{"id":{}}})", 4'000'000).find("far more memory") != std::string::npos);
  CHECK(outcome(begin + R"(,{"x":[0)", ",0", 4'000'000).find("far too large for an enrollment") != std::string::npos);
  std::string const usual = R"(,{{"id":{0},"csr":{{"cn":"www{0}.example.com","sans":["a.example.com","b.example.com"],)"
                            R"("o":"Example Inc","l":"Cambridge"}},"org":{{"name":"Example Incorporated"}}}})";
  CHECK(outcome(begin, usual, 50'000) == "taken");
}

TEST_CASE("an endless list is refused while it arrives") {
  cps::ListReader reader(10000);
  Result<> fed;
  std::size_t bytes = 0;
  REQUIRE(reader.feed(R"({"enrollments":[{"id":1})").has_value());
  for (int i = 2; fed && bytes < 1'000'000; ++i) {
    std::string const element = fmt::format(R"(,{{"id":{}}})", i);
    bytes += element.size();
    fed = reader.feed(element);
  }
  REQUIRE_FALSE(fed.has_value());
  CHECK(bytes < 11000);
  CHECK(fed.error().next.find("api.maxListBytes") != std::string::npos);
}

TEST_CASE("mutated lists end in a list or an error, and a list is what a whole parse says") {
  std::string const good =
      R"({"enrollments":[{"id":10001,"csr":{"cn":"www.example.com","sans":["a","b"]},"pendingChanges":[{"location":"/c/1","changeType":"x"}]},{"id":"10002","location":null}],"total":2})";
  SeededRandom random(42);
  int lists = 0;
  constexpr int rounds = 5000;
  for (int i = 0; i < rounds; ++i) {
    std::string text = good;
    for (std::uint64_t n = random.next() % 3 + 1; n > 0; --n) {
      std::size_t const at = random.next() % text.size();
      switch (random.next() % 3) {
        case 0: text[at] = static_cast<char>(random.next() % 128); break;
        case 1: text.erase(at, random.next() % 5 + 1); break;
        default: text.insert(at, 1, "{}[]\",:\\0a"[random.next() % 10]); break;
      }
    }
    CAPTURE(text);
    std::string const got = read_in_pieces(text, random.next() % 40 + 1);
    if (got.starts_with("error: ")) continue;
    ++lists;
    auto const whole = json::parse(text, "it");
    REQUIRE(whole.has_value());
    json::Value const* const elements = json::find(*whole, "enrollments");
    REQUIRE(elements != nullptr);
    std::string ids;
    for (auto const& element : elements->GetArray()) {
      auto const live = cps::live_from(json::share(element));
      REQUIRE(live.has_value());
      ids += fmt::format("{}{}", ids.empty() ? "" : " ", live->id.value);
    }
    CHECK(got == ids);
  }
  MESSAGE(lists << " of " << rounds << " mutated lists were still lists");
}

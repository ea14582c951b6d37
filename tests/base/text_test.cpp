#include "base/text.hpp"

#include "base/slow_glob.hpp"

#include <random>

#include <doctest/doctest.h>

using namespace cpsctl;

TEST_CASE("hostname: one canonical form for every spelling of a name") {
  struct Case {
    char const *title, *name, *expect;
  };
  Case const cases[] = {
      {"letter case does not count", "WWW.Example.COM", "www.example.com"},
      {"a trailing dot does not count", "www.example.com.", "www.example.com"},
      {"a U-label is its A-label", "bücher.example", "xn--bcher-kva.example"},
      {"an upper-case U-label too", "BÜCHER.example", "xn--bcher-kva.example"},
      {"a decomposed U-label too",
       "bu\xcc\x88"
       "cher.example",
       "xn--bcher-kva.example"},
      {"sharp s is not ss", "straße.example", "xn--strae-oqa.example"},
      {"a wildcard stays one", "*.Bücher.example", "*.xn--bcher-kva.example"},
      {"an A-label in capitals", "XN--BCHER-KVA.example", "xn--bcher-kva.example"},
      {"what IDNA refuses is lower-cased", "_Dmarc.Example.com", "_dmarc.example.com"},
      {"nothing stays nothing", "", ""},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      CHECK(text::hostname(c.name) == c.expect);
    }
  }
}

TEST_CASE("nearest: suggests what was probably meant, and nothing otherwise") {
  std::vector<std::string> const words = {"sans", "cn", "quicEnabled", "networkConfiguration"};
  CHECK(text::nearest("sanz", words) == "sans");
  CHECK(text::nearest("quickEnabled", words) == "quicEnabled");
  CHECK(text::nearest("networkconfig", words) == std::nullopt);
  CHECK(text::nearest("SANS", words) == "sans");
  CHECK(text::nearest("snas", words) == "sans");
  CHECK(text::nearest("nc", words) == "cn");
  CHECK(text::nearest("zebra", words) == std::nullopt);
  CHECK(text::nearest("", words) == std::nullopt);
}

TEST_CASE("slug: a part of a name that every file system takes") {
  struct Case {
    char const *title, *text, *expect;
  };
  Case const cases[] = {
      {"words", "Example Corp", "example-corp"},
      {"punctuation is one dash", "AT&T, Inc. (US)", "at-t-inc-us"},
      {"accents are dropped", "Bücher & Söhne GmbH", "bucher-sohne-gmbh"},
      {"decomposed accents too", "cafe\u0301", "cafe"},
      {"sharp s is ss", "Straße", "strasse"},
      {"wide letters", "Ｗｉｄｅ", "wide"},
      {"no way up", "../../etc/passwd", "etc-passwd"},
      {"dashes at the ends go", " -x- ", "x"},
      {"nothing in ASCII", "株式会社", ""},
      {"not UTF-8", "\xff\xfe", ""},
      {"nothing", "", ""},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      CHECK(text::slug(c.text) == c.expect);
    }
  }
}

TEST_CASE("printable: nothing that could move a terminal's cursor gets through") {
  CHECK(text::printable("plain é 日本") == "plain é 日本");
  CHECK(text::printable("a\nb\tc\r") == "a\\nb\\tc\\r");
  CHECK(text::printable("\x1b[31mred") == "\\x1b[31mred");
  CHECK(text::printable("\x7f") == "\\x7f");
  CHECK(text::printable("\xc2\x9b") == "\\x9b");
  CHECK(text::printable("\xff") == "\\xff");
  CHECK(text::printable("\xe2\x80\xae") == "\\u202e");
  for (char const* const unseen :
       {"\u00a0", "\u00ad", "\u061c", "\u115f", "\u180e", "\u200b", "\u200e", "\u200f", "\u2028", "\u2066", "\u3164",
        "\ufe0f", "\ufeff", "\ufffe", "\U000e0041", "\U000e0100"})
    CHECK(text::printable(unseen).starts_with('\\'));
  CHECK(text::printable("\U000e0041") == "\\U000e0041");
}

TEST_CASE("glob_matches: stars stop at slashes, double stars do not") {
  struct Case {
    char const *pattern, *path;
    bool expect;
  };
  Case const cases[] = {
      {"*.yaml", "a.yaml", true},
      {"*.yaml", "b/a.yaml", false},
      {"**/kustomization.yaml", "kustomization.yaml", true},
      {"**/kustomization.yaml", "a/b/kustomization.yaml", true},
      {"**/kustomization.yaml", "a/xkustomization.yaml", false},
      {"a/**", "a/b/c", true},
      {"a/**/c", "a/c", true},
      {"a/?.yaml", "a/x.yaml", true},
      {"a?b", "a/b", false},
      {"", "", true},
      {"", "a", false},
  };
  for (Case const& c : cases) {
    CAPTURE(c.pattern);
    CAPTURE(c.path);
    CHECK(text::glob_matches(c.pattern, c.path) == c.expect);
  }
}

TEST_CASE("text: small pieces") {
  CHECK(text::invalid_utf8("ok é") == std::nullopt);
  CHECK(text::invalid_utf8("ab\xff") == 2);
  CHECK(text::invalid_utf8("\xed\xa0\x80") == 0);
  CHECK(text::nfc("u\xcc\x88") == "ü");
  CHECK(text::nfc("\xff") == "\xff");
  CHECK(text::shortened("éé", 3) == "é…");
  CHECK(text::shortened("abc", 3) == "abc");
  CHECK(text::counted(1, "change") == "1 change");
  CHECK(text::counted(2, "change") == "2 changes");
  CHECK(text::counted(0, "entry", "entries") == "0 entries");
  CHECK(text::trimmed(" \t a b \n") == "a b");
  CHECK(text::split("a,b,", ',').size() == 3);
  CHECK(text::sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(text::base64("ab") == "YWI=");
  CHECK(text::base64("").empty());
}

TEST_CASE("glob: means what trying every way means") {
  std::mt19937 random(1);
  auto const word = [&](std::string_view letters, std::size_t longest) {
    std::string made;
    for (std::size_t length = random() % (longest + 1); length > 0; --length)
      made += letters[random() % letters.size()];
    return made;
  };
  for (int i = 0; i < 50'000; ++i) {
    std::string const pattern = word("ab**//?", 9);
    std::string const path = word("aab//", 9);
    CAPTURE(pattern);
    CAPTURE(path);
    REQUIRE(text::glob_matches(pattern, path) == slow_glob(pattern, path));
  }
}

TEST_CASE("glob: many stars take no time of their own") {
  auto const repeated = [](std::string_view part, int times) {
    std::string whole;
    for (; times > 0; --times) whole += part;
    return whole;
  };
  CHECK(!text::glob_matches("m/" + repeated("*a", 30) + "b", "m/" + std::string(200, 'a') + ".yaml"));
  CHECK(text::glob_matches("m/" + repeated("*a", 30) + "*", "m/" + std::string(200, 'a') + ".yaml"));
  CHECK(!text::glob_matches(repeated("**/", 30) + "zz", repeated("folder/", 200) + "z"));
  CHECK(text::glob_matches(repeated("**/", 30) + "z", repeated("folder/", 200) + "z"));
}

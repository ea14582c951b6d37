#include "base/random.hpp"
#include "findings.hpp"

#include <filesystem>
#include <fstream>
#include <vector>

#include <doctest/doctest.h>

using namespace cpsctl;

namespace {

constexpr std::string_view nasty = "a,:-?[]{}\"'&*!|>#%@`~\\ \n\t<=";

std::vector<std::string> seeds() {
  std::vector<std::string> all;
  for (char const* const folder : {CPS_SOURCE_DIR "/manifests", CPS_TEST_DATA})
    for (auto const& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".md" || entry.path().extension() == ".findings") continue;
      std::ifstream in(entry.path(), std::ios::binary);
      all.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
  return all;
}

std::string mutated(std::string text, SeededRandom& random) {
  auto const position = [&] { return static_cast<std::size_t>(random.next() % (text.size() + 1)); };
  for (auto times = random.next() % 4 + 1; times > 0; --times) {
    std::size_t const at = position();
    switch (random.next() % 5) {
      case 0: text.insert(at, 1, nasty[random.next() % nasty.size()]); break;
      case 1: text.erase(at, random.next() % 8); break;
      case 2: text.insert(at, text.substr(position(), random.next() % 60)); break;
      case 3: text.insert(at, 1, static_cast<char>(random.next() % 256)); break;
      default: text.resize(at); break;
    }
  }
  return text;
}

/// Every document leads either to something desired, to a profile, or to words.
void check_total(std::string const& text) {
  auto const loaded = manifest::load_text(text);
  bool const says_something = !loaded.findings.empty() || !loaded.desired.empty() || loaded.profiles > 0;
  if (!says_something) CHECK(text == "");
  for (Finding const& finding : loaded.findings)
    if (finding.message.find("failed:") != std::string::npos) CHECK(finding.message == "");
}

}  // namespace

TEST_CASE("load: ends with words for every text of up to three nasty characters") {
  for (char const a : nasty) {
    check_total(std::string{a});
    for (char const b : nasty) {
      check_total({a, b});
      for (char const c : nasty) check_total({a, b, c});
    }
  }
}

TEST_CASE("load: ends with words for thousands of damaged manifests") {
  auto const originals = seeds();
  SeededRandom random(20261124);
  for (int i = 0; i < 3000; ++i) {
    CAPTURE(i);
    check_total(mutated(originals[random.next() % originals.size()], random));
  }
}

TEST_CASE("load: the order of documents changes nothing but places") {
  auto const originals = seeds();
  std::string forward, backward;
  for (auto const& one : originals)
    if (one.starts_with("# yaml-language-server")) {
      forward += "---\n" + one;
      backward.insert(0, "---\n" + one);
    }
  auto const left = manifest::load_text(forward), right = manifest::load_text(backward);
  REQUIRE(left.desired.size() == 4);
  REQUIRE(right.desired.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(json::equal(*left.desired[i].enrollment, *right.desired[i].enrollment));
}

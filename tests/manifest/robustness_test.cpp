#include "base/random.hpp"
#include "findings.hpp"
#include "places.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include <doctest/doctest.h>

using namespace cpsctl;

namespace {

constexpr std::string_view nasty = "a,:-?[]{}\"'&*!|>#%@`~\\ \n\t<=";

std::vector<std::string> seeds() {
  std::vector<std::string> all;
  for (std::string const& folder : {places::source("manifests"), places::data("manifest")})
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

namespace {

std::string repeated(std::string_view part, std::size_t times) {
  std::string text;
  text.reserve(part.size() * times);
  for (; times > 0; --times) text += part;
  return text;
}

std::string profile_of_names(std::size_t names) {
  return "apiVersion: cpsctl.dev/v1\nkind: Profile\nmetadata: {name: p}\nspec: {enrollment: {csr: {sans: [" +
         repeated("x.example, ", names) + "]}}}\n";
}

constexpr std::string_view enrollment =
    "---\napiVersion: cpsctl.dev/v1\nkind: Enrollment\nmetadata: {name: e}\nspec: {contractId: 1-1TJZH5, profiles: "
    "[p]}\n";

}  // namespace

TEST_CASE("load: a file of a million mistakes is told by its first thousand") {
  auto const loaded = manifest::load_text(repeated("---\na: 1\n", 1'000'000));
  REQUIRE(loaded.findings.size() == Findings::most + 1);
  CHECK(loaded.findings.front().mark.line == 2);
  CHECK(loaded.findings.back().message == "the rest of the file was not read");
  CHECK(loaded.findings.back().severity == Severity::error);
}

TEST_CASE("load: the mistakes of one document are counted, and the first thousand told") {
  std::string text = "apiVersion: cpsctl.dev/v1\nkind: Enrollment\nspec:\n  enrollment:\n";
  for (int i = 0; i < 5'000; ++i) text += fmt::format("    unknown{}: 1\n", i);
  auto const loaded = manifest::load_text(text);
  auto const errors = std::ranges::count(loaded.findings, Severity::error, &Finding::severity);
  REQUIRE(errors == Findings::most + 1);
  CHECK(loaded.findings.back().message.find("more errors, left out here") != std::string::npos);
  CHECK(counted(loaded.findings, Severity::error) > 5'000);
}

TEST_CASE("load: a list is read as far as it can be meant") {
  auto const loaded = manifest::load_text(profile_of_names(1'001));
  REQUIRE(loaded.findings.size() == 1);
  CHECK(manifest::line(loaded.findings.front()).find("CPS015 spec.enrollment.csr.sans: has more than 1000 elements") !=
        std::string::npos);
  CHECK(manifest::load_text(profile_of_names(1'000)).findings.empty());
}

TEST_CASE("load: what profiles repeat is bounded before it is repeated") {
  struct Case {
    char const* title;
    std::string text;
  };
  std::string listed = std::string(enrollment);
  listed.replace(listed.find("[p]"), 3, "[" + repeated("p, ", 1'000) + "]");
  Case const cases[] = {
      {"a large profile of many", profile_of_names(1'000) + repeated(enrollment, 3'000)},
      {"a large profile many times", profile_of_names(1'000) + listed},
  };
  for (Case const& c : cases) {
    CAPTURE(c.title);
    auto const loaded = manifest::load_text(c.text);
    REQUIRE(loaded.findings.size() == 1);
    CHECK(loaded.findings.front().message.find("repeat more than") != std::string::npos);
    CHECK(loaded.desired.empty());
  }
}

TEST_CASE("load: profiles that are named in a finding are few") {
  std::string text = std::string(enrollment);
  text.replace(text.find("[p]"), 3, "[" + repeated("p, ", 900) + "]");
  auto const loaded =
      manifest::load_text("apiVersion: cpsctl.dev/v1\nkind: Profile\nmetadata: {name: p}\nspec: {}\n" + text);
  REQUIRE(!loaded.findings.empty());
  for (Finding const& finding : loaded.findings) CHECK(finding.message.size() < 400);
}

// A field of the enrollment is described once, in schemas/: the program's sources know no field by name, but for the
// places listed here, each with its reason. The names come from the schemas, so a new field is guarded at once.
#include "base/text.hpp"
#include "places.hpp"
#include "schema/schema.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace cpsctl;

namespace {

struct Allowed {
  std::string_view place;  ///< a folder or file below reconciler/
  std::string_view why;
};
constexpr Allowed allowed[] = {
    {"sandbox/", "plays CPS, which knows its fields"},
    {"manifest/rules.cpp", "the rules between fields (CPS101 …) are about these very fields"},
    {"manifest/view.hpp", "what those rules see of an enrollment"},
    {"manifest/advice.cpp", "more of those rules; what is about one field alone is in the schema"},
    {"cps/types.cpp", "reads what CPS's documents say about themselves: id, location, pending changes"},
    {"cps/change_api.cpp", "the media type of a signing request is called csr"},
    {"cli/dns_checks.cpp", "the CA is called letsencrypt.org in CAA records"},
    {"cli/csr.cpp", "a signing request is called csr"},
    {"cps/problem.cpp", "problem documents (RFC 7807) have a title too"},
    {"report/paint.cpp", "a command is called csr"},
    {"report/sarif.cpp", "SARIF calls a place in a file a region"},
    {"schema/check.cpp", "a format of JSON Schema is called email"},
};

/// Words that are fields of an enrollment and members of our own documents as well: metadata.name, an item's id.
constexpr std::string_view common_words[] = {"name", "id"};

void collect(schema::Field const& field, std::set<std::string, std::less<>>& names) {
  for (auto const& [name, property] : field.properties) {
    if (std::ranges::find(common_words, name) == std::end(common_words)) names.insert(name);
    collect(*property, names);
  }
  if (field.items != nullptr) collect(*field.items, names);
}

std::set<std::string, std::less<>> field_names() {
  std::set<std::string, std::less<>> names;
  for (std::string const& version : schema::enrollment_versions())
    collect(schema::enrollment(version).value()->root(), names);
  return names;
}

/// The string literals of a line of C++.
std::vector<std::string> literals(std::string_view line) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '/' && line.substr(i, 2) == "//") break;
    if (line[i] == '\'' && i + 2 < line.size() && line[i + 1] == '"') i += 2;  // the character '"'
    if (line[i] != '"') continue;
    std::string literal;
    for (++i; i < line.size() && line[i] != '"'; ++i) literal += line[i] == '\\' ? line[++i] : line[i];
    all.push_back(std::move(literal));
  }
  return all;
}

/// Does a literal name a field: alone, in a JSON pointer, or in a path as people write it?
bool names_field(std::string const& literal, std::set<std::string, std::less<>> const& names) {
  if (literal.find(' ') != std::string::npos) return false;  // a sentence
  auto const has = [&](char separator) {
    return std::ranges::any_of(text::split(literal, separator),
                               [&](std::string_view part) { return names.contains(part); });
  };
  return names.contains(literal) || has('/') || has('.');
}

/// "file:line: literal" for each field that a source names.
std::string named_fields(std::string const& file, std::istream& source) {
  static auto const names = field_names();
  std::string found, line;
  for (int number = 1; std::getline(source, line); ++number)
    for (std::string const& literal : literals(line))
      if (names_field(literal, names)) found += fmt::format("{}:{}: \"{}\"\n", file, number, literal);
  return found;
}

}  // namespace

TEST_CASE("sources: no field of an enrollment is named outside the schemas") {
  std::filesystem::path const root = places::source("reconciler");
  std::size_t sources = 0;
  std::set<std::string_view> needed;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(root)) {
    auto const extension = entry.path().extension();
    if (extension != ".cpp" && extension != ".hpp") continue;
    ++sources;
    std::string const file = entry.path().lexically_relative(root).generic_string();
    std::ifstream source(entry.path());
    std::string const found = named_fields(file, source);
    auto const exception = std::ranges::find_if(allowed, [&](Allowed const& a) { return file.starts_with(a.place); });
    if (exception != std::end(allowed) && !found.empty()) needed.insert(exception->place);
    if (exception == std::end(allowed)) CHECK(found == "");
  }
  CHECK(sources > 100);
  for (Allowed const& exception : allowed) {
    CAPTURE(exception.place);
    CHECK(needed.contains(exception.place));  // an exception that nobody needs any more goes
  }
}

TEST_CASE("sources: a named field is seen, and only that") {
  struct Case {
    char const *title, *line, *expect;
  };
  Case const cases[] = {
      {"alone", R"(json::find(live, "quicEnabled");)", "x.cpp:1: \"quicEnabled\"\n"},
      {"in a pointer", R"(json::at(live, "/csr/sans");)", "x.cpp:1: \"/csr/sans\"\n"},
      {"as people write it", R"(path == "csr.sans")", "x.cpp:1: \"csr.sans\"\n"},
      {"after another literal", R"(f("x", '"', "\"", "fipsMode"))", "x.cpp:1: \"fipsMode\"\n"},
      {"a sentence about it", R"(next = "set sniOnly: true first";)", ""},
      {"a comment", R"(// "sniOnly" is not named)", ""},
      {"a word that others have as well", R"(json::find(item, "name"); json::at(x, "/metadata/name");)", ""},
      {"an identifier", "int const sans = 1;", ""},
  };
  for (Case const& c : cases) {
    SUBCASE(c.title) {
      std::istringstream source(c.line);
      CHECK(named_fields("x.cpp", source) == c.expect);
    }
  }
}

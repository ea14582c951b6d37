#include "xml.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace cpsctl::report::testing {
namespace {

struct NoXml {
  std::string why;
};

bool only_characters(std::string_view xml) {
  bool const controls = std::ranges::any_of(xml, [](char c) {
    auto const byte = static_cast<unsigned char>(c);
    return byte < 0x20 && c != '\n' && c != '\t' && c != '\r';
  });
  return !controls && xml.find("\xEF\xBF\xBE") == std::string_view::npos &&
         xml.find("\xEF\xBF\xBF") == std::string_view::npos && !text::invalid_utf8(xml);
}

/// A reader of what is left; anything unexpected is thrown.
class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}

  void document() {
    while (!rest_.empty()) {
      if (rest_.front() == '<')
        tag();
      else
        text();
    }
    if (!open_.empty()) throw NoXml{"not closed: " + open_.back()};
    if (roots_ != 1) throw NoXml{"not one root"};
  }

 private:
  bool skip(std::string_view word) {
    bool const there = rest_.starts_with(word);
    if (there) rest_.remove_prefix(word.size());
    return there;
  }

  std::string name() {
    auto const end = std::ranges::find_if(rest_, [](char c) { return (c < 'a' || c > 'z') && c != '-'; });
    std::string const word(rest_.begin(), end);
    if (word.empty()) throw NoXml{"no name at: " + std::string(rest_.substr(0, 60))};
    rest_.remove_prefix(word.size());
    return word;
  }

  /// One character, which may be an entity.
  void character() {
    constexpr std::array<std::string_view, 5> entities{"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    if (rest_.front() != '&') return rest_.remove_prefix(1);
    if (std::ranges::none_of(entities, [this](std::string_view entity) { return skip(entity); }))
      throw NoXml{"no entity: " + std::string(rest_.substr(0, 60))};
  }

  void text() {
    if (open_.empty() && rest_.front() != '\n') throw NoXml{"text outside of the root"};
    if (rest_.starts_with("]]>")) throw NoXml{"]]> in a text"};
    character();
  }

  void tag() {
    bool const closes = skip("</") || !skip("<");
    std::string const element = name();
    if (closes && (open_.empty() || open_.back() != element)) throw NoXml{"closes what is not open: " + element};
    std::set<std::string> attributes;
    while (!closes && skip(" ")) {
      if (!attributes.insert(name()).second) throw NoXml{"an attribute twice in " + element};
      if (!skip("=\"")) throw NoXml{"an attribute without a value in " + element};
      while (!rest_.empty() && rest_.front() != '"') {
        if (rest_.front() == '<') throw NoXml{"< in an attribute of " + element};
        character();
      }
      if (!skip("\"")) throw NoXml{"an attribute without an end in " + element};
    }
    if (!closes && open_.empty()) ++roots_;
    if (closes) open_.pop_back();
    bool const empty = !closes && skip("/");
    if (!skip(">")) throw NoXml{"a tag without an end: " + element};
    if (!closes && !empty) open_.push_back(element);
  }

  std::string_view rest_;
  std::vector<std::string> open_ = {};
  int roots_ = 0;
};

}  // namespace

std::string xml_problem(std::string_view xml) {
  constexpr std::string_view declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  if (!only_characters(xml)) return "a character that XML does not have";
  if (!xml.starts_with(declaration)) return "no declaration";
  try {
    Reader(xml.substr(declaration.size())).document();
  } catch (NoXml const& problem) {
    return problem.why;
  }
  return {};
}

}  // namespace cpsctl::report::testing

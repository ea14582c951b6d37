#include "manifest/names.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <numeric>

#include <fmt/format.h>

namespace cpsctl::manifest {
namespace {

constexpr std::size_t longest = 90;  ///< bytes of a name before what tells it apart; the schema allows 128

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

/// A host name as one word. A-labels stay as they are, with the two dashes in them.
std::string host_word(std::string_view common_name) {
  std::string const host = text::hostname(common_name);
  std::string word;
  for (char const c : host) {
    bool const kept = is_alnum(c) || c == '-' || c == '_';
    bool const apart = !kept && !word.empty() && word.back() != '-';
    if (kept)
      word += c;
    else if (apart)
      word += '-';
  }
  while (!word.empty() && !is_alnum(word.back())) word.pop_back();
  word.erase(0, static_cast<std::size_t>(std::ranges::find_if(word, is_alnum) - word.begin()));
  if (word.empty()) return word;
  if (host.starts_with("*.")) word.insert(0, "wildcard-");
  if (word.size() <= longest) return word;
  constexpr std::size_t kept = 80, hash = 8;
  return fmt::format("{}-{}", word.substr(0, kept), text::sha256_hex(host).substr(0, hash));
}

void collect(schema::Field const& field, std::vector<schema::Field const*>& found) {
  if (!field.identity.empty()) found.push_back(&field);
  for (std::string const& name : field.order) collect(*field.properties.at(name), found);
}

/// The value of an identity field as a word of a name.
std::string word_of(schema::Field const& field, json::Value const& document) {
  json::Value const* const value = json::at(document, field.pointer);
  if (value == nullptr) return {};
  if (value->IsBool()) return (value->GetBool() ? "" : "no-") + kebab(field.name);
  return text::slug(json::text_or(value, ""));
}

/// What may follow the common name, the most telling first: the kind, a part, both, everything. The same place means
/// the same thing for every enrollment; empty where one has nothing to say.
std::vector<std::string> suffixes(Named const& one) {
  std::vector<schema::Field const*> fields;
  collect(one.schema->root(), fields);
  std::string kind;
  std::vector<std::string> parts;
  for (schema::Field const* field : fields)
    if (field->identity != "name")
      (field->identity == "kind" ? kind : parts.emplace_back()) = word_of(*field, *one.document);
  auto const joined = [](std::string const& left, std::string const& right) {
    return left.empty() || right.empty() ? std::string() : fmt::format("{}-{}", left, right);
  };
  std::vector<std::string> words{kind};
  words.insert(words.end(), parts.begin(), parts.end());
  std::string all = kind;
  for (std::string const& part : parts) {
    words.push_back(joined(kind, part));
    all = joined(all, part);
  }
  words.push_back(all);
  return words;
}

class Namer {
 public:
  Namer(std::span<Named const> all, TakenNames& taken) : all_(all), taken_(taken), names_(all.size()) {}

  std::vector<std::string> run() {
    std::map<std::string, std::vector<std::size_t>> groups;  // by the plain name
    for (std::size_t i = 0; i < all_.size(); ++i) {
      std::string word = host_word(identity_text(*all_[i].document, *all_[i].schema, "name"));
      groups[word.empty() ? "enrollment" : word].push_back(i);
    }
    // The plain names first, so that a telling one never takes a plain one away.
    for (auto const& [word, members] : groups)
      if (members.size() == 1 && !taken_.has(word)) give(members.front(), word);
    for (auto const& [word, members] : groups)
      if (names_[members.front()].empty()) tell_apart(word, members);
    return std::move(names_);
  }

 private:
  void give(std::size_t which, std::string const& name) {
    names_[which] = name;
    taken_.take(name);
  }

  void tell_apart(std::string const& word, std::vector<std::size_t> const& members) {
    std::vector<std::vector<std::string>> words;
    words.reserve(members.size());
    for (std::size_t const i : members) words.push_back(suffixes(all_[i]));
    bool const comparable =
        std::ranges::all_of(words, [&](auto const& own) { return own.size() == words.front().size(); });
    for (std::size_t n = 0; comparable && n < words.front().size(); ++n) {
      std::set<std::string, std::less<>> names;
      for (auto const& own : words)
        if (!own[n].empty()) names.insert(fmt::format("{}-{}", word, own[n]));
      bool const free = std::ranges::none_of(names, [&](std::string const& name) { return taken_.has(name); });
      if (!free || names.size() != members.size()) continue;
      for (std::size_t m = 0; m < members.size(); ++m) give(members[m], fmt::format("{}-{}", word, words[m][n]));
      return;
    }
    for (std::size_t const i : members) give(i, numbered(fmt::format("{}-{}", word, all_[i].id)));
  }

  std::string numbered(std::string const& word) const {
    std::string name = word;
    for (int n = 2; taken_.has(name); ++n) name = fmt::format("{}-{}", word, n);
    return name;
  }

  std::span<Named const> all_;
  TakenNames& taken_;
  std::vector<std::string> names_;
};

}  // namespace

bool is_device(std::string_view name) {
  std::string const stem = text::lower(name.substr(0, name.find('.')));
  if (stem == "con" || stem == "prn" || stem == "aux" || stem == "nul") return true;
  bool const port = stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt"));
  return port && stem.back() >= '0' && stem.back() <= '9';
}

void TakenNames::take(std::string_view name) {
  lower_.insert(text::lower(name));
}

bool TakenNames::has(std::string_view name) const {
  return is_device(name) || lower_.contains(text::lower(name));
}

std::vector<std::string> names_for(std::span<Named const> all, TakenNames& taken) {
  return Namer(all, taken).run();
}

std::string identity_text(json::Value const& document, schema::Schema const& schema, std::string_view role) {
  std::vector<schema::Field const*> fields;
  collect(schema.root(), fields);
  for (schema::Field const* field : fields)
    if (field->identity == role) return std::string(json::text_or(json::at(document, field->pointer), ""));
  return {};
}

std::string kebab(std::string_view camel) {
  std::string words;
  for (char const c : camel) {
    bool const capital = c >= 'A' && c <= 'Z';
    if (capital && !words.empty()) words += '-';
    words += capital ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return words;
}

}  // namespace cpsctl::manifest

#include "report/mask.hpp"

#include "schema/schema.hpp"

#include <algorithm>
#include <cctype>
#include <memory>

#include <fmt/format.h>

namespace cpsctl::report {
namespace {

constexpr char const* hidden = "•••";
/// Shorter texts (a country, an initial) occur in words that are not secret; they are hidden in values only.
constexpr std::size_t shortest_in_prose = 3;

/// What the versions of the enrollment schema say about one place.
using Fields = std::vector<schema::Field const*>;

std::vector<std::shared_ptr<schema::Schema const>> const& schemas() {
  static auto const all = [] {
    std::vector<std::shared_ptr<schema::Schema const>> known;
    for (std::string const& version : schema::enrollment_versions())
      known.push_back(schema::enrollment(version).value());
    return known;
  }();
  return all;
}

Fields fields_at(std::string_view pointer) {
  Fields fields;
  for (auto const& schema : schemas())
    if (auto const* const field = schema->at(pointer)) fields.push_back(field);
  return fields;
}

Fields members(Fields const& fields, std::string_view name) {
  Fields inside;
  for (auto const* const field : fields)
    if (auto const* const child = field->child(name)) inside.push_back(child);
  return inside;
}

/// Where the schema says nothing about the elements, what it says about their list holds.
Fields elements(Fields const& fields) {
  Fields inside;
  for (auto const* const field : fields) inside.push_back(field->items ? field->items.get() : field);
  return inside;
}

bool sensitive(Fields const& fields) {
  return fields.empty() || std::ranges::any_of(fields, [](auto const* field) { return !field->sensitive.empty(); });
}

/// Calls `found` with each sensitive value that is not an object, not a list and not null.
template <class V, class Found>
void each_sensitive(V& value, Fields const& fields, Found const& found) {
  if (value.IsObject()) {
    for (auto& member : value.GetObject())
      each_sensitive(member.value, members(fields, json::view(member.name)), found);
  } else if (value.IsArray()) {
    for (auto& element : value.GetArray()) each_sensitive(element, elements(fields), found);
  } else if (!value.IsNull() && sensitive(fields)) {
    found(value);
  }
}

bool in_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80;
}

/// Replaces `word` where it is a word of its own.
std::string without(std::string text, std::string const& word) {
  std::string const mask = masked_value(word);
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
    auto const end = at + word.size();
    bool const alone = (at == 0 || !in_word(text[at - 1]) || !in_word(word.front())) &&
                       (end == text.size() || !in_word(text[end]) || !in_word(word.back()));
    if (alone) text.replace(at, word.size(), mask);
    at += alone ? mask.size() : 1;
  }
  return text;
}

/// The item's sensitive texts, and what is shown instead.
class Mask {
 public:
  explicit Mask(plan::ItemView const& item) {
    auto const remember = [this](json::Value const& value) {
      if (value.IsString() && value.GetStringLength() >= shortest_in_prose) hidden_.emplace_back(json::view(value));
    };
    for (json::Ref const& document : {item.desired ? item.desired->enrollment : nullptr, item.live})
      if (document) each_sensitive(*document, fields_at(""), remember);
    for (diff::Change const& change : item.changes)
      for (json::Ref const* side : {&change.live, &change.desired})
        if (*side) each_sensitive(**side, fields_at(change.pointer), remember);
    std::ranges::sort(hidden_, [](auto const& left, auto const& right) {
      return left.size() != right.size() ? left.size() > right.size() : left < right;
    });
    hidden_.erase(std::ranges::unique(hidden_).begin(), hidden_.end());
  }

  void text(std::string& shown) const {
    for (std::string const& word : hidden_) shown = without(std::move(shown), word);
  }

 private:
  std::vector<std::string> hidden_ = {};  ///< longest first
};

void mask_value(std::string_view pointer, json::Ref& value) {
  if (!value) return;
  json::Document shown = json::clone(*value);
  bool changed = false;
  each_sensitive(static_cast<json::Value&>(shown), fields_at(pointer), [&](json::Value& found) {
    found = json::string(found.IsString() ? masked_value(json::view(found)) : hidden, shown.GetAllocator());
    changed = true;
  });
  if (changed) value = json::share(shown);
}

void mask_change(diff::Change& change) {
  mask_value(change.pointer, change.live);
  mask_value(change.pointer, change.desired);
  if (!sensitive(elements(fields_at(change.pointer)))) return;
  for (auto* const names : {&change.added, &change.removed})
    for (std::string& name : *names) name = masked_value(name);
}

}  // namespace

std::string masked_value(std::string_view text) {
  auto const at = text.rfind('@');
  bool const address = at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
                       text.find_first_of(" \t\r\n") == std::string_view::npos;
  if (!address) return hidden;
  bool const plain = std::isalnum(static_cast<unsigned char>(text.front())) != 0;
  return fmt::format("{}…{}", plain ? text.substr(0, 1) : "", text.substr(at));
}

plan::ItemView masked(plan::ItemView item) {
  Mask const mask(item);
  for (diff::Change& change : item.changes) mask_change(change);
  for (std::string* const text : {&item.reason, &item.next}) mask.text(*text);
  for (auto* const texts : {&item.steps, &item.notes})
    for (std::string& text : *texts) mask.text(text);
  return item;
}

ResultRow masked(ResultRow row, plan::ItemView const* item) {
  if (item == nullptr || (row.message.empty() && row.next.empty())) return row;
  Mask const mask(*item);
  mask.text(row.message);
  mask.text(row.next);
  return row;
}

}  // namespace cpsctl::report

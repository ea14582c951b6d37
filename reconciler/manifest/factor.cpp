#include "manifest/factor.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

namespace cpsctl::manifest {
namespace {

using schema::Field;

constexpr std::size_t fewest_leaves = 3;   ///< a smaller object reads better where it is used
constexpr std::size_t longest_word = 24;   ///< bytes of one value in a name
constexpr std::size_t longest_name = 118;  ///< bytes of a name before its number; the schema allows 128

bool is_host(Field const& field) {
  auto const hosts = [](Field const& one) { return one.normalize == schema::Normalize::hostname; };
  return hosts(field) || (field.items != nullptr && hosts(*field.items));
}

/// `value` without host names, which belong to one enrollment; nothing: there is nothing else in it.
std::optional<json::Value> shareable(json::Value const& value, Field const& field, json::Pool& pool) {
  if (is_host(field)) return std::nullopt;
  if (!value.IsObject()) return json::Value(value, pool);
  json::Value part(rapidjson::kObjectType);
  for (auto const& member : value.GetObject()) {
    std::string_view const name = json::view(member.name);
    Field const* const inner = field.child(name);
    auto kept = inner != nullptr ? shareable(member.value, *inner, pool) : std::nullopt;
    if (kept) part.AddMember(json::string(name, pool), *kept, pool);
  }
  if (part.ObjectEmpty()) return std::nullopt;
  return part;
}

std::size_t leaves(json::Value const& value) {
  if (!value.IsObject()) return 1;
  std::size_t count = 0;
  for (auto const& member : value.GetObject()) count += leaves(member.value);
  return count;
}

/// Takes out of `value` what `part` says, and objects in which nothing is left.
void subtract(json::Value& value, json::Value const& part) {
  for (auto const& member : part.GetObject()) {
    json::Value* const own = json::find(value, json::view(member.name));
    if (own == nullptr) continue;
    if (own->IsObject() && member.value.IsObject()) subtract(*own, member.value);
    if (!own->IsObject() || own->ObjectEmpty()) json::remove(value, json::view(member.name));
  }
}

/// Visits the leaves of a part that may be used in a name: texts and yes/no, nobody's personal data.
template <class Visit>
void each_word(json::Value const& value, Field const& field, Visit const& visit) {
  if (!field.sensitive.empty()) return;
  if (value.IsObject()) {
    for (auto const& member : value.GetObject())
      if (Field const* const inner = field.child(json::view(member.name)); inner != nullptr)
        each_word(member.value, *inner, visit);
  } else if (value.IsBool()) {
    visit(field, (value.GetBool() ? "" : "no-") + kebab(field.name));
  } else if (value.IsString()) {
    std::string word = text::slug(json::view(value)).substr(0, longest_word);
    while (word.ends_with('-')) word.pop_back();
    if (!word.empty()) visit(field, std::move(word));
  }
}

/// A part of enrollments that is the same in all of them, on its way to a profile.
struct Candidate {
  json::Value value = {};
  schema::Schema const* schema = nullptr;
  std::vector<std::size_t> users = {};
  std::string name = {};
};

/// Parts by what they say.
using Candidates = std::map<std::string, Candidate>;

class Grouping {
 public:
  Grouping(std::span<Own const> enrollments, json::Pool& pool) : enrollments_(enrollments), pool_(pool) {}

  /// Customer data first as a whole, then, where that is nobody else's, object by object.
  std::vector<Candidate> run() {
    Candidates together, alone;
    for (std::size_t i = 0; i < enrollments_.size(); ++i) {
      auto [customer, others] = parts_of(i);
      if (!customer.empty()) add(together, i, customer);
      for (std::string_view const name : others) add(alone, i, {name});
    }
    for (auto& [key, candidate] : together) {
      if (candidate.users.size() > 1) continue;
      for (auto const& member : candidate.value.GetObject())
        add(alone, candidate.users.front(), {json::view(member.name)});
    }
    std::vector<Candidate> chosen;
    for (Candidates* const candidates : {&together, &alone})
      for (auto& [key, candidate] : *candidates)
        if (candidate.users.size() > 1 && leaves(candidate.value) >= fewest_leaves && fits_everywhere(candidate))
          chosen.push_back(std::move(candidate));
    return chosen;
  }

 private:
  /// Names of the enrollment's objects: those that describe the customer, and the others.
  std::pair<std::vector<std::string_view>, std::vector<std::string_view>> parts_of(std::size_t which) const {
    std::pair<std::vector<std::string_view>, std::vector<std::string_view>> names;
    for (auto const& member : enrollments_[which].value->GetObject()) {
      std::string_view const name = json::view(member.name);
      Field const* const field = enrollments_[which].schema->root().child(name);
      if (field == nullptr || !member.value.IsObject()) continue;
      (field->effect == schema::Effect::metadata ? names.first : names.second).push_back(name);
    }
    return names;
  }

  void add(Candidates& candidates, std::size_t which, std::vector<std::string_view> const& names) {
    Own const& own = enrollments_[which];
    json::Value part(rapidjson::kObjectType);
    for (std::string_view const name : names)
      if (auto kept = shareable(*json::find(*own.value, name), *own.schema->root().child(name), pool_))
        part.AddMember(json::string(name, pool_), *kept, pool_);
    if (part.ObjectEmpty()) return;
    auto const [place, fresh] = candidates.try_emplace(json::canonical(part));
    if (fresh) {
      place->second.value = std::move(part);
      place->second.schema = own.schema;
    }
    place->second.users.push_back(which);
  }

  /// A profile names no version and is read with the newest one.
  static bool fits_everywhere(Candidate const& candidate) {
    auto const newest = schema::enrollment(schema::enrollment_versions().back());
    return newest &&
           schema::check(candidate.value, (*newest)->root(), {.completeness = schema::Completeness::partial}).empty();
  }

  std::span<Own const> enrollments_;
  json::Pool& pool_;
};

bool describes_customer(Candidate const& candidate) {
  std::string_view const first = json::view(candidate.value.MemberBegin()->name);
  return candidate.schema->root().child(first)->effect == schema::Effect::metadata;
}

/// "example-corp" for "org": a customer's name if one is in it, else the first text that says something.
std::string telling_word(Candidate const& candidate, std::set<std::string> const& customers) {
  std::string word;
  bool is_customer = false;
  constexpr std::size_t telling = 3;  // "US" says little
  each_word(candidate.value, candidate.schema->root(), [&](Field const& field, std::string found) {
    bool const usable = field.allows(schema::Type::string) && found.size() >= telling;
    bool const better = customers.contains(found);
    if (!usable || is_customer || !(better || word.empty())) return;
    word = std::move(found);
    is_customer = better;
  });
  return word;
}

/// The first object's name and a telling word: "org-example-corp", "network-core".
std::string plain_name(Candidate const& candidate, std::string_view word) {
  std::string const kind = kebab(json::view(candidate.value.MemberBegin()->name));
  return word.empty() ? kind : fmt::format("{}-{}", kind.substr(0, kind.find('-')), word);
}

/// Gives candidates of one plain name what they differ in, the first three such values; equal names stay equal.
void tell_apart(std::vector<Candidate*> const& same) {
  constexpr int most = 3;
  std::map<std::string, std::pair<std::size_t, Field const*>> places;  // pointer -> first seen, field
  std::vector<std::map<std::string, std::string>> words(same.size());
  for (std::size_t i = 0; i < same.size(); ++i)
    each_word(same[i]->value, same[i]->schema->root(), [&](Field const& field, std::string word) {
      places.emplace(field.pointer, std::pair(places.size(), &field));
      words[i].emplace(field.pointer, std::move(word));
    });
  std::vector<std::string> pointers(places.size());
  for (auto const& [pointer, place] : places) pointers[place.first] = pointer;
  int added = 0;
  for (std::string const& pointer : pointers) {
    std::set<std::string> values, names;
    for (auto const& own : words) values.insert(own.contains(pointer) ? own.at(pointer) : std::string());
    for (Candidate const* one : same) names.insert(one->name);
    if (names.size() == same.size() || added == most) return;
    if (values.size() < 2) continue;
    ++added;
    for (std::size_t i = 0; i < same.size(); ++i)
      if (auto const word = words[i].find(pointer); word != words[i].end()) same[i]->name += '-' + word->second;
  }
}

void name_all(std::vector<Candidate>& candidates, std::string_view prefix, TakenNames& taken) {
  std::map<std::string, std::vector<Candidate*>> groups;
  std::set<std::string> customers;
  for (Candidate const& candidate : candidates)
    if (describes_customer(candidate)) customers.insert(telling_word(candidate, {}));
  customers.erase("");
  for (Candidate& candidate : candidates) {
    candidate.name = plain_name(candidate, telling_word(candidate, customers));
    groups[candidate.name].push_back(&candidate);
  }
  for (auto const& [name, members] : groups)
    if (members.size() > 1) tell_apart(members);
  // What is used most gets the name without a number.
  std::vector<Candidate*> order;
  order.reserve(candidates.size());
  for (Candidate& candidate : candidates) order.push_back(&candidate);
  std::ranges::stable_sort(order, std::ranges::greater{}, [](Candidate const* one) { return one->users.size(); });
  std::map<std::string, int> numbers;  // the next one of each name
  for (Candidate* candidate : order) {
    std::string const base = fmt::format("{}{}", prefix, candidate->name).substr(0, longest_name);
    candidate->name = base;
    for (int& n = numbers.try_emplace(base, 2).first->second; taken.has(candidate->name); ++n)
      candidate->name = fmt::format("{}-{}", base, n);
    taken.take(candidate->name);
  }
}

}  // namespace

std::vector<SharedProfile> factor(std::span<Own const> enrollments, std::string_view prefix, TakenNames& taken,
                                  json::Pool& pool) {
  std::vector<Candidate> candidates = Grouping(enrollments, pool).run();
  name_all(candidates, prefix, taken);
  std::vector<SharedProfile> profiles;
  profiles.reserve(candidates.size());
  for (Candidate& candidate : candidates) {
    for (std::size_t const user : candidate.users) subtract(*enrollments[user].value, candidate.value);
    profiles.push_back(
        {.name = candidate.name, .value = std::move(candidate.value), .used_by = std::move(candidate.users)});
  }
  std::ranges::sort(profiles, {}, &SharedProfile::name);
  return profiles;
}

}  // namespace cpsctl::manifest

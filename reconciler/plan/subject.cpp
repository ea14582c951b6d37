#include "plan/subject.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace cpsctl::plan {
namespace {

/// Where several enrollments could be meant, it is the one that the manifest describes exactly.
std::vector<cps::Live const*> likeliest(std::vector<cps::Live const*> candidates, manifest::Desired const& desired,
                                        schema::Schema const& schema) {
  if (candidates.size() < 2) return candidates;
  std::vector<cps::Live const*> identical;
  std::ranges::copy_if(candidates, std::back_inserter(identical), [&](cps::Live const* live) {
    return diff::compare_applied(desired.enrollment, *live->document, schema).changes.empty();
  });
  return identical.size() == 1 ? identical : candidates;
}

Result<Subject> subject_of(Situation const& situation, manifest::Desired const& desired, Scope scope) {
  Subject subject{.name = desired.name, .scope = std::move(scope), .desired = &desired};
  auto const& entries = situation.inputs().entries;
  if (auto const entry = entries.find(desired.name); entry != entries.end()) {
    subject.entry = &entry->second;
    // A manifest that moved its enrollment elsewhere is told so; what is live there is not looked at.
    if (Scope(entry->second.account, entry->second.contract) != subject.scope) return subject;
    CPS_TRY(subject.live, situation.live_of(entry->second));
  }
  if (subject.live == nullptr) subject.match = match(situation, desired, subject.scope);
  return subject;
}

}  // namespace

std::vector<std::int64_t> ids_of(std::vector<cps::Live const*> const& lives) {
  std::vector<std::int64_t> ids;
  std::ranges::transform(lives, std::back_inserter(ids), [](cps::Live const* live) { return live->id.value; });
  return ids;
}

Match match(Situation const& situation, manifest::Desired const& desired, Scope const& scope) {
  schema::Schema const& schema = situation.schema_of(desired);
  Match found;
  for (cps::Live const* live : situation.index(scope).by_name(common_name(*desired.enrollment, schema))) {
    bool const same = same_identity(*desired.enrollment, *live->document, schema);
    std::string const* const owner = situation.name_of(live->id.value);
    (owner == nullptr && same ? found.candidates : found.others).push_back(live);
    if (owner != nullptr && same && !situation.declared(*owner)) found.renamed.push_back(*owner);
  }
  found.candidates = likeliest(std::move(found.candidates), desired, schema);
  return found;
}

Result<std::vector<Subject>> identify(Situation const& situation) {
  Inputs const& inputs = situation.inputs();
  std::vector<Subject> subjects;
  std::map<std::string, std::string> renames;  // a name of the state that lost its manifest -> the new name
  for (manifest::Desired const& desired : inputs.desired) {
    Scope scope = scope_of(desired, inputs);
    if (!situation.listed(scope)) continue;  // nothing of it was selected
    CPS_TRY(Subject subject, subject_of(situation, desired, std::move(scope)));
    if (subject.match.candidates.empty())
      for (std::string const& old : subject.match.renamed) renames.emplace(old, subject.name);
    subjects.push_back(std::move(subject));
  }
  for (auto const& [name, entry] : inputs.entries) {
    Scope const scope{entry.account, entry.contract};
    if (situation.declared(name) || !situation.listed(scope) || !situation.in_scope(entry.source)) continue;
    Subject subject{.name = name, .scope = scope, .entry = &entry};
    CPS_TRY(subject.live, situation.live_of(entry));
    if (auto const renamed = renames.find(name); renamed != renames.end()) subject.renamed_to = renamed->second;
    subjects.push_back(std::move(subject));
  }
  std::set<std::string> lost;  // one subject, however many creates of the name are in doubt
  for (state::Record const& intent : inputs.open_intents) {
    bool const spoken_of = situation.declared(intent.name) || inputs.entries.contains(intent.name);
    if (spoken_of || intent.step != state::WriteKind::create || !intent.entry) continue;
    Scope const scope{intent.entry->account, intent.entry->contract};
    if (!situation.listed(scope) || !situation.in_scope(intent.entry->source)) continue;
    if (lost.insert(intent.name).second) subjects.push_back({.name = intent.name, .scope = scope, .lost = true});
  }
  return subjects;
}

}  // namespace cpsctl::plan

#include "plan/publications.hpp"

#include "lifecycle/validation.hpp"

#include <algorithm>

namespace cpsctl::plan {
namespace {

enum class Need : std::uint8_t { needed, needless, unknown };

bool is_pending(cps::Live const& live, std::int64_t change) {
  return std::ranges::any_of(live.pending, [change](cps::PendingChange const& one) { return one.id.value == change; });
}

/// Of a change that is pending, by what it shows. A name that is validated keeps its record: it may lapse until the
/// change has ended.
Need by_change(state::Publication const& one, Inputs const& inputs) {
  auto const sight = inputs.sights.find(one.change);
  if (sight == inputs.sights.end()) return Need::needed;
  auto const* const info = std::get_if<cps::InputInfo>(&sight->second.info);
  auto const* const challenges = info != nullptr ? std::get_if<cps::Challenges>(info) : nullptr;
  if (challenges == nullptr) return Need::needed;
  bool another = false;
  for (lifecycle::Token const& token : lifecycle::tokens(*challenges).tokens) {
    bool const same_way = (token.kind == lifecycle::TokenKind::dns) == (one.medium == state::Medium::txt);
    if (token.domain != one.domain || !same_way) continue;
    if (token.value == one.value) return Need::needed;
    another = true;
  }
  return another ? Need::needless : Need::needed;
}

bool is_managed(std::int64_t id, Inputs const& inputs) {
  return std::ranges::any_of(inputs.entries, [id](auto const& entry) { return entry.second.id == id; });
}

Need need_of(state::Publication const& one, Inputs const& inputs) {
  auto const listing = inputs.listings.find({one.account, one.contract});
  if (listing == inputs.listings.end()) return Need::unknown;
  auto const& all = listing->second.enrollments;
  auto const live = std::ranges::find_if(all, [&](cps::Live const& live) { return live.id.value == one.id; });
  if (live != all.end()) return is_pending(*live, one.change) ? by_change(one, inputs) : Need::needless;
  auto const lookup = inputs.lookups.find(one.id);
  // A list may lack what is there: what the state has is looked up. What it has lost was removed, or is nobody's here.
  if (lookup == inputs.lookups.end()) return is_managed(one.id, inputs) ? Need::unknown : Need::needless;
  if (!lookup->second) return Need::needless;
  return is_pending(*lookup->second, one.change) ? by_change(one, inputs) : Need::needless;
}

}  // namespace

Publications publications(Inputs const& inputs) {
  Publications all;
  std::vector<state::Publication> ended;
  for (state::Publication const& one : inputs.publications) {
    switch (need_of(one, inputs)) {
      case Need::needed: all.needed.push_back(one); break;
      case Need::needless: ended.push_back(one); break;
      case Need::unknown: all.unknown.push_back(one); break;
    }
  }
  auto const stays = [](std::vector<state::Publication> const& others, state::Publication const& one) {
    return std::ranges::any_of(others, [&one](state::Publication const& other) { return same_place(other, one); });
  };
  for (state::Publication& one : ended) {
    bool const shared = stays(all.needed, one) || stays(all.unknown, one);
    (shared ? all.shared : all.needless).push_back(std::move(one));
  }
  return all;
}

std::set<Scope> scopes_of_publications(Inputs const& inputs) {
  std::set<Scope> found;
  if (inputs.only || !inputs.selection.everything()) return found;
  auto const listed = scopes(inputs);
  for (state::Publication const& one : inputs.publications)
    if (Scope scope{one.account, one.contract}; !listed.contains(scope)) found.insert(std::move(scope));
  return found;
}

}  // namespace cpsctl::plan

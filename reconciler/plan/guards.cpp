#include "base/text.hpp"
#include "plan/planner.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

/// The rules that need all items: identity between manifests, and the guard rails that count.
namespace cpsctl::plan {

void Planner::one_owner_each() {
  std::map<std::int64_t, std::vector<Item*>> claims;
  for (Item& item : items_) {
    // Also one that differs, or may not adopt, means that enrollment.
    bool const adopts =
        item.action == Action::adopt || (item.action == Action::blocked && item.wanted == Action::adopt);
    if (adopts && item.id != 0) claims[item.id].push_back(&item);
  }
  for (auto const& [id, claimants] : claims) {
    if (claimants.size() < 2) continue;
    std::vector<std::string> names;
    std::ranges::transform(claimants, std::back_inserter(names), &Item::name);
    for (Item* item : claimants)
      block(*item, fmt::format("several manifests match enrollment {}: {}", id, fmt::join(names, ", ")),
            "keep one of them, or make them differ in common name, network or validation type");
  }
}

/// CPS refuses a second enrollment with the same common name; two manifests that want one each are a mistake.
void Planner::one_create_per_name() {
  std::map<std::pair<Scope, std::string>, std::vector<Item*>> wanted;
  for (Item& item : items_)
    if (item.action == Action::create || (item.action == Action::blocked && !item.settles.empty()))
      wanted[{Scope{item.account, item.contract}, text::hostname(item.common_name)}].push_back(&item);
  for (auto const& [place, items] : wanted) {
    if (items.size() < 2) continue;
    std::vector<std::string> names;
    std::ranges::transform(items, std::back_inserter(names), &Item::name);
    for (Item* item : items)
      if (item->action == Action::create && !item->desired->lifecycle.allow_duplicate_cn)
        block(*item,
              fmt::format("several manifests want the common name {}: {}", item->common_name, fmt::join(names, ", ")),
              "keep one of them, or set spec.lifecycle.allowDuplicateCn: true");
  }
}

/// When much of what the state knows is gone, this is probably not the account it was.
void Planner::mass_absence() {
  std::map<Scope, std::pair<std::size_t, std::size_t>> counts;  // recorded, absent
  for (auto const& [name, entry] : inputs_.entries) {
    if (leaving(inputs_, entry)) continue;
    auto& [recorded, absent] = counts[{entry.account, entry.contract}];
    ++recorded;
    auto const lookup = inputs_.lookups.find(entry.id);
    if (lookup != inputs_.lookups.end() && !lookup->second) ++absent;
  }
  // A wrong --account-key moves everything: what is known elsewhere is not in the account that is meant now.
  for (Item const& item : items_) {
    auto const entry = inputs_.entries.find(item.name);
    Scope const scope{item.account, item.contract};
    if (entry == inputs_.entries.end() || Scope(entry->second.account, entry->second.contract) == scope) continue;
    ++counts[scope].first;
    ++counts[scope].second;
  }
  for (Item& item : items_) {
    if (item.action != Action::create && item.action != Action::forget) continue;
    auto const known = inputs_.entries.find(item.name);
    if (known != inputs_.entries.end() && leaving(inputs_, known->second)) continue;
    auto const found = counts.find({item.account, item.contract});
    if (found == counts.end()) continue;
    auto const [recorded, absent] = found->second;
    if (absent <= tolerable_absence(recorded)) continue;
    block(item,
          fmt::format("{} of the {} enrollments that the state knows in contract {} are gone", absent, recorded,
                      item.contract),
          "check that account, section and rights are the right ones before anything is created or forgotten there");
  }
}

/// What is kept back for want of a consent says all of them at once, with the numbers of this plan.
void Planner::deletion_limits() {
  auto const deletes = [](Item const& item) { return item.action == Action::delete_ && !item.steps.empty(); };
  auto const unconsented = [this](Item const& item) {
    return item.action == Action::blocked && needs_consent_.contains(item.name);
  };
  auto const allowed = std::ranges::count_if(items_, deletes);
  auto const all = allowed + std::ranges::count_if(items_, unconsented);
  std::string flags = fmt::format("--allow-delete --max-deletes {}", all);
  for (Item const& item : items_)
    if (item.production && (deletes(item) || unconsented(item))) flags += " --confirm-delete " + item.name;
  for (Item& item : items_)
    if (unconsented(item)) item.next = fmt::format("run with {}, or put the manifest back", flags);
  if (allowed <= inputs_.consent.max_deletes) return;
  for (Item& item : items_)
    if (deletes(item))
      block(item,
            fmt::format("{} would be deleted, at most {} may be",
                        text::counted(static_cast<std::size_t>(allowed), "enrollment"), inputs_.consent.max_deletes),
            fmt::format("if that is what you want, run with {}", flags));
}

void Planner::change_limit() {
  auto const counts = [](Item const& item) {
    bool const changes =
        item.action == Action::update || item.action == Action::adopt || item.action == Action::delete_;
    return changes && !item.steps.empty();
  };
  Consent const& consent = inputs_.consent;
  std::int64_t limit = consent.max_changes.value_or(std::numeric_limits<std::int64_t>::max());
  auto const managed = static_cast<std::int64_t>(inputs_.entries.size());
  if (auto const percent = consent.max_changes_percent)  // of a few, any part is less than one
    limit = std::min(limit, *percent == 0 ? 0 : std::max<std::int64_t>(1, managed * *percent / 100));
  auto const count = std::ranges::count_if(items_, counts);
  if (count <= limit) return;
  for (Item& item : items_)
    if (counts(item))
      block(item,
            fmt::format("{} would be changed or deleted, at most {} may be in one run",
                        text::counted(static_cast<std::size_t>(count), "enrollment"), limit),
            fmt::format("look at the plan; if that is what you want: --max-changes {}", count));
}

}  // namespace cpsctl::plan

#include "plan/guards.hpp"

#include "base/text.hpp"
#include "plan/resolve.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::plan {

void one_owner_each(std::vector<Item>& items) {
  std::map<std::int64_t, std::vector<Item*>> claims;
  for (Item& item : items) {
    // Also one that differs, or may not adopt, means that enrollment.
    if (item.wanted == Action::adopt && item.id != 0) claims[item.id].push_back(&item);
  }
  for (auto const& [id, claimants] : claims) {
    if (claimants.size() < 2) continue;
    auto const made = [](Item const* item) { return item->records() && !item->closes.done.empty(); };
    if (std::ranges::count_if(claimants, made) == 1) {
      auto const owner = std::ranges::find_if(claimants, made);
      std::string const& name = (*owner)->name;
      for (Item* item : claimants)
        if (item != *owner)
          hold(*item, {.reason = fmt::format("enrollment {} is what a create of {} made", id, name),
                       .next = fmt::format("run again; if {0} was renamed: cpsctl state mv {0} {1} after that", name,
                                           item->name)});
      continue;
    }
    std::vector<std::string> names;
    std::ranges::transform(claimants, std::back_inserter(names), &Item::name);
    for (Item* item : claimants)
      hold(*item, Obstacle{fmt::format("several manifests match enrollment {}: {}", id, fmt::join(names, ", ")),
                           "keep one of them, or make them differ in common name, network or validation type"});
  }
}

void no_create_beside_a_doubt(Situation const& situation, std::vector<Item>& items) {
  std::multimap<std::pair<Scope, std::string>, state::Record const*> doubts;
  for (state::Record const& intent : situation.inputs().open_intents)
    if (auto const& entry = intent.entry; entry && intent.step == state::WriteKind::create)
      doubts.emplace(std::pair(Scope(entry->account, entry->contract), text::hostname(entry->common_name)), &intent);
  for (Item& item : items) {
    Scope const scope = item.scope();
    if (item.action() != Action::create) continue;
    auto const [first, last] = doubts.equal_range({scope, text::hostname(item.common_name)});
    for (auto doubt = first; doubt != last && item.held() == nullptr; ++doubt) {
      state::Record const& intent = *doubt->second;
      if (intent.name == item.name) continue;
      Fate const fate = situation.fate_of_create(intent, scope);
      if (fate.kind == Fate::Kind::not_done) continue;
      // Time alone ends it, also where its manifest was renamed.
      bool const waits = fate.until.has_value();
      std::string next = fmt::format("put the manifest {} back and run again: the doubt is resolved then", intent.name);
      if (situation.has_manifest(intent.name)) next = "run again once that doubt is resolved";
      if (waits) next = fmt::format("run again after {}: CPS's list tells then", timestamp(*fate.until));
      hold(item, {.reason = fmt::format("of {}, which has this common name, {}", intent.name, story_of(intent)),
                  .next = std::move(next),
                  .why = waits ? Held::Why::waits : Held::Why::blocked});
    }
  }
}

void one_create_per_name(std::vector<Item>& items) {
  std::map<std::pair<Scope, std::string>, std::vector<Item*>> wanted;
  for (Item& item : items)
    if (item.action() == Action::create ||
        (item.held() != nullptr && item.wanted == Action::create && !item.closes.not_done.empty()))
      wanted[{item.scope(), text::hostname(item.common_name)}].push_back(&item);
  for (auto const& [place, alike] : wanted) {
    if (alike.size() < 2) continue;
    std::vector<std::string> names;
    std::ranges::transform(alike, std::back_inserter(names), &Item::name);
    for (Item* item : alike)
      if (item->action() == Action::create && !item->desired->lifecycle.allow_duplicate_cn)
        hold(*item, Obstacle{fmt::format("several manifests want the common name {}: {}", item->common_name,
                                         fmt::join(names, ", ")),
                             "keep one of them, or set spec.lifecycle.allowDuplicateCn: true"});
  }
}

void mass_absence(Situation const& situation, std::vector<Item>& items) {
  Inputs const& inputs = situation.inputs();
  std::map<Scope, std::pair<std::size_t, std::size_t>> counts;  // recorded, absent
  for (auto const& [name, entry] : inputs.entries) {
    if (leaving(inputs, entry)) continue;
    auto& [recorded, absent] = counts[{entry.account, entry.contract}];
    ++recorded;
    auto const lookup = inputs.lookups.find(entry.id);
    if (lookup != inputs.lookups.end() && !lookup->second) ++absent;
  }
  // A wrong --account-key moves everything: what is known elsewhere is not in the account that is meant now.
  for (Item const& item : items) {
    auto const entry = inputs.entries.find(item.name);
    Scope const scope = item.scope();
    if (entry == inputs.entries.end() || Scope(entry->second.account, entry->second.contract) == scope) continue;
    ++counts[scope].first;
    ++counts[scope].second;
  }
  for (Item& item : items) {
    if (item.action() != Action::create && item.action() != Action::forget) continue;
    auto const known = inputs.entries.find(item.name);
    if (known != inputs.entries.end() && leaving(inputs, known->second)) continue;
    auto const found = counts.find(item.scope());
    if (found == counts.end()) continue;
    auto const [recorded, absent] = found->second;
    if (absent <= tolerable_absence(recorded)) continue;
    hold(
        item,
        Obstacle{
            fmt::format("{} of the {} enrollments that the state knows in contract {} are gone", absent, recorded,
                        item.contract),
            "check that account, section and rights are the right ones before anything is created or forgotten there"});
  }
}

void holds(std::vector<Item>& items) {
  for (Item& item : items) {
    if (!item.writes() || !item.desired || item.desired->lifecycle.hold.empty()) continue;
    hold(item, Obstacle{fmt::format("on hold: {}", item.desired->lifecycle.hold),
                        "take spec.lifecycle.hold out of the manifest when it may go on"});
  }
}

void deletion_limits(Consent const& consent, std::vector<Item>& items) {
  auto const deletes = [](Item const& item) { return std::holds_alternative<Remove>(item.work); };
  auto const unconsented = [](Item const& item) {
    return item.held() != nullptr && item.held()->why == Held::Why::consent;
  };
  auto const allowed = std::ranges::count_if(items, deletes);
  auto const all = allowed + std::ranges::count_if(items, unconsented);
  std::string flags = fmt::format("--allow-delete --max-deletes {}", all);
  for (Item const& item : items)
    if (item.production && (deletes(item) || unconsented(item))) flags += " --confirm-delete " + item.name;
  for (Item& item : items)
    if (unconsented(item)) item.next = fmt::format("run with {}, or put the manifest back", flags);
  if (allowed <= consent.max_deletes) return;
  for (Item& item : items)
    if (deletes(item))
      hold(item,
           Obstacle{fmt::format("{} would be deleted, at most {} may be",
                                text::counted(static_cast<std::size_t>(allowed), "enrollment"), consent.max_deletes),
                    fmt::format("if that is what you want, run with {}", flags)});
}

void change_limit(Consent const& consent, std::size_t managed, std::vector<Item>& items) {
  auto const counts = [](Item const& item) {
    return std::holds_alternative<Update>(item.work) || std::holds_alternative<Remove>(item.work) ||
           std::holds_alternative<Reschedule>(item.work);
  };
  std::int64_t limit = consent.max_changes.value_or(std::numeric_limits<std::int64_t>::max());
  if (auto const percent = consent.max_changes_percent)  // of a few, any part is less than one
    limit = std::min(
        limit, *percent == 0 ? 0 : std::max<std::int64_t>(1, static_cast<std::int64_t>(managed) * *percent / 100));
  auto const count = std::ranges::count_if(items, counts);
  if (count <= limit) return;
  for (Item& item : items)
    if (counts(item))
      hold(item, Obstacle{fmt::format("{} would be changed or deleted, at most {} may be in one run",
                                      text::counted(static_cast<std::size_t>(count), "enrollment"), limit),
                          fmt::format("look at the plan; if that is what you want: --max-changes {}", count)});
}

}  // namespace cpsctl::plan

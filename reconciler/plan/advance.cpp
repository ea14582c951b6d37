#include "plan/advance.hpp"

#include "base/overloaded.hpp"
#include "base/text.hpp"
#include "lifecycle/owner.hpp"
#include "lifecycle/policy.hpp"
#include "lifecycle/shown.hpp"
#include "plan/watch.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cpsctl::plan {
namespace {

state::Entry const* entry_of(Situation const& situation, Item const& item) {
  auto const& entries = situation.inputs().entries;
  auto const entry = entries.find(item.name);
  return entry != entries.end() && entry->second.id == item.id ? &entry->second : nullptr;
}

std::vector<std::int64_t> ours(Item const& item, state::Entry const* entry) {
  std::vector<std::int64_t> ids;
  if (entry != nullptr) ids = entry->changes;
  if (entry != nullptr) ids.insert(ids.end(), entry->removal.begin(), entry->removal.end());
  if (auto const* const record = std::get_if<RecordOnly>(&item.work))
    ids.insert(ids.end(), record->takes_over.begin(), record->takes_over.end());
  return ids;
}

lifecycle::Policy policy(Situation const& situation, Item const& item, state::Entry const* entry, std::int64_t change) {
  lifecycle::Policy made{.standing = lifecycle::Standing::orphan};
  bool const removes = entry != nullptr && std::ranges::count(entry->removal, change) > 0;
  if (item.desired) {
    schema::Schema const& schema = situation.schema_of(*item.desired);
    made.standing = lifecycle::Standing::manifest;
    made.lifecycle = item.desired->lifecycle;
    made.multi_stacked = is_dual_stack(*item.live.document, schema);
  }
  if (removes) made.standing = lifecycle::Standing::removal;
  if (entry != nullptr) made.removed_names = entry->removed_names;
  return made;
}

/// What waits on staging, beside what the manifest wants.
std::optional<std::vector<std::string>> compared(Situation const& situation, Item const& item,
                                                 lifecycle::Sight const& sight) {
  auto const* const info = std::get_if<cps::InputInfo>(&sight.info);
  auto const* const pending = info == nullptr ? nullptr : std::get_if<cps::PendingDeployment>(info);
  if (pending == nullptr || !item.desired || !item.desired->enrollment) return std::nullopt;
  return staged_differences(*pending, *item.desired, item.live, situation.schema_of(*item.desired));
}

std::string head(cps::PendingChange const& change, lifecycle::Owner owner) {
  return fmt::format("{}, {}", named({change}), lifecycle::whose(owner));
}

/// What is told of an item: why, what to do, what else.
struct Told {
  std::string reason = {};
  std::string next = {};
  std::vector<std::string> notes = {};
};

void tell_yaml(std::string const& yaml, std::vector<std::string>& notes) {
  if (yaml.empty()) return;
  notes.emplace_back("or write under spec.lifecycle of the manifest:");
  std::istringstream lines(yaml);
  for (std::string line; std::getline(lines, line);) notes.push_back("  " + line);
}

Told told(lifecycle::Due const& due) {
  return std::visit(
      Overloaded{
          [](lifecycle::Acknowledges const& one) {
            return Told{.reason = fmt::format("waits for the acknowledgement of warnings; the policy gives it ({})",
                                              text::counted(one.entries.size(), "warning"))};
          },
          [](lifecycle::Uploads const& one) {
            return Told{.reason = one.source.signer.empty()
                                      ? "waits for its signed certificate; the files of the manifest have it"
                                      : fmt::format("waits for its signed certificate; the signer {} makes it",
                                                    one.source.signer)};
          },
          [](lifecycle::Publishes const& one) {
            return Told{.reason =
                            fmt::format("waits for the validation of {}; {} publishes their tokens",
                                        text::counted(one.names.size(), "name"), fmt::join(one.by.publisher, " or "))};
          },
          [](lifecycle::Approves const&) {
            return Told{.reason = "waits on staging for an approval; the policy gives it, and it goes to production"};
          },
          [](lifecycle::Missing const& one) {
            Told told{.reason = fmt::format("waits for {} · you to act", one.what), .notes = one.because};
            told.next = fmt::format("{}", fmt::join(one.commands, "; then "));
            tell_yaml(one.yaml, told.notes);
            return told;
          },
          [](lifecycle::DeadEnd const& one) {
            return Told{.reason = fmt::format("does not go on by itself: {} · you to act", one.words),
                        .next = one.next};
          },
          [](lifecycle::Waits const& one) {
            char const* const actor = one.who == lifecycle::Who::person   ? " · you to act"
                                      : one.who == lifecycle::Who::policy ? " · the policy to act"
                                                                          : "";
            std::string text = one.what + actor;
            if (one.until) text += fmt::format(" at {}", timestamp(*one.until));
            if (one.since) text += fmt::format(", since {}", timestamp(*one.since));
            return Told{.reason = std::move(text), .next = one.next};
          },
          [](lifecycle::Reads const&) { return Told{.reason = "CPS moved on while it was looked at"}; },
          [](lifecycle::Ended const&) { return Told{.reason = "it is done"}; },
      },
      due);
}

/// Does a person have to know it as an item of its own?
bool needs_something(lifecycle::Due const& due) {
  if (auto const* const waits = std::get_if<lifecycle::Waits>(&due)) return waits->who == lifecycle::Who::person;
  return lifecycle::is_answer(due) || std::holds_alternative<lifecycle::Missing>(due) ||
         std::holds_alternative<lifecycle::DeadEnd>(due);
}

/// What is answered, or to be answered, on this page; CSRs and challenges have commands of their own.
bool worth_showing(cps::InputInfo const& info) {
  return std::holds_alternative<cps::WarningsText>(info) || std::holds_alternative<cps::PendingDeployment>(info);
}

class Advances {
 public:
  Advances(Situation const& situation, std::map<std::string, std::vector<Advance>>& looks)
      : situation_(situation), looks_(looks) {}

  /// The item for the enrollment's change that needs something, if one does.
  std::optional<Item> of(Item& item) const {
    std::optional<Item> found;
    state::Entry const* const entry = entry_of(situation_, item);
    for (cps::PendingChange const& change : item.live.pending) {
      auto const sight = situation_.inputs().sights.find(change.id.value);
      if (sight == situation_.inputs().sights.end()) continue;
      Advance advance = look(item, entry, change, sight->second);
      looks_[item.name].push_back(advance);
      auto const note = std::ranges::find(item.notes, pending_note(change));
      if (needs_something(advance.next.due) && !found) {
        if (note != item.notes.end()) item.notes.erase(note);
        found = item_of(item, sight->second, std::move(advance));
      } else if (note != item.notes.end()) {
        if (advance.recalled) item.recalled.emplace(change.id.value, *advance.recalled);
        *note = fmt::format("{}: {}", head(change, advance.owner), told(advance.next.due).reason);
      }
    }
    return found;
  }

 private:
  Advance look(Item const& item, state::Entry const* entry, cps::PendingChange const& change,
               lifecycle::Sight const& sight) const {
    auto const managed = differs(item) ? lifecycle::Managed::differs : lifecycle::Managed::as_wanted;
    Advance advance{.change = change, .owner = lifecycle::owner_of(change, ours(item, entry), managed)};
    if (!sight.change) {
      advance.next.due = lifecycle::Ended();
      return advance;
    }
    advance.seen = *sight.change;
    advance.recalled = sight.recalled;
    state::Watch const* before = nullptr;
    if (entry != nullptr)
      if (auto const found = std::ranges::find(entry->watches, change.id.value, &state::Watch::change);
          found != entry->watches.end())
        before = &*found;
    auto const open = situation_.open_intents(item.name, state::WriteKind::answer);
    lifecycle::Seen seen =
        seen_of(sight, watched(sight, before, open, situation_.inputs().now), situation_.inputs().now);
    seen.differences = compared(situation_, item, sight);
    auto const& ends = situation_.inputs().live_ends;
    if (auto const end = ends.find(item.id); item.production && end != ends.end()) seen.live_expires = end->second;
    WallTime const now = sight.change->answered.value_or(situation_.inputs().now);
    advance.next = lifecycle::decide(seen, advance.owner, policy(situation_, item, entry, change.id.value), now);
    if (auto const* const info = std::get_if<cps::InputInfo>(&sight.info))
      advance.digest = lifecycle::answer_digest(*info);
    if (std::holds_alternative<lifecycle::Uploads>(advance.next.due) && sight.offer)
      advance.upload = sight.offer->upload;
    return advance;
  }

  Item item_of(Item const& of, lifecycle::Sight const& sight, Advance advance) const {
    Item item{.name = of.name,
              .wanted = Action::advance,
              .contract = of.contract,
              .account = of.account,
              .id = of.id,
              .common_name = of.common_name,
              .validation_type = of.validation_type,
              .production = of.production,
              .deployed = of.deployed,
              .desired = of.desired,
              .live = of.live};
    Told words = told(advance.next.due);
    item.reason = fmt::format("{}: {}", head(advance.change, advance.owner), words.reason);
    item.next = std::move(words.next);
    item.notes = std::move(words.notes);
    item.notes.insert(item.notes.end(), advance.next.notes.begin(), advance.next.notes.end());
    if (auto const* const info = std::get_if<cps::InputInfo>(&sight.info); info != nullptr && worth_showing(*info)) {
      auto lines = lifecycle::shown(*info);
      item.notes.insert(item.notes.end(), std::make_move_iterator(lines.begin()), std::make_move_iterator(lines.end()));
    }
    if (sight.offer) item.notes.insert(item.notes.end(), sight.offer->notes.begin(), sight.offer->notes.end());
    if (advance.recalled) item.recalled.emplace(advance.change.id.value, *advance.recalled);
    item.work = std::move(advance);
    return item;
  }

  Situation const& situation_;
  std::map<std::string, std::vector<Advance>>& looks_;
};

}  // namespace

lifecycle::Order order_of(std::vector<cps::Csr> csrs, cps::Live const& live, schema::Schema const& schema,
                          manifest::Lifecycle const& lifecycle, WallTime now) {
  lifecycle::Policy const policy{.lifecycle = lifecycle, .multi_stacked = is_dual_stack(*live.document, schema)};
  return {.csrs = std::move(csrs),
          .algorithms = lifecycle::wanted_algorithms(policy),
          .names = host_names(*live.document, schema),
          .now = now};
}

std::vector<std::string> staged_differences(cps::PendingDeployment const& pending, manifest::Desired const& desired,
                                            cps::Live const& live, schema::Schema const& schema) {
  json::Document const wanted = diff::update_body(*desired.enrollment, *live.document, schema);
  json::Value const* const network = network_of(*desired.enrollment, schema);
  json::Value const nothing(rapidjson::kObjectType);
  return lifecycle::differences(pending, host_names(wanted, schema), network == nullptr ? nothing : *network);
}

std::vector<Item> advances(Situation const& situation, std::vector<Item>& items,
                           std::map<std::string, std::vector<Advance>>& looks) {
  std::vector<Item> found;
  if (situation.inputs().sights.empty()) return found;
  Advances const of(situation, looks);
  for (Item& item : items) {
    // A new date moves nothing that the change waits for.
    bool const moves = item.writes() && !std::holds_alternative<Reschedule>(item.work);
    bool const looked_at = item.id != 0 && item.live.document && !item.live.pending.empty() && !moves;
    if (!looked_at) continue;
    if (auto one = of.of(item)) found.push_back(std::move(*one));
  }
  return found;
}

void take_over_changes(std::vector<Item>& items) {
  for (Item& item : items) {
    auto* const record = std::get_if<RecordOnly>(&item.work);
    if (record == nullptr || item.wanted != Action::adopt || !item.changes.empty() || item.live.pending.empty())
      continue;
    record->takes_over = ids_of(item.live.pending);
    item.notes.push_back(fmt::format("{} taken over with it: the manifest answers for {} from now on",
                                     named(item.live.pending) + (item.live.pending.size() == 1 ? " is" : " are"),
                                     item.live.pending.size() == 1 ? "it" : "them"));
  }
}

}  // namespace cpsctl::plan

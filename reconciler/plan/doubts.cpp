#include "plan/doubts.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace cpsctl::plan {
namespace {

using Kind = Fate::Kind;

bool knew(std::vector<std::int64_t> const& ids, std::int64_t id) {
  return std::ranges::count(ids, id) > 0;
}

Fate of_create(state::Record const& intent, state::Entry const& entry, Seen const& seen, WallTime ended) {
  Fate fate;
  auto const schema = schema::enrollment(entry.api_schema);
  if (!schema) return fate;
  json::Ref const sent = json::share(diff::create_body(*entry.last_applied, **schema));
  std::vector<cps::Live const*> equal;
  for (cps::Live const* live : seen.same_name) {
    if (knew(intent.known_ids, live->id.value) || seen.owned(live->id.value)) continue;
    // By the diff, not by equal bytes: CPS fills in and reorders.
    if (diff::compare_applied(sent, *live->document, **schema).changes.empty()) equal.push_back(live);
    fate.candidates.push_back(live);
  }
  if (equal.size() == 1) {
    fate.kind = Kind::done;
    fate.live = equal.front();
    return fate;
  }
  // With a 409 CPS says that it did not do it: what is there and differs is somebody else's. That it is there does not
  // tell that the list does not lag behind an earlier arrival of ours.
  bool const refused = !intent.reason.empty();
  if (!fate.candidates.empty() && (!refused || !equal.empty())) {
    fate.kind = Kind::ambiguous;
    return fate;
  }
  WallTime const trusted = ended + seen.settle;
  fate.until = trusted;
  if (seen.listed >= trusted)
    fate.kind = Kind::not_done;
  else
    fate.kind = fate.candidates.empty() ? Kind::open : Kind::not_shown;
  return fate;
}

/// An update or a delete of which nothing is seen: only time tells.
Fate by_time(Seen const& seen, WallTime ended) {
  if (seen.listed <= ended) return {.kind = Kind::open, .until = ended};
  WallTime const trusted = ended + seen.settle;
  return {.kind = seen.listed >= trusted ? Kind::not_done : Kind::not_shown, .until = trusted};
}

/// Does `live` show all that was sent, what it was to take away included?
bool shows(state::Entry const& sent, Seen const& seen) {
  auto const schema = schema::enrollment(sent.api_schema);
  if (!schema || !sent.last_applied) return false;
  json::Ref const target = diff::three_way(sent.last_applied, seen.last_applied, *seen.live->document, **schema).target;
  return diff::compare_applied(target, *seen.live->document, **schema).changes.empty();
}

Fate of_update(state::Record const& intent, Seen const& seen, WallTime ended) {
  if (seen.live == nullptr) return {.kind = Kind::not_done};  // whatever it did is gone with its enrollment
  if (intent.entry && shows(*intent.entry, seen)) return {.kind = Kind::done, .live = seen.live};
  return by_time(seen, ended);
}

/// May this change be a removal? These are known to be something else.
bool may_remove(cps::PendingChange const& change) {
  constexpr std::array<std::string_view, 3> others{"new-certificate", "modify-san", "renewal"};
  return std::ranges::count(others, change.type) == 0;
}

Fate of_delete(state::Record const& intent, Seen const& seen, WallTime ended) {
  if (seen.live == nullptr) return {.kind = Kind::done};
  Fate fate{.kind = Kind::open};
  for (cps::PendingChange const& change : seen.live->pending)
    if (!knew(intent.pending_changes, change.id.value) && may_remove(change)) fate.under_way.push_back(change.id.value);
  return fate.under_way.empty() ? by_time(seen, ended) : fate;
}

Fate of_cancel(state::Record const& intent, Seen const& seen, WallTime ended) {
  if (seen.live == nullptr) return {.kind = Kind::done};
  bool const there = std::ranges::any_of(
      seen.live->pending, [&](cps::PendingChange const& one) { return knew(intent.pending_changes, one.id.value); });
  return there ? by_time(seen, ended) : Fate{.kind = Kind::done};
}

/// Adds to `applied` what `sent` names and `live` shows.
class Shown {
 public:
  Shown(json::Value const& sent, json::Value const& live, schema::Schema const& schema, json::Pool& pool)
      : live_(live), differing_(diff::compare(sent, live, schema)), pool_(pool) {}

  void add(json::Value& applied, json::Value const& sent, std::string const& at = "") const {
    for (auto const& [key, value] : sent.GetObject()) {
      std::string_view const name = json::view(key);
      std::string const pointer = json::child(at, name);
      if (json::at(live_, pointer) == nullptr) continue;
      json::Value* const present = json::find(applied, name);
      if (value.IsObject()) {
        json::Value inner(rapidjson::kObjectType);
        json::Value& into = present != nullptr ? *present : inner;
        if (into.IsObject()) add(into, value, pointer);
        if (present == nullptr && !inner.ObjectEmpty()) json::set(applied, name, std::move(inner), pool_);
      } else if (present == nullptr && std::ranges::count(differing_, pointer, &diff::Change::pointer) == 0) {
        json::set(applied, name, json::Value(value, pool_), pool_);
      }
    }
  }

 private:
  json::Value const& live_;
  std::vector<diff::Change> differing_;
  json::Pool& pool_;
};

}  // namespace

Fate what_became_of(state::Record const& intent, Seen const& seen) {
  // An intent that cannot be read proves nothing and disproves nothing.
  auto const ended = parse_timestamp(intent.ends_by);
  if (!ended) return {};
  if (intent.step == state::WriteKind::create) {
    bool const readable = intent.entry && intent.entry->last_applied;
    return readable ? of_create(intent, *intent.entry, seen, *ended) : Fate();
  }
  // It was about an enrollment that the name does not mean any more.
  if (!intent.known_ids.empty() && !knew(intent.known_ids, seen.id)) return {.kind = Kind::not_done};
  switch (intent.step) {
    case state::WriteKind::create: break;  // above
    case state::WriteKind::update: return of_update(intent, seen, *ended);
    case state::WriteKind::delete_: return of_delete(intent, seen, *ended);
    case state::WriteKind::cancel: return of_cancel(intent, seen, *ended);
    case state::WriteKind::answer:    // the change tells that, not the list: watch.hpp
    case state::WriteKind::schedule:  // and that: schedule.hpp
      break;
  }
  return {};
}

Fate less_certain(Fate left, Fate right) {
  if (left.kind == Kind::done && right.kind == Kind::done && left.live != right.live) {
    left.kind = Kind::ambiguous;
    left.candidates = {left.live, right.live};
    return left;
  }
  auto const doubt = [](Fate const& fate) {
    switch (fate.kind) {
      case Kind::not_done: return 0;
      case Kind::done: return 1;
      case Kind::not_shown: return 2;
      case Kind::open: return fate.until ? 3 : 4;
      case Kind::ambiguous: return 5;
    }
    return 5;
  };
  if (doubt(left) != doubt(right)) return doubt(left) > doubt(right) ? left : right;
  return left.until >= right.until ? left : right;
}

json::Ref also_applied(json::Ref const& applied, json::Value const& sent, json::Value const& live,
                       schema::Schema const& schema) {
  if (!applied || !applied->IsObject() || !sent.IsObject() || !live.IsObject()) return applied;
  json::Document both = json::clone(*applied);
  Shown(sent, live, schema, both.GetAllocator()).add(both, sent);
  return json::share(both);
}

}  // namespace cpsctl::plan

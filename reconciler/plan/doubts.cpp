#include "plan/doubts.hpp"

#include <algorithm>

namespace cpsctl::plan {

Verdict judge_create(state::Record const& intent, cps::Listing const& listing, Index const& index,
                     std::function<bool(std::int64_t)> const& owned, Inputs const& inputs) {
  Verdict verdict;
  auto const ended = parse_timestamp(intent.ends_by);
  auto const& entry = intent.entry;
  // An intent that cannot be read proves nothing and disproves nothing.
  if (!ended || !entry || !entry->last_applied) return verdict;
  auto const schema = schema::enrollment(entry->api_schema);
  if (!schema) return verdict;
  json::Ref const sent = json::share(diff::create_body(*entry->last_applied, **schema));
  std::vector<cps::Live const*> candidates;
  for (cps::Live const* live : index.by_name(entry->common_name)) {
    bool const was_there = std::ranges::find(intent.known_ids, live->id.value) != intent.known_ids.end();
    if (was_there || owned(live->id.value)) continue;
    // By the diff, not by equal bytes: CPS fills in and reorders.
    if (diff::compare_applied(sent, *live->document, **schema).changes.empty()) candidates.push_back(live);
    verdict.candidates.push_back(live->id.value);
  }
  if (candidates.size() == 1) {
    verdict.kind = Verdict::Kind::proven;
    verdict.live = candidates.front();
    return verdict;
  }
  if (!verdict.candidates.empty()) {
    // With a 409 CPS says that it did not do it: what is there and differs is somebody else's.
    bool const refused = !intent.reason.empty();
    verdict.kind = refused && candidates.empty() ? Verdict::Kind::disproven : Verdict::Kind::ambiguous;
    return verdict;
  }
  WallTime const trusted = *ended + inputs.settle;
  verdict.kind = listing.begun >= trusted ? Verdict::Kind::disproven : Verdict::Kind::open;
  verdict.until = trusted;
  return verdict;
}

Verdict less_certain(Verdict left, Verdict right) {
  using Kind = Verdict::Kind;
  if (left.kind == Kind::proven && right.kind == Kind::proven && left.live != right.live) {
    left.kind = Kind::ambiguous;
    left.candidates.insert(left.candidates.end(), right.candidates.begin(), right.candidates.end());
    return left;
  }
  auto const doubt = [](Verdict const& verdict) {
    switch (verdict.kind) {
      case Kind::disproven: return 0;
      case Kind::proven: return 1;
      case Kind::open: return verdict.until ? 2 : 3;
      case Kind::ambiguous: return 4;
    }
    return 4;
  };
  if (doubt(left) != doubt(right)) return doubt(left) > doubt(right) ? left : right;
  return left.until >= right.until ? left : right;
}

}  // namespace cpsctl::plan

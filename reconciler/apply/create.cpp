#include "apply/executor.hpp"
#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

/// The executor's creates: one write, or two when a create cannot carry everything.
namespace cpsctl::apply {
namespace {

cps::CreateRequest request_for(plan::Item const& item, std::string body) {
  manifest::Desired const& desired = *item.desired;
  return {.subject = item.name,
          .account_key = item.account,
          .contract = item.contract,
          .api_schema = desired.api_schema,
          .body = std::move(body),
          .deploy_not_before = desired.deploy.not_before,
          .deploy_not_after = desired.deploy.not_after,
          .allow_duplicate_cn = desired.lifecycle.allow_duplicate_cn};
}

constexpr char const* conflict_hint =
    "CPS refuses a second certificate of a contract within five minutes of another, and a CN that exists already: "
    "look at cpsctl plan, wait five minutes and run apply again";

}  // namespace

http::Task<ItemResult> Executor::create(plan::Item const& item) {
  auto const schema = schema::enrollment(item.desired->api_schema);
  if (!schema) co_return failed(item, schema.error());
  std::string const body = json::compact(diff::create_body(*item.desired->enrollment, **schema));
  state::Entry entry = entry_for(item);
  entry.open_steps = diff::deferred_on_create(*item.desired->enrollment, **schema);

  // A doubt that the plan disproved is closed before the create is sent again.
  auto const settled = co_await ledger_.settle(item.name, item.settles, item.reason);
  if (!settled) co_return failed(item, settled.error());
  plan::Scope const scope = scope_of(item);
  // The second time its turn comes with an old list, no younger one can be had at this pace.
  for (bool const any_age : {false, true}) {
    auto const listed = co_await snapshots_.refresh(scope);
    if (!listed) co_return failed(item, listed.error());
    Attempt attempt{.intent = {.phase = state::Phase::intent,
                               .step = state::Step::create,
                               .name = item.name,
                               .digest = text::sha256_hex(body),
                               .entry = to_ref(entry)}};
    auto const& known_ids = item.known_ids;
    std::vector<std::int64_t> appeared;
    for (cps::Live const* live : snapshots_.by_name(scope, item.common_name)) {
      attempt.intent.known_ids.push_back(live->id.value);
      auto const is_it = [&](auto const& one) { return one.second.id == live->id.value; };
      bool const ours = std::ranges::any_of(store_.contents().entries, is_it);
      if (!ours && std::ranges::count(known_ids, live->id.value) == 0) appeared.push_back(live->id.value);
    }
    if (!appeared.empty()) {
      co_return failed(item, {.code = Errc::stale,
                              .message = fmt::format("somebody created {} with this common name since it was planned",
                                                     fmt::join(appeared, ", ")),
                              .next = "look at a new plan and apply that"});
    }
    cps::CreateRequest request = request_for(item, body);
    request.before_send = [this, scope, any_age, &attempt] { return before_send(scope, any_age, attempt); };
    auto const created = co_await writer_.create(std::move(request));
    if (!created && created.error().code == Errc::stale) continue;
    if (!created) {
      ItemResult result = co_await unsuccessful(item, attempt, created.error());
      if (created.error().code == Errc::conflict) result.next = conflict_hint;
      co_return result;
    }
    entry.id = created->enrollment.value;
    entry.changes = numbers(created->changes);
    ItemResult result = result_of(item, Outcome::done);
    result.id = entry.id;
    result.changes = entry.changes;
    auto const written = co_await ledger_.done(attempt, entry);
    if (!written) {
      result = failed(item, written.error());
      result.id = entry.id;
      co_return result;
    }
    if (entry.open_steps.empty()) co_return result;
    co_return co_await second_write(item, std::move(entry), std::move(result));
  }
  co_return failed(item, {.code = Errc::internal, .message = "a create was neither sent nor refused"});
}

/// What a create must not carry is put over the enrollment that CPS made of it (cps-api.md §3.3).
http::Task<ItemResult> Executor::second_write(plan::Item const& item, state::Entry entry, ItemResult result) {
  std::string const fields = json::dotted(json::common(entry.open_steps));
  auto const missing = [&](Error const& error) {
    if (error.code == Errc::unauthorized) unauthorized_ = true;
    ItemResult half = result;
    half.outcome = Outcome::failed;
    half.code = error.code;
    half.message =
        fmt::format("created as {}, but the second write ({}) is missing: {}", entry.id, fields, describe(error));
    half.next = error.next;
    return half;
  };
  cps::EnrollmentId const id{entry.id};
  auto const live = co_await writer_.get(item.account, id, item.desired->api_schema, item.name);
  if (!live) co_return missing(live.error());
  // Only our own first change may be cancelled for it; anybody else's is not ours to touch.
  bool const ours =
      live->pending.size() == 1 && entry.changes.size() == 1 && live->pending.front().id.value == entry.changes.front();
  if (!live->pending.empty() && !ours)
    co_return missing({.code = Errc::conflict,
                       .message = "another change is pending at CPS",
                       .next = "run apply again once it has ended"});

  Put second{.live = *live, .target = item.desired->enrollment, .entry = entry, .cancel_pending = ours};
  second.entry.open_steps.clear();
  second.entry.written = ledger_.now();
  Attempt attempt;
  auto const updated = co_await put(item, second, attempt);
  if (!updated) {
    ItemResult half = missing(updated.error());
    if (updated.error().reached != Reached::no) {
      half.outcome = Outcome::doubt;
      co_return half;
    }
    auto const written = co_await ledger_.refuse(attempt, describe(updated.error()));
    if (!written) co_return missing(written.error());
    co_return half;
  }
  if (!updated->changes.empty()) result.changes = numbers(updated->changes);
  second.entry.changes = result.changes;
  auto const written = co_await ledger_.done(attempt, second.entry);
  if (!written) co_return missing(written.error());
  co_return result;
}

}  // namespace cpsctl::apply

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

constexpr int most_readings = 3;  // of an enrollment, for the one write that completes it

bool too_old(Result<cps::EnrollmentStatus> const& status) {
  return !status && status.error().code == Errc::stale;
}

Error not_new(cps::EnrollmentId id) {
  return {.code = Errc::protocol,
          .message = fmt::format("POST /enrollments was answered with enrollment {}, which existed before", id.value),
          .next = "run again: cpsctl looks the enrollment up",
          .reached = Reached::unknown};
}

constexpr char const* conflict_hint =
    "CPS refuses a second certificate of a contract within five minutes of another, and a CN that exists already "
    "(maybe where this credential cannot see it): look at Akamai Control Center";

}  // namespace

http::Task<ItemResult> Executor::create(plan::Item const& item) {
  auto const schema = schema::enrollment(item.desired->api_schema);
  if (!schema) co_return failed(item, schema.error());
  std::string const body = diff::create_text(*item.desired->enrollment, **schema);
  state::Entry entry = entry_for(item);
  entry.open_steps = diff::deferred_on_create(*item.desired->enrollment, **schema);

  plan::Scope const scope = scope_of(item);
  std::vector<std::int64_t> doubts = item.closes.not_done;
  if (spacing_.holds(scope, journal_.wall())) co_return held_back(item);
  for (;;) {
    auto const listed = co_await snapshots_.refresh(scope);
    if (!listed) co_return not_begun(item, listed.error());
    WallTime const read = snapshots_.read(scope);
    Attempt attempt{.intent = {.phase = state::Phase::intent,
                               .step = state::Step::create,
                               .name = item.name,
                               .digest = text::sha256_hex(body),
                               .entry = std::make_shared<state::Entry const>(entry)}};
    auto const& known_ids = item.known_ids;
    std::vector<std::int64_t> appeared;
    for (cps::Live const* live : snapshots_.by_name(scope, item.common_name)) {
      attempt.intent.known_ids.push_back(live->id.value);
      if (!known_ids_.contains(live->id.value) && std::ranges::count(known_ids, live->id.value) == 0)
        appeared.push_back(live->id.value);
    }
    if (!appeared.empty()) {
      co_return failed(item, {.code = Errc::stale,
                              .message = fmt::format("somebody created {} with this common name since it was planned",
                                                     fmt::join(appeared, ", ")),
                              .next = "look at a new plan and apply that"});
    }
    cps::CreateRequest request = request_for(item, body);
    bool under_way = false;
    std::string const disproof = item.reason;
    request.before_send = [this, scope, read, disproof, &doubts, &attempt, &under_way] {
      return before_create(scope, read, {.doubts = doubts, .disproof = disproof}, attempt, under_way);
    };
    auto const entered = co_await enter();
    if (!entered) co_return not_begun(item, entered.error());
    auto created = co_await writer_.create(std::move(request));
    gate_.leave();
    if (created && existed(scope, read, created->enrollment.value)) created = not_new(created->enrollment);
    if (under_way) spacing_.end(scope, journal_.wall(), created || created.error().reached != Reached::no);
    if (!created && created.error().code == Errc::stale) {
      if (spacing_.holds(scope, journal_.wall())) co_return held_back(item);
      continue;
    }
    if (!created) co_return co_await not_created(item, attempt, created.error());
    entry.id = created->enrollment.value;
    known_ids_.insert(entry.id);
    entry.changes = numbers(created->changes);
    ItemResult result = result_of(item, Outcome::done);
    result.id = entry.id;
    result.changes = entry.changes;
    auto const written = co_await journal_.done(attempt, entry.id, entry.changes);
    if (!written) {
      result = failed(item, unrecorded("created", written.error()));
      result.id = entry.id;
      co_return result;
    }
    if (entry.open_steps.empty()) co_return result;
    co_return co_await second_write(item, std::move(entry), std::move(result));
  }
}

/// What existed before a create was sent is not what it made.
bool Executor::existed(plan::Scope const& scope, WallTime read, std::int64_t id) const {
  if (known_ids_.contains(id)) return true;
  return snapshots_.read(scope) == read && snapshots_.by_id(scope, id) != nullptr;
}

http::Task<Result<>> Executor::before_create(plan::Scope const& scope, WallTime read, Disproven before,
                                             Attempt& attempt, bool& under_way) {
  // An attempt before this one met a 429: CPS did not take it, and what came meanwhile may have been answered with 409.
  if (std::exchange(under_way, false)) spacing_.end(scope, journal_.wall(), false);
  if (spacing_.holds(scope, journal_.wall()))
    co_return co_await give_way(attempt, "CPS takes one create of the contract at a time");
  // Its place is taken before the journal is waited for: others come meanwhile.
  spacing_.begin(scope);
  // A doubt that the plan disproved is closed only now that the create is sent again: one that is held back stays what
  // it was, also for the next run.
  std::vector<std::int64_t> closing = std::exchange(before.doubts, {});
  auto const settled = co_await journal_.settle(attempt.intent.name, std::move(closing), before.disproof);
  auto begun = settled;
  if (begun) begun = co_await before_send(scope, read, attempt);
  under_way = begun.has_value();
  if (!under_way) spacing_.end(scope, journal_.wall(), false);
  co_return begun;
}

/// A 409 does not tell whether CPS takes the create later or never, nor whether an earlier arrival of the same request
/// was taken: the list does. The intent stays open until then (cps-api.md §9: slugs are uncertain).
http::Task<ItemResult> Executor::not_created(plan::Item const& item, Attempt& attempt, Error error) {
  bool const counts = error.code == Errc::conflict && attempt.sequence != 0;
  if (!counts) {
    auto result = co_await unsuccessful(item, attempt, std::move(error));
    co_return result;
  }
  plan::Scope const scope = scope_of(item);
  spacing_.conflict(scope, journal_.wall());
  ItemResult result = failed(item, error);
  auto const written = co_await journal_.conflict(attempt, describe(error));
  if (!written) co_return failed(item, written.error());
  if (++refusals_[item.name] >= most_refusals) {
    result.next = conflict_hint;
    co_return result;
  }
  result.outcome = Outcome::waiting;
  result.again = journal_.wall() + look_again_;
  result.message += "; CPS's list will tell whether it exists already, or has to be sent again";
  result.next = "run cpsctl apply again in five minutes";
  co_return result;
}

ItemResult Executor::held_back(plan::Item const& item) {
  Spacing::Place const place = spacing_.join(scope_of(item), journal_.wall());
  ItemResult result = result_of(item, Outcome::waiting);
  result.again = place.next;
  result.expected = place.expected;
  result.message = fmt::format(
      "not sent yet: after a 409 the creates of contract {} go one at a time; number {} in line, expected about {}",
      item.contract, place.in_line, timestamp(place.expected));
  result.next = "run cpsctl apply again; it goes on one by one";
  return result;
}

/// What a create must not carry is put over the enrollment that CPS made of it (cps-api.md §3.3).
http::Task<ItemResult> Executor::second_write(plan::Item const& item, state::Entry entry, ItemResult result) {
  std::string const fields = json::dotted(json::common(entry.open_steps));
  auto const missing = [&](Outcome outcome, Error const& error) {
    if (error.code == Errc::unauthorized) unauthorized_ = true;
    ItemResult half = result;
    half.outcome = outcome;
    half.code = error.code;
    half.message =
        fmt::format("created as {}, but the second write ({}) is missing: {}", entry.id, fields, describe(error));
    half.next = error.next.empty() ? "run cpsctl apply again" : error.next;
    return half;
  };
  Put second{.target = item.desired->enrollment, .entry = entry};
  second.entry.open_steps.clear();
  second.entry.written = journal_.now();
  Attempt attempt;
  std::optional<Result<cps::EnrollmentStatus>> updated;
  for (int tries = 0; tries < most_readings && (!updated || too_old(*updated)); ++tries) {
    cps::EnrollmentId const id{entry.id};
    auto const live = co_await writer_.get(item.account, id, item.api_schema, item.name);
    if (!live) co_return missing(without_turn(live.error()) ? Outcome::waiting : Outcome::failed, live.error());
    // Only our own first change may be cancelled for it; anybody else's is not ours to touch.
    bool const ours = live->pending.size() == 1 && entry.changes.size() == 1 &&
                      live->pending.front().id.value == entry.changes.front();
    if (!live->pending.empty() && !ours)
      co_return missing(Outcome::waiting, {.code = Errc::conflict,
                                           .message = "another change is pending at CPS",
                                           .next = "run cpsctl apply again once it has ended"});
    second.live = *live;
    second.read = live->begun;
    second.cancel_pending = ours;
    updated = co_await put(item, second, attempt);
  }
  if (!*updated) {
    Error const& error = updated->error();
    if (error.reached != Reached::no) {
      ItemResult doubt = missing(Outcome::doubt, error);
      doubt.message = fmt::format("created as {}; whether its second write ({}) was done is in doubt: {}", entry.id,
                                  fields, describe(error));
      co_return co_await in_doubt(item, attempt, error, std::move(doubt));
    }
    auto const written = co_await journal_.refuse(attempt, describe(error));
    if (!written) co_return missing(Outcome::failed, written.error());
    bool const waits = too_old(*updated) || without_turn(error);
    ItemResult half = missing(waits ? Outcome::waiting : Outcome::failed, error);
    co_return error.code == Errc::conflict ? in_the_way(item, std::move(half)) : half;
  }
  if (!(*updated)->changes.empty()) result.changes = numbers((*updated)->changes);
  auto const written = co_await journal_.done(attempt, entry.id, result.changes);
  if (!written) co_return failed(item, unrecorded("created, and its second write done", written.error()));
  co_return result;
}

}  // namespace cpsctl::apply

#include "apply/executor.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cpsctl::apply {
namespace {

constexpr int most_doubts = 5;  // of one enrollment in one run: then a later run goes on

Outcome outcome_of(plan::Held const& held) {
  switch (held.why) {
    case plan::Held::Why::blocked:
    case plan::Held::Why::consent: return Outcome::blocked;
    case plan::Held::Why::waits: return Outcome::waiting;
    case plan::Held::Why::moved: return Outcome::stale;
  }
  return Outcome::blocked;
}

/// What is held, and a removal that is under way: nothing is sent.
ItemResult nothing_to_do(plan::Item const& item) {
  ItemResult result = result_of(item, Outcome::done);
  result.message = item.reason;
  result.next = item.next;
  if (item.held() != nullptr) result.outcome = outcome_of(*item.held());
  if (auto const* const under_way = std::get_if<plan::UnderWay>(&item.work)) {
    result.outcome = Outcome::under_way;
    result.changes = under_way->changes;
  }
  return result;
}

}  // namespace

ItemResult result_of(plan::Item const& item, Outcome outcome) {
  return {.name = item.name, .action = item.action(), .outcome = outcome, .id = item.id};
}

std::vector<std::int64_t> numbers(std::vector<cps::ChangeId> const& changes) {
  std::vector<std::int64_t> ids;
  std::ranges::transform(changes, std::back_inserter(ids), &cps::ChangeId::value);
  return ids;
}

plan::Scope scope_of(plan::Item const& item) {
  return {item.account, item.contract};
}

bool without_turn(Error const& error) {
  return error.code == Errc::cancelled || error.code == Errc::timeout;
}

Error unrecorded(std::string_view done, Error error) {
  error.message = fmt::format("{}, but that could not be recorded: {}", done, error.message);
  if (error.next.empty()) error.next = "fix that and run cpsctl apply again: what CPS did is found again";
  return error;
}

http::Task<ItemResult> Executor::carry_out(plan::Item const& item) {
  if (item.records()) co_return co_await record(item);
  if (std::holds_alternative<plan::Create>(item.work)) co_return co_await create(item);
  if (std::holds_alternative<plan::Update>(item.work)) co_return co_await update(item);
  if (std::holds_alternative<plan::Remove>(item.work)) co_return co_await remove(item);
  co_return nothing_to_do(item);
}

int Executor::refusals(std::string const& name) const {
  auto const found = refusals_.find(name);
  int const before = refused_before_.contains(name) ? 1 : 0;
  return found == refusals_.end() ? before : before + found->second;
}

http::Task<ItemResult> Executor::record(plan::Item const& item) {
  known_ids_.insert(item.id);
  // What is known goes down before the doubts about it: after a crash between the two the next plan closes them, while
  // a closed doubt without its entry would be an enrollment that nobody knows.
  Result<> written;
  auto const* const learned = std::get_if<plan::Record>(&item.work);
  if (learned == nullptr) {
    std::vector<std::int64_t> const& over = item.closes.not_done;
    written = co_await journal_.drop(item.name, over.empty() ? 0 : over.front());
  } else if (item.wanted == plan::Action::adopt && item.closes.done != 0) {
    written = co_await journal_.prove(item.name, item.closes.done, state::Step::create, item.id);
  } else {
    state::Entry entry = entry_for(item);
    entry.open_steps = learned->open_steps;
    // Found again in a state that is rebuilt: nobody knows what was applied to it.
    if (!item.changes.empty()) entry.last_applied = nullptr;
    if (state::Entry const* const before = known(item.name); before != nullptr && before->id == item.id) {
      entry.written = before->written;
      entry.changes = before->changes;
    }
    written = co_await journal_.keep(std::move(entry), item.name, item.closes.done);
  }
  std::vector<std::int64_t> closing = item.closes.not_done;
  if (written) written = co_await journal_.settle(item.name, std::move(closing), item.reason);
  co_return written ? result_of(item, Outcome::done) : failed(item, written.error());
}

state::Entry const* Executor::known(std::string const& name) const {
  auto const entry = store_.contents().entries.find(name);
  return entry == store_.contents().entries.end() ? nullptr : &entry->second;
}

state::Entry Executor::entry_for(plan::Item const& item) const {
  manifest::Desired const& desired = *item.desired;
  return {.name = item.name,
          .account = item.account,
          .contract = item.contract,
          .id = item.id,
          .source = desired.source,
          .api_schema = desired.api_schema,
          .common_name = item.common_name,
          .last_applied = desired.enrollment,
          .lifecycle = fields::shared(desired.lifecycle),
          .labels = desired.labels,
          .written = journal_.now()};
}

ItemResult Executor::failed(plan::Item const& item, Error const& error) {
  if (error.code == Errc::unauthorized) unauthorized_ = true;
  ItemResult result = result_of(item, error.code == Errc::stale ? Outcome::stale : Outcome::failed);
  result.message = describe(error);
  result.next = error.next;
  result.code = error.code;
  return result;
}

ItemResult Executor::not_begun(plan::Item const& item, Error const& error) {
  ItemResult result = failed(item, error);
  bool const limit = error.code == Errc::rate_limited && error.reached == Reached::no;
  result.outcome = limit ? Outcome::waiting : Outcome::skipped;
  result.message = "not sent: " + result.message;
  if (result.next.empty()) result.next = "run cpsctl apply again";
  return result;
}

http::Task<ItemResult> Executor::unsuccessful(plan::Item const& item, Attempt& attempt, Error error) {
  ItemResult result = failed(item, error);
  if (error.reached != Reached::no) {
    result.message += "; CPS may have done it";
    co_return co_await in_doubt(item, attempt, std::move(error), std::move(result));
  }
  auto const written = co_await journal_.refuse(attempt, describe(error));
  if (!written) co_return failed(item, written.error());
  // An attempt before may have met the request limit; nothing was done by any of them.
  if (without_turn(error)) co_return not_begun(item, error);
  co_return error.code == Errc::conflict ? in_the_way(item, std::move(result)) : result;
}

http::Task<ItemResult> Executor::in_doubt(plan::Item const& item, Attempt& attempt, Error error, ItemResult result) {
  // What may have happened is never sent again unproven. From now on the list can tell.
  auto const noted = co_await journal_.lose(attempt, describe(error));
  if (!noted) co_return failed(item, noted.error());
  result.outcome = Outcome::doubt;
  if (++doubts_[item.name] < most_doubts) result.again = journal_.wall() + look_again_;
  result.next = "run cpsctl apply again in a few minutes: the doubt is resolved from CPS's list";
  co_return result;
}

ItemResult Executor::in_the_way(plan::Item const& item, ItemResult result) {
  result.next =
      fmt::format("look at it with cpsctl status {}, and run cpsctl apply again once nothing is pending", item.name);
  if (++refusals_[item.name] >= most_refusals) return result;
  result.outcome = Outcome::waiting;
  result.again = journal_.wall() + look_again_;
  result.message += "; it is looked at again";
  return result;
}

http::Task<Result<>> Executor::enter() {
  co_await gate_.enter();
  if (!stopped_()) co_return Result<>();
  gate_.leave();
  co_return Error{.code = Errc::cancelled, .message = "the run ended before its turn"};
}

http::Task<Result<>> Executor::give_way(Attempt& attempt, char const* why) {
  // An attempt before this one met a 429, which proves that nothing happened.
  auto const closed = co_await journal_.refuse(attempt, "CPS's request limit");
  if (!closed) co_return closed.error();
  co_return Error{.code = Errc::stale, .message = why};
}

http::Task<Result<>> Executor::before_send(plan::Scope const& scope, WallTime read, Attempt& attempt) {
  if (!snapshots_.young(read))
    co_return co_await give_way(attempt, "what it is based on grew old while it waited for its turn");
  snapshots_.used(scope);
  co_return co_await journal_.begin(attempt);
}

namespace {

/// Lists lag: only the enrollment itself can say that it is gone, that a write in doubt was not done, or what is
/// pending before the second write of a create, or before a write that gives changes up.
bool list_is_enough(plan::Item const& item) {
  if (item.closes.done != 0 || !item.closes.not_done.empty()) return false;
  plan::GivenUp const* const given_up = plan::gives_up(item);
  if (given_up != nullptr && !(given_up->by_id.empty() && given_up->by_write.empty())) return false;
  auto const* const update = std::get_if<plan::Update>(&item.work);
  return update == nullptr || !update->completes;
}

}  // namespace

http::Task<Result<cps::Live>> Executor::unmoved(plan::Item const& item) {
  plan::Scope const scope = scope_of(item);
  cps::Live now;
  cps::Live const* const live = snapshots_.by_id(scope, item.id);
  if (live != nullptr && list_is_enough(item)) {
    now = *live;
  } else {
    cps::EnrollmentId const id{item.id};
    auto got = co_await writer_.get(item.account, id, item.api_schema, item.name);
    if (!got && got.error().code != Errc::not_found) co_return got.error();
    if (got) now = std::move(*got);
  }
  if (now.document && plan::same_live(now, item.live)) co_return now;
  co_return Error{.code = now.document ? Errc::stale : Errc::not_found,
                  .message = fmt::format("enrollment {} {}", item.id,
                                         now.document ? "has changed since it was planned on" : "is gone"),
                  .next = "look at a new plan and apply that"};
}

http::Task<Result<cps::EnrollmentStatus>> Executor::put(plan::Item const& item, Put put, Attempt& attempt) {
  manifest::Desired const& desired = *item.desired;
  // In the version of what it is laid over, or a member that the manifest's version does not know would be lost.
  auto const schema = schema::enrollment(put.live.api_schema);
  if (!schema) co_return schema.error();
  std::string const body = json::compact(diff::update_body(*put.target, *put.live.document, **schema));
  attempt.intent = {.phase = state::Phase::intent,
                    .step = state::Step::update,
                    .name = item.name,
                    .digest = text::sha256_hex(body),
                    .known_ids = {put.entry.id},
                    .entry = std::make_shared<state::Entry const>(put.entry)};
  for (cps::PendingChange const& pending : put.live.pending) attempt.intent.pending_changes.push_back(pending.id.value);
  cps::UpdateRequest request{.subject = item.name,
                             .account_key = item.account,
                             .id = {put.entry.id},
                             .api_schema = put.live.api_schema,
                             .body = body,
                             .allow_cancel_pending_changes = put.cancel_pending,
                             .override_renewal_window = put.override_renewal_window};
  // A window belongs to the certificate that a change brings (cps-api.md §4.7).
  if (plan::issues_certificate(item.changes)) {
    request.deploy_not_before = desired.deploy.not_before;
    request.deploy_not_after = desired.deploy.not_after;
  }
  plan::Scope const scope = scope_of(item);
  WallTime const read = put.read;
  request.before_send = [this, scope, read, &attempt] { return before_send(scope, read, attempt); };
  auto const entered = co_await enter();
  if (!entered) co_return entered.error();
  auto status = co_await writer_.update(std::move(request));
  gate_.leave();
  co_return status;
}

}  // namespace cpsctl::apply
